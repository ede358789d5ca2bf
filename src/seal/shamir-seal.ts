/** The seal whose key the operators hold in shares. It has the key only while the root key is wrapped or unwrapped. */
import { sealErrors } from '../errors/seal.ts'
import { type SecretBytes, guardedBytes, withScratch } from '../lib/secure/guarded.ts'
import { KEY_BYTES, openEnvelope, plaintextLength, sealEnvelope } from './envelope.ts'
import type { Seal } from './seal.ts'
import { ROOT_KEY_KEY } from './storage-keys.ts'

/** The operators' key is not part of a keyring. */
const NO_TERM = 0

export class ShamirSeal implements Seal {
  readonly type = 'shamir'
  readonly autoUnseal = false
  #key: SecretBytes | undefined

  /** Takes the combined shares over until `forget`. Throws `SEAL_INVALID_KEY` for what cannot be a key. */
  provide(key: SecretBytes): void {
    this.forget()
    if (key.bytes.length !== KEY_BYTES) {
      const reason = `failed to setup unseal key: invalid key size ${key.bytes.length}`
      key.wipe()
      throw sealErrors.INVALID_KEY({ reason })
    }
    this.#key = key
  }

  forget(): void {
    this.#key?.wipe()
    this.#key = undefined
  }

  async wrap(rootKey: SecretBytes): Promise<Uint8Array> {
    return sealEnvelope(this.#provided().bytes, NO_TERM, ROOT_KEY_KEY, rootKey.bytes)
  }

  async unwrap(wrapped: Uint8Array): Promise<SecretBytes> {
    const key = this.#provided()
    if (plaintextLength(wrapped) !== KEY_BYTES) throw sealErrors.CORRUPT({ what: 'root key' })
    return withScratch(KEY_BYTES, (scratch) => {
      try {
        openEnvelope(key.bytes, ROOT_KEY_KEY, wrapped, scratch)
      } catch (error) {
        throw sealErrors.WRONG_KEY(undefined, { cause: error })
      }
      const rootKey = guardedBytes(KEY_BYTES)
      rootKey.change((bytes) => bytes.set(scratch))
      return rootKey
    })
  }

  #provided(): SecretBytes {
    if (this.#key === undefined) throw new Error('the seal has no key')
    return this.#key
  }
}
