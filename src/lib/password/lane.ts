/**
 * Slow work off the event loop, a few at a time: the threads it uses are those that files and name look-ups wait for, too, so some are
 * left for them, whatever a flood of log-ins asks for.
 */
import { availableParallelism } from 'node:os'

/** Thrown where too many wait already. */
export class LaneFull extends Error {
  override readonly name = 'LaneFull'
}

/** Thrown where whoever asked went away before his turn came: nothing was done. */
export class LaneLeft extends Error {
  override readonly name = 'LaneLeft'
}

export interface LaneOptions {
  /** How many run at a time. */
  readonly width: number
  /** How many may wait. */
  readonly queue: number
}

export class Lane {
  readonly #options: LaneOptions
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(options: LaneOptions) {
    this.#options = options
  }

  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { width, queue } = this.#options
    if (this.#running >= width) {
      if (this.#waiting.length >= queue) throw new LaneFull('too much slow work waits already')
      // Who is let go on takes the place of the one that ended.
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
    } else this.#running++
    try {
      if (signal?.aborted === true) throw new LaneLeft('nobody waits for this any more')
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

/** Of the four threads that Node has for such work one at least stays free. */
export const hashingLane = new Lane({ width: Math.min(availableParallelism(), 3), queue: 512 })
