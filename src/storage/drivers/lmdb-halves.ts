/**
 * An environment has room for two stores, of which one counts. A key of the first is its UTF-8 bytes; in the second a byte stands before
 * them that no UTF-8 begins with. Which one counts is an entry of its own, so that every read transaction says so of what it shows.
 */
import type { Database, LmdbKey, ReadTransaction } from './lmdb-environment.ts'

export type Half = 0 | 1

/** Before the keys of the second half. */
export const SECOND = 0xfe
const HALF_KEY: Uint8Array = Uint8Array.of(0xff, 0x03)

export const otherThan = (half: Half): Half => (half === 0 ? 1 : 0)

/** The half that counts, in the newest state or in that of a read transaction. */
export function halfIn(db: Database, transaction?: ReadTransaction): Half {
  const stored = db.get(HALF_KEY, transaction === undefined ? {} : { transaction })
  return stored?.[0] === 1 ? 1 : 0
}

/** To be called inside a write. */
export function putHalf(db: Database, half: Half): void {
  void db.put(HALF_KEY, Uint8Array.of(half))
}

/** A key of the program, or the beginning of one, as it stands in a half. */
export function keyIn(half: Half, key: string | Uint8Array): LmdbKey {
  if (half === 0) return key
  const bytes = Buffer.allocUnsafe(1 + (typeof key === 'string' ? Buffer.byteLength(key) : key.length))
  bytes[0] = SECOND
  if (typeof key === 'string') bytes.write(key, 1, 'utf8')
  else bytes.set(key, 1)
  return bytes
}

/** From the first possible key of a half to the first that is beyond all of its. */
export function boundsOf(half: Half): { readonly start: Uint8Array; readonly end: Uint8Array } {
  return half === 0
    ? { start: Uint8Array.of(0), end: Uint8Array.of(SECOND) }
    : { start: Uint8Array.of(SECOND), end: Uint8Array.of(SECOND + 1) }
}
