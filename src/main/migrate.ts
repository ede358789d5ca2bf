import type { CliIo } from '../cli/io.ts'
export async function migrateCommand(_args: readonly string[], io: CliIo): Promise<number> {
  io.stderr.write('x')
  return 1
}
