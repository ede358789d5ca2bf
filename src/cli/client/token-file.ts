/** The token that `login` keeps between commands: ~/.vault-token, which Vault's own command line uses too. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

export function tokenFile(home: string, override: string | undefined): string {
  return override ?? `${home}/.vault-token`
}

/** Empty if there is none. */
export function readTokenFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

/** Whole or not at all, readable by its owner alone whatever stood there before. */
export async function writeTokenFile(path: string, token: string): Promise<void> {
  const { randomBytes } = await import('node:crypto')
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    // `wx` refuses a file or link that somebody put there in advance.
    writeFileSync(temporary, token, { flag: 'wx', mode: 0o600 })
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}
