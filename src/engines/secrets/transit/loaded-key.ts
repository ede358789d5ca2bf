/** A key as those who work with it hold it: parsed once, with what its versions need to work prepared on first use. */
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import type { ReadView } from '#framework'
import { ed25519Pair } from '../../../lib/secure/ed25519.ts'
import { KeptKey, type PrivateKey } from '../../../lib/secure/openssl-heap.ts'
import { hkdfExpand, hkdfExtract, counterMode } from './crypto/derive.ts'
import { seedOf } from './crypto/ed25519.ts'
import { transitErrors } from './errors.ts'
import { isVisible, type Key, type KeyVersion } from './key.ts'
import { isPostQuantum } from './key-types.ts'
import { keyVersions } from './store.ts'

/** Of versions kept for each key. A key that has more is used through its newest ones. */
const MOST_VERSIONS = 64

export class LoadedVersion {
  readonly number: number
  readonly key: Key
  readonly stored: KeyVersion
  #secret: KeyObject | undefined
  #private: KeptKey | undefined
  #pair: Buffer | undefined
  #public: KeyObject | undefined
  #hmac: KeyObject | undefined
  #extracted: KeyObject | undefined

  constructor(key: Key, number: number, stored: KeyVersion) {
    this.key = key
    this.number = number
    this.stored = stored
  }

  /** A symmetric key's bytes; what others are derived from. */
  get bytes(): Uint8Array {
    const { secret } = this.stored
    if (secret === undefined) throw transitErrors.DAMAGED()
    return secret
  }

  get secret(): KeyObject {
    return (this.#secret ??= createSecretKey(this.bytes))
  }

  /** Parsed only as long as there is room. Undefined where only the public key was imported. Not for Ed25519. */
  get privateKey(): PrivateKey | undefined {
    const { secret } = this.stored
    if (secret === undefined) return undefined
    return (this.#private ??= new KeptKey(secret, !isPostQuantum(this.key.type))).key
  }

  /** Of Ed25519, as `ed25519Sign` takes it. Undefined where only the public key was imported. */
  get edwardsPair(): Buffer | undefined {
    const { secret } = this.stored
    if (secret === undefined) return undefined
    return (this.#pair ??= ed25519Pair(seedOf(secret)))
  }

  get publicKey(): KeyObject {
    const { publicKey } = this.stored
    if (publicKey === undefined) throw transitErrors.DAMAGED()
    return (this.#public ??= createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }))
  }

  /** Throws `TRANSIT_NO_HMAC_KEY`. */
  get hmacKey(): KeyObject {
    const bytes = this.key.type.family === 'hmac' ? this.stored.secret : this.stored.hmacKey
    if (bytes === undefined) throw transitErrors.NO_HMAC_KEY()
    return (this.#hmac ??= createSecretKey(bytes))
  }

  /** Throws `TRANSIT_NO_CONTEXT`. */
  derive(context: Uint8Array, bytes: number): Buffer {
    if (context.length === 0) throw transitErrors.NO_CONTEXT()
    if (this.key.kdf === 'counter') return counterMode(this.secret, context)
    this.#extracted ??= hkdfExtract(this.bytes)
    return hkdfExpand(this.#extracted, context, bytes)
  }
}

export class LoadedKey {
  readonly key: Key
  readonly #versions = new Map<number, LoadedVersion>()

  constructor(key: Key) {
    this.key = key
  }

  /** `view` shows the record that this key was loaded from. Throws `TRANSIT_NO_SUCH_VERSION`. */
  async version(view: ReadView, number: number): Promise<LoadedVersion> {
    if (!isVisible(this.key, number)) throw transitErrors.NO_SUCH_VERSION()
    const held = this.#versions.get(number)
    if (held !== undefined) return held
    const loaded = new LoadedVersion(this.key, number, await keyVersions.require(view, this.key.name, number))
    const [oldest] = this.#versions.keys()
    if (oldest !== undefined && this.#versions.size >= MOST_VERSIONS) this.#versions.delete(oldest)
    this.#versions.set(number, loaded)
    return loaded
  }
}
