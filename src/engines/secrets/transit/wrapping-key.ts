/** The mount's RSA key under which keys are imported: made when it is first asked for. */
import { pkcs8, type Pkcs8 } from '../../../lib/secure/openssl-heap.ts'
import type { WriteView } from '#framework'
import { generateMaterial } from './crypto/generate.ts'
import { transitErrors } from './errors.ts'
import type { KeyVersion } from './key.ts'
import { keyTypeOf } from './key-types.ts'
import { wrappingKey } from './store.ts'
import { versionOf } from './versions.ts'

/** Takes a second or more. */
export async function newWrappingKey(now: number): Promise<KeyVersion> {
  const type = keyTypeOf('rsa-4096')
  if (type === undefined) throw new Error('no such key type')
  return versionOf({ type, convergent: false }, await generateMaterial(type, 0), now)
}

/** The key that is stored, which is `fresh` where there was none. */
export async function settledWrappingKey(view: WriteView, fresh: KeyVersion | undefined): Promise<KeyVersion> {
  const stored = await wrappingKey.get(view)
  if (stored !== undefined) return stored
  if (fresh === undefined) throw transitErrors.REPLACED()
  wrappingKey.put(view, fresh)
  return fresh
}

/** As bytes: it is used once a request at most, and would be as large as keys are. */
export function privateKeyOf({ secret }: KeyVersion): Pkcs8 {
  if (secret === undefined) throw transitErrors.DAMAGED()
  return pkcs8(secret)
}
