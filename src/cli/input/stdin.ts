import type { CliInput } from '../io.ts'

/** All of stdin, decoded as UTF-8. */
export async function readAll(stdin: CliInput): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stdin) parts.push(typeof part === 'string' ? Buffer.from(part) : part)
  return Buffer.concat(parts).toString('utf8')
}
