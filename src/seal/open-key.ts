import { sealErrors } from '../errors/seal.ts'
import { guardedBytes, type SecretBytes, withScratch } from '../lib/secure/guarded.ts'
import { KEY_BYTES, openEnvelope, plaintextLength } from './envelope.ts'

/** A key that `sealEnvelope` encrypted, in guarded memory. Throws `SEAL_WRONG_KEY` or `SEAL_CORRUPT`. */
export function openKey(key: Uint8Array, envelope: Uint8Array, storageKey: string): SecretBytes {
  if (plaintextLength(envelope) !== KEY_BYTES) throw sealErrors.CORRUPT({ what: `entry ${storageKey}` })
  return withScratch(KEY_BYTES, (scratch) => {
    try {
      openEnvelope(key, storageKey, envelope, scratch)
    } catch (error) {
      throw sealErrors.WRONG_KEY(undefined, { cause: error })
    }
    const opened = guardedBytes(KEY_BYTES)
    opened.change((bytes) => bytes.set(scratch))
    return opened
  })
}
