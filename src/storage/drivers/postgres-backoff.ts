/** How long to wait before the next attempt: twice as long each time, and never as long as everybody else does. */
import { randomInt } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'

const FIRST = 50
const LONGEST = 2000

export class Backoff {
  #next = FIRST

  /** ms. */
  next(): number {
    const now = this.#next
    this.#next = Math.min(now * 2, LONGEST)
    return now * (0.5 + randomInt(1_000) / 2_000)
  }

  reset(): void {
    this.#next = FIRST
  }
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.timer(ms, done)
    signal?.addEventListener('abort', done)
  })
}
