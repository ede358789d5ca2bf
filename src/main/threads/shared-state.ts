/**
 * What every thread of the server sees at once, without a message: the newest commit that was announced, and until when the node may
 * answer from what it reads.
 */
import type { Sequence } from '../../storage/driver.ts'

const ANNOUNCED = 0
const UNTIL = 1
/** No limit. */
const ALWAYS = 2n ** 62n
const NS_PER_MS = 1_000_000n

export class SharedState {
  readonly buffer: SharedArrayBuffer
  readonly #cells: BigInt64Array

  constructor(buffer = new SharedArrayBuffer(16)) {
    this.buffer = buffer
    this.#cells = new BigInt64Array(buffer)
  }

  /** A snapshot that any thread takes from now on shows at least this commit. */
  announce(sequence: Sequence): void {
    const next = BigInt(sequence)
    for (let seen = Atomics.load(this.#cells, ANNOUNCED); seen < next;) {
      const found = Atomics.compareExchange(this.#cells, ANNOUNCED, seen, next)
      if (found === seen) return
      seen = found
    }
  }

  get announced(): Sequence {
    return Number(Atomics.load(this.#cells, ANNOUNCED))
  }

  /** For `ms` from now; Infinity is for good. The clock is the machine's, which all threads share. */
  allowFor(ms: number): void {
    const until = ms === Infinity ? ALWAYS : process.hrtime.bigint() + BigInt(Math.max(Math.floor(ms), 0)) * NS_PER_MS
    Atomics.store(this.#cells, UNTIL, until)
  }

  get allowed(): boolean {
    const until = Atomics.load(this.#cells, UNTIL)
    return until === ALWAYS || process.hrtime.bigint() < until
  }
}
