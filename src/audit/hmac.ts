import * as crypto from 'node:crypto'

const BLOCK = 64
/** From about here on one pass over the bytes costs more than the objects that createHmac makes. */
const LONG = 512

/**
 * HMAC-SHA256 (RFC 2104) under a device's salt, as `hmac-sha256:` and 64 hex digits. The two padded keys are computed
 * once, and short values are hashed in two one-shot calls, which is three times as fast as `createHmac`.
 */
export class Hmac {
  readonly #salt: string
  /** Undefined where the padded key is not ASCII, so that it can't be prepended to a string. */
  readonly #inner: string | undefined
  /** The padded outer key, then room for the inner digest. */
  readonly #outer: Buffer
  /** The commonest value of all, and no secret. */
  readonly #ofEmpty: string

  constructor(salt: string) {
    this.#salt = salt
    const key = Buffer.alloc(BLOCK)
    const bytes = Buffer.from(salt)
    key.set(bytes.length > BLOCK ? crypto.hash('sha256', bytes, 'buffer') : bytes)
    this.#inner = key.some((byte) => byte > 0x7f)
      ? undefined
      : Buffer.from(key.map((byte) => byte ^ 0x36)).toString('latin1')
    this.#outer = Buffer.alloc(BLOCK + 32)
    this.#outer.set(key.map((byte) => byte ^ 0x5c))
    this.#ofEmpty = this.#generic('')
  }

  /** Of the value's UTF-8 bytes. */
  string(value: string): string {
    if (value === '') return this.#ofEmpty
    if (this.#inner === undefined || value.length > LONG) return this.#generic(value)
    this.#outer.write(crypto.hash('sha256', this.#inner + value, 'latin1'), BLOCK, 'latin1')
    return `hmac-sha256:${crypto.hash('sha256', this.#outer, 'hex')}`
  }

  bytes(value: Uint8Array): string {
    return this.#generic(value)
  }

  #generic(value: string | Uint8Array): string {
    return `hmac-sha256:${crypto.createHmac('sha256', this.#salt).update(value).digest('hex')}`
  }
}
