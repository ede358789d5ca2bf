/**
 * The embedded store: LMDB in one folder. A commit is acknowledged after its fsync; concurrent commits share one.
 * Transactions are validated here and not in LMDB, so the one driver object is the only writer of its folder.
 */
import { storageErrors } from '../../errors/storage.ts'
import { ChangeFeed } from '../change-feed.ts'
import { ConflictLog } from '../conflict-log.ts'
import type { Change, Driver, ReadSet, Sequence, Snapshot, WriteSet } from '../driver.ts'
import { checkWrites } from '../key-order.ts'
import { OpenSnapshots } from '../open-snapshots.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { type Environment, openEnvironment, storageErrorOf } from './lmdb-environment.ts'
import { LmdbSnapshot, SharedRead } from './lmdb-snapshot.ts'

export interface LmdbOptions {
  /** The folder. Created with mode 0700 where absent. */
  readonly path: string
  /** Address space to set aside, in bytes; it grows beyond. */
  readonly mapSize?: number
  readonly maxValueBytes?: number
}

interface Pending {
  readonly sequence: Sequence
  readonly writes: WriteSet
  readonly resolve: (sequence: Sequence) => void
  readonly reject: (error: unknown) => void
}

export class LmdbDriver implements Driver {
  readonly type = 'lmdb'
  readonly maxKeyBytes: number
  readonly maxValueBytes: number
  readonly #folder: DataFolder
  readonly #environment: Environment
  readonly #feed = new ChangeFeed()
  readonly #open = new OpenSnapshots()
  readonly #log: ConflictLog
  /** Number of the last commit accepted; those after `#visible` are queued or in flight. */
  #accepted: Sequence
  #visible: Sequence
  #queue: Pending[] = []
  /** The group that is being written, less those already announced. */
  #inFlight: Pending[] = []
  readonly #promises = new Map<Sequence, Promise<unknown>>()
  #draining: Promise<void> | undefined
  /** The read transaction that snapshots share until the next commit. */
  #current: SharedRead | undefined
  #closing: Promise<void> | undefined

  /** Throws `STORAGE_IN_USE` or `STORAGE_CANNOT_OPEN`. */
  constructor(options: LmdbOptions) {
    this.#folder = openDataFolder(options.path, ['data.mdb', 'lock.mdb'])
    let read: SharedRead
    try {
      this.#environment = openEnvironment(options.path, options.mapSize)
      read = firstRead(this.#environment)
    } catch (error) {
      this.#folder.release()
      throw error
    }
    this.maxKeyBytes = this.#environment.maxKeyBytes
    this.maxValueBytes = options.maxValueBytes ?? 64 * 1024 * 1024
    this.#visible = this.#accepted = read.sequence
    this.#log = new ConflictLog(read.sequence)
    this.#current = read
  }

  /** Paths whose modes were too wide and were tightened at opening. */
  get tightened(): readonly string[] {
    return this.#folder.tightened
  }

  /** Bytes by which the data file was too short at opening: entries in them are lost, and reading one says so. */
  get missingBytes(): number {
    return this.#environment.missingBytes
  }

  get sequence(): Sequence {
    return this.#visible
  }

  snapshot(): Snapshot {
    if (this.#closing !== undefined) throw storageErrors.CLOSED()
    this.#current ??= new SharedRead(this.#environment)
    const read = this.#current
    // LMDB shows a commit a moment before its promise resolves; whoever sees it must find the caches told of it.
    if (read.sequence > this.#visible) this.#announce(read.sequence)
    read.retain()
    this.#open.add(read.sequence)
    return new LmdbSnapshot(read, () => this.#open.remove(read.sequence))
  }

  commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    if (this.#closing !== undefined) return Promise.reject(storageErrors.CLOSED())
    try {
      checkWrites(this, writes)
    } catch (error) {
      return Promise.reject(error)
    }
    const newer = this.#log.conflict(reads)
    if (newer !== undefined) return this.#refuse(newer)
    const sequence = ++this.#accepted
    this.#log.record(sequence, writes.keys())
    const promise = new Promise<Sequence>((resolve, reject) => {
      this.#queue.push({ sequence, writes, resolve, reject })
    })
    this.#promises.set(sequence, promise)
    this.#draining ??= this.#drain()
    return promise
  }

  subscribe(listener: (change: Change) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  /** Rejects once the commit that was conflicted with has been decided: a rerun before that would only conflict again. */
  async #refuse(newer: Sequence): Promise<never> {
    await this.#promises.get(newer)?.catch(() => undefined)
    throw storageErrors.CONFLICT()
  }

  async #drain(): Promise<void> {
    // Let the commits of this turn join the first group.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const group = this.#queue
      this.#queue = []
      await this.#write(group)
    }
    this.#draining = undefined
  }

  async #write(group: readonly Pending[]): Promise<void> {
    this.#inFlight = [...group]
    try {
      await this.#environment.write(group)
    } catch (error) {
      this.#inFlight = []
      return this.#failed(group, error)
    }
    const last = group.at(-1)
    if (last === undefined) return
    this.#announce(last.sequence)
    for (const pending of group) {
      this.#promises.delete(pending.sequence)
      pending.resolve(pending.sequence)
    }
    this.#log.trim(this.#open.oldest() ?? this.#visible, this.#visible)
  }

  async #failed(group: readonly Pending[], error: unknown): Promise<void> {
    if (group.length > 1) {
      // One commit that does not fit must not fail those that happened to share its group.
      for (const pending of group) await this.#write([pending])
      return
    }
    for (const pending of group) {
      this.#log.withdraw(pending.sequence)
      this.#promises.delete(pending.sequence)
      pending.reject(storageErrorOf(error, this.#environment.path))
    }
  }

  /** Tells of the commits up to `sequence` and lets snapshots show them. */
  #announce(sequence: Sequence): void {
    const stale = this.#current !== undefined && this.#current.sequence < sequence ? this.#current : undefined
    if (stale !== undefined) this.#current = undefined
    stale?.release()
    let done = 0
    for (const pending of this.#inFlight) {
      if (pending.sequence > sequence) break
      done++
      this.#visible = pending.sequence
      this.#feed.publish({ sequence: pending.sequence, keys: [...pending.writes.keys()] })
    }
    this.#inFlight.splice(0, done)
  }

  async #shutDown(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
    this.#current = undefined
    await this.#environment.close()
    this.#folder.release()
  }
}

/** Reads the number of the last commit. A data file that is damaged there is not opened. */
function firstRead(environment: Environment): SharedRead {
  try {
    return new SharedRead(environment)
  } catch (error) {
    // Closing is the library's promise; nobody here has anything to wait for it with.
    void environment.close().catch(() => undefined)
    const why = 'data.mdb is damaged; restore it from a backup'
    throw storageErrors.CANNOT_OPEN({ path: environment.path, why }, { cause: error })
  }
}
