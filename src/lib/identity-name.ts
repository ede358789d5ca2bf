/** One form for the names of entities, groups and aliases, used wherever they are looked up or compared; shown they are as written. */
import { createHash } from 'node:crypto'
import { hasControl } from './path.ts'

/** Bytes of a name in its stored form. */
const MAX_NAME = 512

/** Without regard to case, composition and blanks around: `BOB `, `bob` and `Bob` are the same. */
export function foldIdentityName(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
}

/** Why nothing can have this name; undefined if something can. */
export function identityNameProblem(name: string): string | undefined {
  if (hasControl(name) || !name.isWellFormed()) return 'names take no control characters'
  if (foldIdentityName(name) === '') return 'a name cannot be blank'
  return Buffer.byteLength(storedName(name)) > MAX_NAME ? `names take at most ${MAX_NAME} bytes` : undefined
}

/** The folded name as one segment of a storage key, in the order of the names. */
export function storedName(name: string): string {
  return foldIdentityName(name).replace(/[%/]/g, (one) => (one === '/' ? '%2f' : '%25'))
}

/** The folded name of an alias, of whatever length and characters, as one segment of a storage key. */
export function aliasKey(name: string): string {
  return createHash('sha256').update(foldIdentityName(name)).digest('base64url')
}
