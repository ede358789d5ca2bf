/**
 * The embedded store as another thread of the server reads it. It never writes. What was committed and announced before a snapshot is
 * taken is in the snapshot, and the subscribers are told of it first.
 */
import { storageErrors } from '../../errors/storage.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import { ChangeFeed } from '../change-feed.ts'
import type { Change, Driver, Sequence, Snapshot } from '../driver.ts'
import { changesAfter } from './lmdb-change-log.ts'
import { MAX_KEY_BYTES, openDatabase, type ReadEnvironment, storageErrorOf } from './lmdb-environment.ts'
import { LmdbSnapshot, SharedRead } from './lmdb-snapshot.ts'

export interface LmdbFollowerOptions {
  readonly path: string
  readonly maxValueBytes: number
  readonly mapSize?: number
  /** The newest commit that the writer has announced. */
  readonly announced: () => Sequence
  readonly clock: Clock
}

/** How long an idle thread may keep old pages alive, ms. */
const TIDY = 1_000

export class LmdbFollower implements Driver {
  readonly type = 'lmdb'
  readonly election = undefined
  /** It reads what the writer has committed, from the same file. */
  readonly current = true
  readonly maxKeyBytes = MAX_KEY_BYTES
  readonly maxValueBytes: number
  readonly #environment: ReadEnvironment
  readonly #announced: () => Sequence
  readonly #clock: Clock
  readonly #feed = new ChangeFeed()
  #visible: Sequence
  #current: SharedRead | undefined
  #timer: Timer
  #closed = false

  constructor({ path, maxValueBytes, mapSize, announced, clock }: LmdbFollowerOptions) {
    this.maxValueBytes = maxValueBytes
    this.#environment = {
      path,
      maxKeyBytes: MAX_KEY_BYTES,
      db: openDatabase(path, mapSize),
      readers: new Set(),
    }
    this.#announced = announced
    this.#clock = clock
    this.#current = new SharedRead(this.#environment)
    this.#visible = this.#current.sequence
    this.#timer = this.#tidyLater()
  }

  get sequence(): Sequence {
    return this.#visible
  }

  snapshot(): Snapshot {
    if (this.#closed) throw storageErrors.CLOSED()
    this.#dropStale()
    const read = (this.#current ??= this.#renew())
    read.retain()
    return new LmdbSnapshot(read, () => undefined)
  }

  commit(): Promise<Sequence> {
    return Promise.reject(storageErrors.NOT_LEADER())
  }

  replace(): Promise<Sequence> {
    return Promise.reject(storageErrors.NOT_LEADER())
  }

  async reach(sequence: Sequence): Promise<boolean> {
    this.snapshot().close()
    return sequence <= this.#visible
  }

  subscribe(listener: (change: Change) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#timer.cancel()
    this.#current = undefined
    for (const reader of this.#environment.readers) reader.abandon()
    await this.#environment.db.close()
  }

  #dropStale(): void {
    if (this.#current === undefined || this.#announced() <= this.#visible) return
    this.#current.release()
    this.#current = undefined
  }

  /** It may show more than was announced: what it shows is told of all the same. */
  #renew(): SharedRead {
    let read: SharedRead
    try {
      read = new SharedRead(this.#environment)
    } catch (error) {
      throw storageErrorOf(error, this.#environment.path)
    }
    if (read.sequence > this.#visible) {
      const changes = changesAfter(this.#environment.db, read.transaction, this.#visible, read.sequence)
      this.#visible = read.sequence
      for (const change of changes) this.#feed.publish(change)
    }
    return read
  }

  #tidyLater(): Timer {
    return this.#clock.timer(TIDY, () => {
      if (this.#closed) return
      this.#dropStale()
      this.#timer = this.#tidyLater()
    })
  }
}
