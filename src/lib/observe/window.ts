/** What was observed in the last while: the ten seconds Vault's in-memory sink shows, and quantiles over them. */

/** ms */
export const windowLength = 10_000

/** Buckets grow by 4 %, so a quantile is right to 2 %. They span 1e-4 to 1e8. */
const growth = Math.log(1.04)
const lowest = Math.log(1e-4)
const bucketCount = Math.ceil((Math.log(1e8) - lowest) / growth) + 1

export interface WindowStats {
  readonly count: number
  readonly sum: number
  readonly sumOfSquares: number
  readonly min: number
  readonly max: number
}

/** What was observed somewhere else since it was last told of. */
export interface Tally extends WindowStats {
  /** Observations by bucket, those without any left out; empty for counters. */
  readonly buckets: readonly (readonly [bucket: number, count: number])[]
}

const emptyStats: WindowStats = { count: 0, sum: 0, sumOfSquares: 0, min: 0, max: 0 }

class Slot {
  start: number
  count = 0
  sum = 0
  sumOfSquares = 0
  min = Infinity
  max = -Infinity
  readonly buckets: Uint32Array | undefined

  constructor(start: number, withBuckets: boolean) {
    this.start = start
    this.buckets = withBuckets ? new Uint32Array(bucketCount) : undefined
  }

  add(value: number): void {
    this.count++
    this.sum += value
    this.sumOfSquares += value * value
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    const { buckets } = this
    if (buckets === undefined) return
    const index = bucketOf(value)
    buckets[index] = (buckets[index] ?? 0) + 1
  }

  merge(tally: Tally): void {
    this.count += tally.count
    this.sum += tally.sum
    this.sumOfSquares += tally.sumOfSquares
    this.min = Math.min(this.min, tally.min)
    this.max = Math.max(this.max, tally.max)
    for (const [index, count] of tally.buckets)
      if (this.buckets !== undefined) this.buckets[index] = (this.buckets[index] ?? 0) + count
  }

  clear(start: number): void {
    this.start = start
    this.count = 0
    this.sum = 0
    this.sumOfSquares = 0
    this.min = Infinity
    this.max = -Infinity
    this.buckets?.fill(0)
  }
}

/** The running window and the one before. */
export class Window {
  #current: Slot
  #last: Slot

  constructor(now: number, withBuckets: boolean) {
    const start = now - (now % windowLength)
    this.#current = new Slot(start, withBuckets)
    this.#last = new Slot(start - windowLength, withBuckets)
  }

  add(value: number, now: number): void {
    if (now - this.#current.start >= windowLength) this.#roll(now)
    this.#current.add(value)
  }

  merge(tally: Tally, now: number): void {
    if (now - this.#current.start >= windowLength) this.#roll(now)
    this.#current.merge(tally)
  }

  /** Of the last whole window, or of the running one while there is no other. */
  stats(now: number): WindowStats {
    this.#roll(now)
    const slot = this.#last.count > 0 ? this.#last : this.#current
    return slot.count === 0 ? emptyStats : slot
  }

  /** The values below which the given shares of what both windows saw lie; NaN if they saw nothing. */
  quantiles(shares: readonly number[], now: number): readonly number[] {
    this.#roll(now)
    const total = this.#current.count + this.#last.count
    return shares.map((share) => this.#quantile(Math.ceil(share * total), total))
  }

  #quantile(rank: number, total: number): number {
    if (total === 0) return Number.NaN
    let seen = 0
    for (let i = 0; i < bucketCount - 1; i++) {
      seen += (this.#current.buckets?.[i] ?? 0) + (this.#last.buckets?.[i] ?? 0)
      if (seen >= rank) return this.#clamp(Math.exp(lowest + (i - 0.5) * growth))
    }
    // The last bucket has no upper end.
    return this.#clamp(Infinity)
  }

  #clamp(value: number): number {
    const min = Math.min(this.#current.min, this.#last.min)
    return Math.min(Math.max(value, min), Math.max(this.#current.max, this.#last.max))
  }

  #roll(now: number): void {
    const behind = now - this.#current.start
    if (behind < windowLength) return
    const start = now - (now % windowLength)
    const free = this.#last
    this.#last = this.#current
    this.#current = free
    free.clear(start)
    if (behind >= 2 * windowLength) this.#last.clear(start - windowLength)
  }
}

/** Adds up observations until somebody takes them. */
export class Tallying {
  readonly #slot: Slot

  constructor(withBuckets: boolean) {
    this.#slot = new Slot(0, withBuckets)
  }

  add(value: number): void {
    this.#slot.add(value)
  }

  /** Undefined where there were none. */
  take(): Tally | undefined {
    const slot = this.#slot
    if (slot.count === 0) return undefined
    const buckets: (readonly [number, number])[] = []
    for (const [index, count] of slot.buckets?.entries() ?? []) if (count > 0) buckets.push([index, count])
    const { count, sum, sumOfSquares, min, max } = slot
    slot.clear(0)
    return { count, sum, sumOfSquares, min, max, buckets }
  }
}

function bucketOf(value: number): number {
  if (!(value > 1e-4)) return 0
  return Math.min(Math.ceil((Math.log(value) - lowest) / growth), bucketCount - 1)
}
