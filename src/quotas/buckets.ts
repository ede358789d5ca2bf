/**
 * Who has taken how many requests of which limit: a table of a fixed size in memory that all serving threads share, so that together they
 * let in what one of them would.
 *
 * A bucket is full when its client first comes, and is filled again once its interval is over. In a set of eight places a new client takes
 * an empty one, else one whose interval is over, else that of the client who has taken least: a flood of addresses does not make the
 * table grow, and does not make it forget who is at his limit.
 */
import { halfSipHash, type HashKey } from '../lib/half-siphash.ts'
import { freshBytes } from '../lib/secure/random.ts'
import { lock, unlock } from './shared-lock.ts'

export interface Limit {
  /** Requests an interval; at least 1. */
  readonly tokens: number
  /** ms */
  readonly interval: number
  /** How long one who wants more than he may have gets nothing at all, ms; 0 for not. */
  readonly block: number
}

export interface Taken {
  readonly allowed: boolean
  readonly remaining: number
  /** ms until there is something to be had again, or until the bucket is full. */
  readonly wait: number
  /** Refused for having wanted too much before. */
  readonly blocked: boolean
}

const WAYS = 8
const SETS = 8192
/** Bytes of the key, and of a lock for every set. */
const HEADER = 64
const LOCKS = HEADER / 4
const PLACES = HEADER + SETS * 4
/** A tag of 64 bits, a count, and two times. */
const PLACE = 32

const SIZE = PLACES + SETS * WAYS * PLACE

export class Buckets {
  /** Bytes that the table takes, however many clients there are. */
  static readonly size = SIZE
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #times: Float64Array
  readonly #key: HashKey

  /** @param buffer of another thread's table. */
  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(SIZE)
    this.#words = new Int32Array(this.buffer)
    this.#times = new Float64Array(this.buffer)
    if (buffer === undefined) new Uint8Array(this.buffer).set(freshBytes(8))
    this.#key = { k0: this.#words[0] ?? 0, k1: this.#words[1] ?? 0 }
  }

  /** The key for the clients of one limit. */
  keyOf(limit: string): HashKey {
    const { low, high } = halfSipHash(this.#key, limit)
    return { k0: low, k1: high }
  }

  /** Takes one token of a client's bucket. `now` is ms on a clock that all threads share. */
  take(key: HashKey, client: string, limit: Limit, now: number): Taken {
    const { low, high: bits } = halfSipHash(key, client)
    // No tag is zero: that is an empty place.
    const high = bits | 1
    const set = (low >>> 0) % SETS
    lock(this.#words, LOCKS + set)
    try {
      return this.#takeFrom(this.#placeOf(set, low, high, now), limit, now)
    } finally {
      unlock(this.#words, LOCKS + set)
    }
  }

  #takeFrom(place: number, limit: Limit, now: number): Taken {
    const words = this.#words
    const times = this.#times
    const [count, end, blocked] = [place + COUNT, (place >> 1) + END, (place >> 1) + BLOCKED]
    const until = times[blocked] ?? 0
    if (limit.block > 0 && now < until) return { allowed: false, remaining: 0, wait: until - now, blocked: true }
    if (now >= (times[end] ?? 0)) {
      times[end] = now + limit.interval
      words[count] = 0
    }
    const taken = words[count] ?? 0
    const wait = (times[end] ?? 0) - now
    if (taken < limit.tokens) {
      words[count] = taken + 1
      return { allowed: true, remaining: limit.tokens - taken - 1, wait, blocked: false }
    }
    if (limit.block === 0) return { allowed: false, remaining: 0, wait, blocked: false }
    times[blocked] = now + limit.block
    return { allowed: false, remaining: 0, wait: limit.block, blocked: false }
  }

  /** Index of the first word of the client's place. */
  #placeOf(set: number, low: number, high: number, now: number): number {
    const words = this.#words
    const first = (PLACES + set * WAYS * PLACE) / 4
    let chosen = first
    let least = Infinity
    for (let way = 0; way < WAYS; way++) {
      const place = first + (way * PLACE) / 4
      if (words[place] === low && words[place + 1] === high) return place
      const worth = this.#worth(place, now)
      if (worth < least) {
        least = worth
        chosen = place
      }
    }
    words[chosen] = low
    words[chosen + 1] = high
    words[chosen + COUNT] = 0
    this.#times[(chosen >> 1) + END] = 0
    this.#times[(chosen >> 1) + BLOCKED] = 0
    return chosen
  }

  /** What would be lost with a place. */
  #worth(place: number, now: number): number {
    if (this.#words[place + 1] === 0) return -2
    const at = place >> 1
    if (now < (this.#times[at + BLOCKED] ?? 0)) return Infinity
    return now < (this.#times[at + END] ?? 0) ? (this.#words[place + COUNT] ?? 0) : -1
  }
}

/** Word of a place. */
const COUNT = 2
/** Pairs of words of a place. */
const END = 2
const BLOCKED = 3
