/**
 * How long ago a driver that follows others knew the newest state: reckoned from before it asked, since what is answered late may be
 * old when it comes.
 */
import type { Clock } from '../lib/clock.ts'

/** A driver looks every second, so this is some looks that failed, ms. */
export const FRESH_FOR = 10_000

export class Freshness {
  readonly #clock: Clock
  readonly #freshFor: number
  #asked = -Infinity

  constructor(clock: Clock, freshFor: number = FRESH_FOR) {
    this.#clock = clock
    this.#freshFor = freshFor
  }

  get current(): boolean {
    return this.#clock.monotonic() - this.#asked < this.#freshFor
  }

  /** What was asked for at `asked` (monotonic, ms) has been answered, and everybody was told of it. */
  note(asked: number): void {
    this.#asked = Math.max(this.#asked, asked)
  }
}
