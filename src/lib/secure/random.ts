/** Randomness from the operating system's generator. A failing or short source throws: nothing is made from less. */
import { randomBytes, randomUUID } from 'node:crypto'

/** Gives `size` random bytes or throws. */
export type RandomSource = (size: number) => Uint8Array

/**
 * Hands out small pieces of one large draw, which is some thirty times cheaper than a draw for each.
 * A piece is wiped from the pool as it is handed out.
 */
export class RandomPool {
  readonly #source: RandomSource
  readonly #size: number
  #pool: Uint8Array = new Uint8Array(0)
  #next = 0

  constructor(source: RandomSource = randomBytes, size = 4096) {
    this.#source = source
    this.#size = size
  }

  take(size: number): Uint8Array {
    const out = new Uint8Array(size)
    this.fill(out)
    return out
  }

  /** Fills `target`, which is at most as long as the pool. */
  fill(target: Uint8Array): void {
    if (target.length > this.#pool.length - this.#next) this.#refill(target.length)
    const start = this.#next
    this.#next += target.length
    for (let i = 0; i < target.length; i++) {
      target[i] = this.#pool[start + i] ?? 0
      this.#pool[start + i] = 0
    }
  }

  #refill(least: number): void {
    const size = Math.max(this.#size, least)
    this.#pool = randomFrom(this.#source, size)
    this.#next = 0
  }
}

const shared = new RandomPool()

/** Random bytes for nonces, salts and ids. For keys there are `freshBytes` and, for those that stay, `randomSecret`. */
export function pooledBytes(size: number): Uint8Array {
  return shared.take(size)
}

/** A fresh draw in memory of its own. */
export function freshBytes(size: number): Uint8Array {
  return randomFrom(randomBytes, size)
}

/** Memory of its own outside the heap, where the garbage collector would leave copies behind as it moves small arrays. */
export function ownBytes(size: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(size))
}

/** Draws from a source and checks that it gave what was asked for. */
export function randomFrom(source: RandomSource, size: number): Uint8Array {
  const drawn = source(size)
  if (drawn.length !== size) throw new Error(`the random source gave ${drawn.length} bytes instead of ${size}`)
  // Copied out of what may be a slab that Buffers share.
  const own = ownBytes(size)
  own.set(drawn)
  // Sixteen zero bytes in a row come from a broken source, not from chance.
  if (size >= 16 && own.every((byte) => byte === 0)) throw new Error('the random source gave only zeros')
  drawn.fill(0)
  return own
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** The largest multiple of 62 that a byte holds: bytes from here on would favour the first characters. */
const BASE62_BOUND = 248

/** An unbiased string of letters and digits, as in Vault's token ids: 5.95 bits a character. */
export function base62(length: number, pool: RandomPool = shared): string {
  let out = ''
  while (out.length < length) {
    for (const byte of pool.take(Math.ceil((length - out.length) * 1.1) + 2)) {
      if (byte < BASE62_BOUND && out.length < length) out += BASE62.charAt(byte % 62)
    }
  }
  return out
}

/** A version 4 UUID (RFC 9562). */
export function uuid(): string {
  return randomUUID()
}
