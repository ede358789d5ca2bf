/**
 * The time by which tokens and leases are stamped, refused and revoked. The machine's clock may be wrong for a while, in either
 * direction; a wrong clock must neither destroy what is valid nor keep alive what is over.
 */
import type { Clock } from '../lib/clock.ts'

/** A difference up to this is the usual drift between two clocks. */
const TOLERANCE = 5_000
/** A leap forward has to last this long before anything is destroyed because of it. */
const CONFIRM = 35_000

export class SteadyTime {
  readonly #clock: Clock
  #anchor: { readonly wall: number; readonly monotonic: number }
  #floor: number
  /** Monotonic time at which the wall clock was first seen ahead. */
  #aheadSince: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#anchor = { wall: clock.now(), monotonic: clock.monotonic() }
    this.#floor = this.#anchor.wall
  }

  /** For stamping and refusing: never behind the wall clock, and never going back with it. */
  now(): number {
    const steady = this.due()
    return Math.max(steady, this.#clock.now())
  }

  /** For revoking: a leap of the wall clock counts once it has lasted. */
  due(): number {
    const monotonic = this.#clock.monotonic()
    const wall = this.#clock.now()
    const steady = this.#anchor.wall + (monotonic - this.#anchor.monotonic)
    const ahead = wall - steady
    if (ahead > TOLERANCE) {
      this.#aheadSince ??= monotonic
      if (monotonic - this.#aheadSince >= CONFIRM) this.#adopt(wall, monotonic)
    } else {
      this.#aheadSince = undefined
      // A clock that was set back is not followed: time that has passed has passed.
      if (ahead >= -TOLERANCE) this.#adopt(wall, monotonic)
    }
    this.#floor = Math.max(this.#floor, this.#anchor.wall + (monotonic - this.#anchor.monotonic))
    return this.#floor
  }

  #adopt(wall: number, monotonic: number): void {
    this.#anchor = { wall, monotonic }
    this.#aheadSince = undefined
  }
}
