/** Time, passed in: the real clock, and one that tests move by hand. */

export interface Timer extends Disposable {
  /** The callback is not called any more, unless it is running already. */
  cancel(): void
}

export type TimerCallback = () => void | Promise<void>

export interface Clock {
  /** Wall clock, ms since the epoch. May jump; for expiry times that are stored. */
  now(): number
  /** Ms since some start; never goes back. For intervals. */
  monotonic(): number
  /**
   * Calls `fn` once, after `ms`, however long that is. A pending timer does not keep the process alive. A callback that throws
   * or rejects ends up as a process warning, never as the end of the process.
   */
  timer(ms: number, fn: TimerCallback): Timer
}

/** `setTimeout` fires at once past 24.8 days (2^31 ms), so long waits are chains of these. */
const longestWait = 3_600_000

class SystemTimer implements Timer {
  readonly #due: number
  readonly #fn: TimerCallback
  #handle: NodeJS.Timeout | undefined

  constructor(ms: number, fn: TimerCallback) {
    this.#due = performance.now() + ms
    this.#fn = fn
    this.#wait()
  }

  cancel(): void {
    clearTimeout(this.#handle)
    this.#handle = undefined
  }

  [Symbol.dispose](): void {
    this.cancel()
  }

  #wait(): void {
    const left = this.#due - performance.now()
    this.#handle = setTimeout(() => this.#elapsed(), Math.min(Math.max(left, 0), longestWait)).unref()
  }

  #elapsed(): void {
    if (this.#due - performance.now() >= 1) return this.#wait()
    this.#handle = undefined
    run(this.#fn).catch((error: unknown) => {
      process.emitWarning(error instanceof Error ? error : new Error('a timer failed'))
    })
  }
}

async function run(fn: TimerCallback): Promise<void> {
  await fn()
}

export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer: (ms: number, fn: TimerCallback) => new SystemTimer(ms, fn),
})

interface Pending {
  readonly due: number
  readonly fn: TimerCallback
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now: number
  #monotonic = 0
  readonly #pending = new Set<Pending>()

  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  timer(ms: number, fn: TimerCallback): Timer {
    const pending = { due: this.#monotonic + Math.max(ms, 0), fn }
    this.#pending.add(pending)
    const cancel = (): void => {
      this.#pending.delete(pending)
    }
    return { cancel, [Symbol.dispose]: cancel }
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#pending.size
  }

  /**
   * Moves both clocks on by `ms`. Timers due by then fire in order, those of equal time in the order they were set; each
   * callback's promise is awaited before the next, so that timers it sets are seen. A callback's error is the caller's.
   */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonic + ms
    for (let next = this.#next(target); next !== undefined; next = this.#next(target)) {
      this.#pending.delete(next)
      this.#move(Math.max(next.due, this.#monotonic))
      await next.fn()
    }
    this.#move(target)
  }

  /** The wall clock alone jumps, as after a correction by NTP. */
  jump(ms: number): void {
    this.#now += ms
  }

  #move(monotonic: number): void {
    this.#now += monotonic - this.#monotonic
    this.#monotonic = monotonic
  }

  #next(target: number): Pending | undefined {
    let first: Pending | undefined
    for (const one of this.#pending) if (one.due <= target && (first === undefined || one.due < first.due)) first = one
    return first
  }
}
