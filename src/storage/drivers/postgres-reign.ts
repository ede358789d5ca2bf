/** What a node has while it leads: the queue of commits, the connection that writes them, and the dropping of old versions. */
import { storageErrors } from '../../errors/storage.ts'
import type { Logger } from '../../lib/observe/index.ts'
import type { ChangeFeed } from '../change-feed.ts'
import { CommitQueue } from '../commit-queue.ts'
import type { Entry, ReadSet, Sequence, WriteSet } from '../driver.ts'
import type { OpenSnapshots } from '../open-snapshots.ts'
import { pause } from './postgres-backoff.ts'
import { codeOf, type ErrorTranslator } from './postgres-error.ts'
import type { PostgresCollector } from './postgres-gc.ts'
import type { PostgresLease } from './postgres-lease.ts'
import type { Connector } from './postgres-connection.ts'
import type { PostgresNotices } from './postgres-notices.ts'
import type { Tables } from './postgres-tables.ts'
import { type Limits, type Position, PostgresWriter } from './postgres-writer.ts'

export interface ReignOptions {
  readonly lease: PostgresLease
  readonly position: Position
  readonly connector: Connector
  readonly tables: Tables
  readonly errors: ErrorTranslator
  readonly notices: PostgresNotices
  readonly log: Logger | undefined
  readonly limits: Limits
  readonly feed: ChangeFeed
  readonly open: OpenSnapshots
  readonly collector: PostgresCollector
  /** ms. */
  readonly collectEvery: number
  /** It is over, and the commits up to `last` were announced. */
  readonly ended: (last: Sequence) => void
}

export class PostgresReign {
  readonly lease: PostgresLease
  readonly #options: ReignOptions
  readonly #queue: CommitQueue
  readonly #writer: PostgresWriter
  readonly #stop = new AbortController()
  readonly #collecting: Promise<void>
  #ending: Promise<void> | undefined

  constructor(options: ReignOptions) {
    const { lease, errors, position } = options
    this.#options = options
    this.lease = lease
    this.#writer = new PostgresWriter({
      ...options,
      until: () => lease.validUntil,
      onLost: (reason) => lease.end(reason),
    })
    this.#queue = new CommitQueue({
      sequence: position.sequence,
      limits: options.limits,
      feed: options.feed,
      open: options.open,
      write: async (group) => {
        if (lease.over) throw storageErrors.NOT_LEADER()
        await this.#writer.write(group)
      },
      errorOf: (error) => errors.translate(error),
      splits: (error) => !lease.over && codeOf(error) !== 'STORAGE_NOT_LEADER',
    })
    void lease.lost.then(() => this.end())
    this.#collecting = this.#collectForever()
  }

  get sequence(): Sequence {
    return this.#queue.sequence
  }

  commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    return this.#queue.commit(reads, writes)
  }

  replace(entries: AsyncIterable<readonly Entry[]>): Promise<Sequence> {
    return this.#queue.replace((sequence) => this.#writer.replace(entries, sequence, this.#options.limits))
  }

  /** One round. Rejects with what `Driver.snapshot` might. */
  async collect(): Promise<number> {
    try {
      return await this.#options.collector.collect(this.lease.term, this.#stop.signal)
    } catch (error) {
      throw this.#options.errors.translate(error)
    }
  }

  /** Resolves once the commits under way have ended; later ones are refused. */
  end(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    this.#stop.abort()
    await this.#queue.close(storageErrors.NOT_LEADER())
    this.#writer.close()
    await this.#collecting
    this.#options.ended(this.#queue.sequence)
  }

  async #collectForever(): Promise<void> {
    const { connector, collectEvery, log, errors } = this.#options
    const { signal } = this.#stop
    for (;;) {
      await pause(connector.clock, collectEvery, signal)
      if (signal.aborted) return
      try {
        await this.collect()
      } catch (error) {
        log?.warn('old versions could not be dropped', { cause: errors.clean(error).message })
      }
    }
  }
}
