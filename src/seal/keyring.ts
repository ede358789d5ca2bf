/**
 * The keys that encrypt the storage, by term. The newest encrypts; the others stay, to decrypt what they encrypted. Immutable but
 * for `wipe`. Key bytes are only ever in guarded memory: the serialised form is binary, so that no key passes through a string.
 *
 *     version (1) | enabled (1) | max operations (8) | interval (8) | number of terms (4)
 *     then for each term, oldest first: term (4) | install time, ms (8) | operations (8) | key (32)
 */
import { guardedBytes, randomSecret, type SecretBytes } from '../lib/secure/guarded.ts'
import { KEY_BYTES } from './envelope.ts'
import { defaultRotationConfig, type RotationConfig } from './rotation-config.ts'

export interface KeyTerm {
  readonly term: number
  /** Ms since the epoch. */
  readonly installedAt: number
  /** Encryptions under this key, at least those that were made. 0 for all but the newest term. */
  readonly operations: number
  readonly key: SecretBytes
}

const VERSION = 1
const HEADER_BYTES = 22
const TERM_BYTES = 20 + KEY_BYTES

export class Keyring {
  readonly rotation: RotationConfig
  readonly active: KeyTerm
  readonly #terms: ReadonlyMap<number, KeyTerm>

  private constructor(terms: ReadonlyMap<number, KeyTerm>, rotation: RotationConfig) {
    const newest = [...terms.values()].at(-1)
    if (newest === undefined) throw new Error('a keyring has at least one key')
    this.#terms = terms
    this.active = newest
    this.rotation = rotation
  }

  /** A keyring with one new key. */
  static create(now: number): Keyring {
    return new Keyring(new Map([[1, newTerm(1, now)]]), defaultRotationConfig)
  }

  term(number: number): KeyTerm | undefined {
    return this.#terms.get(number)
  }

  /** The first key there was: it stays for ever. */
  get oldest(): KeyTerm {
    for (const term of this.#terms.values()) return term
    return this.active
  }

  get size(): number {
    return this.#terms.size
  }

  /** With one more key, which encrypts from now on. Shares the other keys with this one. */
  rotated(now: number): Keyring {
    const next = newTerm(this.active.term + 1, now)
    const earlier = [...this.#terms.values()].map((one) => [one.term, { ...one, operations: 0 }] as const)
    return new Keyring(new Map([...earlier, [next.term, next]]), this.rotation)
  }

  /** With another count of operations of the newest key, or another configuration. */
  with(change: { readonly operations?: number; readonly rotation?: RotationConfig }): Keyring {
    const active = { ...this.active, operations: change.operations ?? this.active.operations }
    return new Keyring(new Map([...this.#terms, [active.term, active]]), change.rotation ?? this.rotation)
  }

  get encodedLength(): number {
    return HEADER_BYTES + this.#terms.size * TERM_BYTES
  }

  /** Writes the serialised form into guarded memory of `encodedLength` bytes. */
  encode(target: Uint8Array): void {
    const view = viewOf(target)
    view.setUint8(0, VERSION)
    view.setUint8(1, this.rotation.enabled ? 1 : 0)
    view.setBigUint64(2, BigInt(this.rotation.maxOperations))
    view.setBigUint64(10, BigInt(this.rotation.interval))
    view.setUint32(18, this.#terms.size)
    let at = HEADER_BYTES
    for (const { term, installedAt, operations, key } of this.#terms.values()) {
      view.setUint32(at, term)
      view.setBigUint64(at + 4, BigInt(installedAt))
      view.setBigUint64(at + 12, BigInt(operations))
      target.set(key.bytes, at + 20)
      at += TERM_BYTES
    }
  }

  /** Undefined for what `encode` cannot have written. */
  static decode(encoded: Uint8Array): Keyring | undefined {
    if (encoded.length < HEADER_BYTES || encoded[0] !== VERSION) return undefined
    const view = viewOf(encoded)
    const count = view.getUint32(18)
    if (count < 1 || encoded.length !== HEADER_BYTES + count * TERM_BYTES) return undefined
    const terms = new Map<number, KeyTerm>()
    for (let at = HEADER_BYTES; at < encoded.length; at += TERM_BYTES) {
      const key = guardedBytes(KEY_BYTES)
      key.change((bytes) => bytes.set(encoded.subarray(at + 20, at + TERM_BYTES)))
      const term = view.getUint32(at)
      terms.set(term, {
        term,
        installedAt: Number(view.getBigUint64(at + 4)),
        operations: Number(view.getBigUint64(at + 12)),
        key,
      })
    }
    return new Keyring(terms, {
      enabled: view.getUint8(1) === 1,
      maxOperations: Number(view.getBigUint64(2)),
      interval: Number(view.getBigUint64(10)),
    })
  }

  /** Wipes every key, also in the keyrings that share them. */
  wipe(): void {
    for (const { key } of this.#terms.values()) key.wipe()
  }
}

function newTerm(term: number, now: number): KeyTerm {
  return { term, installedAt: now, operations: 0, key: randomSecret(KEY_BYTES) }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
