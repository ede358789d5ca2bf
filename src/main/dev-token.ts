import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CliIo } from '../cli/io.ts'

/** As Vault's development server does: the next command on this machine is logged in. */
export function storeDevToken(io: CliIo, token: string): void {
  const file = join(io.home, '.vault-token')
  try {
    writeFileSync(`${file}.new`, token, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  } catch {
    io.stderr.write(`The root token could not be written to ${file}; set VAULT_TOKEN instead.\n`)
  }
}
