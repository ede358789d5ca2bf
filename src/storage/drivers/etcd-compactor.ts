/**
 * Lets etcd forget: it keeps every value that a key ever had until it is told not to, and refuses writes once its quota is full of
 * them. The leader tells it, now and then, never of what is younger than the retention or than a snapshot that it has open itself.
 */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'

export interface CompactorOptions {
  readonly clock: Clock
  readonly log: Logger
  /** The newest revision that is known. */
  newest(): number
  /** The revision of the oldest open snapshot. */
  oldestOpen(): number | undefined
  compact(revision: number): Promise<unknown>
}

const RETENTION = 10 * 60_000
const NOTE_EVERY = 60_000

export class EtcdCompactor {
  readonly #options: CompactorOptions
  /** Revisions and when they were the newest, oldest first. */
  readonly #notes: { readonly revision: number; readonly at: number }[] = []
  #compacted = 0
  #failed = false
  #timer: Timer | undefined

  constructor(options: CompactorOptions) {
    this.#options = options
    this.#note()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #note(): void {
    const { clock, newest } = this.#options
    this.#notes.push({ revision: newest(), at: clock.monotonic() })
    this.#timer = clock.timer(NOTE_EVERY, async () => {
      await this.#compact()
      if (this.#timer !== undefined) this.#note()
    })
  }

  async #compact(): Promise<void> {
    const { clock, log, oldestOpen, compact } = this.#options
    const old = clock.monotonic() - RETENTION
    const count = this.#notes.findLastIndex(({ at }) => at <= old) + 1
    const note = this.#notes.splice(0, count).at(-1)
    if (note === undefined) return
    // One less, so that a snapshot taken in the moment of the note can still be read.
    const revision = Math.min(note.revision, oldestOpen() ?? Infinity) - 1
    if (revision <= this.#compacted) return
    try {
      await compact(revision)
      this.#compacted = revision
      this.#failed = false
    } catch (error) {
      // Somebody else may compact too, and further; or this user may not.
      if (!this.#failed) log.warn('etcd was not compacted', { revision, error: String(error) })
      this.#failed = true
    }
  }
}
