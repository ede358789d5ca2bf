/** The seal whose key the operators hold in shares. It has the key only while the root key is wrapped or unwrapped. */
import { sealErrors } from '../errors/seal.ts'
import type { SecretBytes } from '../lib/secure/guarded.ts'
import { KEY_BYTES, sealEnvelope } from './envelope.ts'
import { openKey } from './open-key.ts'
import type { Seal } from './seal.ts'

/** The operators' key is not part of a keyring. */
const NO_TERM = 0

export class ShamirSeal implements Seal {
  static readonly type = 'shamir'
  readonly type = ShamirSeal.type
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

  async wrap(key: SecretBytes, storageKey: string): Promise<Uint8Array> {
    return sealEnvelope(this.#provided().bytes, NO_TERM, storageKey, key.bytes)
  }

  async unwrap(wrapped: Uint8Array, storageKey: string): Promise<SecretBytes> {
    return openKey(this.#provided().bytes, wrapped, storageKey)
  }

  #provided(): SecretBytes {
    if (this.#key === undefined) throw new Error('the seal has no key')
    return this.#key
  }
}
