/** Public PGP keys from files, in base64 as the API takes them. */
import { readFileSync } from 'node:fs'
import { reasonOf, usageFailure } from '../../failure.ts'

/** `list` is a flag's value: paths separated by commas, each perhaps with an @ in front. Throws `CliFailure`. */
export function readPgpKeys(flagName: string, list: string): readonly string[] {
  if (list === '') return []
  return list.split(',').map((each) => {
    const path = each.trim().replace(/^@/, '')
    if (path === '') throw usageFailure(`-${flagName}: a path between two commas is empty`)
    if (path.startsWith('keybase:')) {
      throw usageFailure(`-${flagName}: ${path} is not looked up: save the public key in a file and give its path`)
    }
    return base64Key(readKeyFile(flagName, path))
  })
}

function readKeyFile(flagName: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw usageFailure(`-${flagName}: ${reasonOf(error)}`)
  }
}

/** Armoured (RFC 9580, section 6.2), binary, or base64 already. */
export function base64Key(content: Buffer): string {
  const text = content.toString('latin1').trim()
  const armour =
    /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\r\n]+: [^\r\n]*\r?\n)*\r?\n([A-Za-z0-9+/=\s]+?)(?:\r?\n=[A-Za-z0-9+/]{4})?\r?\n-----END PGP/.exec(
      text,
    )
  if (armour !== null) return (armour[1] ?? '').replace(/\s/g, '')
  const compact = text.replace(/\s/g, '')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(compact) && compact.length % 4 === 0 ? compact : content.toString('base64')
}
