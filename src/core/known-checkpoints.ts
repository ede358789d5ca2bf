/** Keeps the last checkpoint of each chained audit device in the storage, one write at a time: only the newest counts. */
import { putKnown, type Known } from '../audit/index.ts'
import { CofferError } from '../errors/coffer-error.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Store } from '../storage/store.ts'

export class KnownCheckpoints {
  readonly #store: Store
  readonly #log: Logger
  #waiting = new Map<string, Known>()
  #writing: Promise<void> | undefined

  constructor(store: Store, log: Logger) {
    this.#store = store
    this.#log = log
  }

  put(device: string, checkpoint: Known): void {
    this.#waiting.set(device, checkpoint)
    this.#writing ??= this.#write()
  }

  /** Resolves once all are stored, or after `ms`. */
  async settled(clock: Clock, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    using _timer = clock.timer(ms, resolve)
    await Promise.race([this.#writing, promise])
  }

  /** Never rejects: a log can be verified without it, only not beyond its own end. */
  async #write(): Promise<void> {
    while (this.#waiting.size > 0) {
      const known = this.#waiting
      this.#waiting = new Map()
      try {
        await this.#store.write((view) => {
          for (const [device, checkpoint] of known) putKnown(view, device, checkpoint)
        })
      } catch (error) {
        this.#log.warn('a checkpoint of the audit log could not be noted', {
          code: error instanceof CofferError ? error.code : 'unknown',
        })
      }
    }
    this.#writing = undefined
  }
}
