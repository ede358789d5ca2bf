/** Announces what another node commits, in order, so that snapshots may show it. Stands still while this node is the one that commits. */
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import type { ChangeFeed } from '../change-feed.ts'
import type { Sequence } from '../driver.ts'
import type { Freshness } from '../freshness.ts'
import { fetchChanges } from './postgres-changes.ts'
import type { ErrorTranslator } from './postgres-error.ts'
import type { Queryable } from './postgres-connection.ts'
import type { Tables } from './postgres-tables.ts'

export interface FollowerOptions {
  readonly tables: Tables
  readonly reader: Queryable
  readonly feed: ChangeFeed
  readonly freshness: Freshness
  readonly clock: Clock
  readonly log: Logger | undefined
  readonly errors: ErrorTranslator
}

interface Waiter {
  readonly sequence: Sequence
  readonly resolve: () => void
}

export class PostgresFollower {
  readonly #options: FollowerOptions
  readonly #waiters = new Set<Waiter>()
  #sequence: Sequence = 0
  #standing = false
  #fetching: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  /** The newest commit that was announced. */
  get sequence(): Sequence {
    return this.#sequence
  }

  /** Begins at the newest commit, before anybody listens. */
  async start(): Promise<void> {
    const { reader, tables, clock, freshness } = this.#options
    const asked = clock.monotonic()
    const { rows } = await reader.query<{ sequence: number }>({
      text: `SELECT sequence FROM ${tables.meta} WHERE id = 1`,
    })
    this.#sequence = rows[0]?.sequence ?? 0
    freshness.note(asked)
  }

  /** Announces all that was committed before this call. Rejects with the library's error. */
  catchUp(): Promise<void> {
    if (this.#standing) return Promise.resolve()
    if (this.#fetching === undefined) return this.#begin()
    // What is being fetched may have been read before the caller's commit: once more after it, for all who ask meanwhile.
    this.#next ??= this.#fetching
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.catchUp()
      })
    return this.#next
  }

  /** Whether commit `sequence` is announced within `ms`. */
  async reach(sequence: Sequence, ms: number): Promise<boolean> {
    if (sequence <= this.#sequence) return true
    const { clock, log, errors } = this.#options
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter: Waiter = { sequence, resolve }
    this.#waiters.add(waiter)
    this.catchUp().catch((error: unknown) => {
      log?.debug('changes could not be fetched', { cause: errors.clean(error).message })
    })
    const timer = clock.timer(ms, resolve)
    await promise
    timer.cancel()
    this.#waiters.delete(waiter)
    return sequence <= this.#sequence
  }

  /** Announces what there is and then stands still, until `resume`. The caller has made sure that nobody else commits any more. */
  async stand(): Promise<Sequence> {
    await this.catchUp()
    this.#standing = true
    try {
      // A fetch that began meanwhile may still announce something.
      while (this.#fetching !== undefined) await this.#fetching
      return this.#sequence
    } catch (error) {
      this.#standing = false
      throw error
    }
  }

  /** Goes on after the commits up to `sequence`, which were announced by somebody else. */
  resume(sequence: Sequence): void {
    this.#sequence = sequence
    this.#standing = false
    this.#wake()
  }

  #begin(): Promise<void> {
    const fetching = this.#fetch().finally(() => {
      this.#fetching = undefined
    })
    this.#fetching = fetching
    return fetching
  }

  async #fetch(): Promise<void> {
    const { reader, tables, feed, log, clock, freshness } = this.#options
    for (;;) {
      const asked = clock.monotonic()
      const { changes, reached, newest } = await fetchChanges(reader, tables, this.#sequence)
      if (newest < this.#sequence) {
        log?.error('the storage is behind what this node has seen of it: commits were lost, such as at a failover', {
          seen: this.#sequence,
          found: newest,
        })
      }
      for (const change of changes) {
        this.#sequence = change.sequence
        feed.publish(change)
      }
      this.#sequence = reached
      // Before anybody who waited for it goes on.
      if (reached >= newest) freshness.note(asked)
      this.#wake()
      if (reached >= newest) return
    }
  }

  #wake(): void {
    for (const waiter of this.#waiters) if (waiter.sequence <= this.#sequence) waiter.resolve()
  }
}
