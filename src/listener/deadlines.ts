import type { Clock, Timer } from '../lib/clock.ts'

export interface Expiring {
  /** On the monotonic clock, ms. */
  readonly deadline: number
  expire(): void
}

/** Many deadlines of nearly equal length on one timer. */
export class Deadlines {
  readonly #clock: Clock
  readonly #pending = new Set<Expiring>()
  #timer: Timer | undefined
  #next = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(one: Expiring): void {
    this.#pending.add(one)
    if (one.deadline < this.#next) this.#schedule(one.deadline)
  }

  delete(one: Expiring): void {
    this.#pending.delete(one)
  }

  #schedule(deadline: number): void {
    this.#timer?.cancel()
    this.#next = deadline
    this.#timer = undefined
    if (deadline < Infinity) this.#timer = this.#clock.timer(deadline - this.#clock.monotonic(), () => this.#elapsed())
  }

  #elapsed(): void {
    const now = this.#clock.monotonic()
    let next = Infinity
    for (const one of this.#pending) {
      if (one.deadline <= now) {
        this.#pending.delete(one)
        one.expire()
      } else next = Math.min(next, one.deadline)
    }
    this.#schedule(next)
  }
}
