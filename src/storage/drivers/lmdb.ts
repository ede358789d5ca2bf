/**
 * The embedded store: LMDB in one folder. A commit is acknowledged after its fsync; concurrent commits share one.
 * Transactions are validated here and not in LMDB, so the one driver object is the only writer of its folder.
 */
import { storageErrors } from '../../errors/storage.ts'
import { ChangeFeed } from '../change-feed.ts'
import { CommitQueue, type GroupMember } from '../commit-queue.ts'
import type { Change, Driver, Entry, ReadSet, Sequence, Snapshot, WriteSet } from '../driver.ts'
import { OpenSnapshots } from '../open-snapshots.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { type Environment, openEnvironment, storageErrorOf } from './lmdb-environment.ts'
import { LmdbChangeLog } from './lmdb-change-log.ts'
import { replaceAll } from './lmdb-replace.ts'
import { LmdbSnapshot, SharedRead } from './lmdb-snapshot.ts'

export interface LmdbOptions {
  /** The folder. Created with mode 0700 where absent. */
  readonly path: string
  /** Address space to set aside, in bytes; it grows beyond. */
  readonly mapSize?: number
  readonly maxValueBytes?: number
  /** Other threads read the store, through `LmdbFollower`. */
  readonly followed?: boolean
}

export class LmdbDriver implements Driver {
  readonly type = 'lmdb'
  readonly election = undefined
  readonly current = true
  readonly maxKeyBytes: number
  readonly maxValueBytes: number
  readonly #folder: DataFolder
  readonly #environment: Environment
  readonly #feed = new ChangeFeed()
  readonly #open = new OpenSnapshots()
  readonly #commits: CommitQueue
  readonly #changes: LmdbChangeLog | undefined
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
    this.#current = read
    this.#changes = options.followed === true ? new LmdbChangeLog(this.#environment.db, read.sequence) : undefined
    this.#commits = new CommitQueue({
      sequence: read.sequence,
      limits: this,
      feed: this.#feed,
      open: this.#open,
      write: (group) => this.#write(group),
      errorOf: (error) => storageErrorOf(error, options.path),
      splits: () => true,
      visible: (sequence) => this.#dropBefore(sequence),
    })
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
    return this.#commits.sequence
  }

  snapshot(): Snapshot {
    if (this.#closing !== undefined) throw storageErrors.CLOSED()
    this.#current ??= new SharedRead(this.#environment)
    const read = this.#current
    // LMDB shows a commit a moment before its promise resolves; whoever sees it must find the caches told of it.
    if (read.sequence > this.sequence) this.#commits.announce(read.sequence)
    read.retain()
    this.#open.add(read.sequence)
    return new LmdbSnapshot(read, () => this.#open.remove(read.sequence))
  }

  commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    return this.#commits.commit(reads, writes)
  }

  replace(entries: AsyncIterable<readonly Entry[]>): Promise<Sequence> {
    return this.#commits.replace(async (sequence) => {
      await replaceAll(this.#environment, entries, sequence, this)
      this.#changes?.restart(sequence)
    })
  }

  async reach(sequence: Sequence): Promise<boolean> {
    return sequence <= this.sequence
  }

  subscribe(listener: (change: Change) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  async #write(group: readonly GroupMember[]): Promise<void> {
    await this.#environment.write(group, (members) => this.#changes?.note(members))
    const last = group.at(-1)
    if (last !== undefined) this.#changes?.noted(last.sequence)
  }

  #dropBefore(sequence: Sequence): void {
    const stale = this.#current !== undefined && this.#current.sequence < sequence ? this.#current : undefined
    if (stale !== undefined) this.#current = undefined
    stale?.release()
  }

  async #shutDown(): Promise<void> {
    await this.#commits.close(storageErrors.CLOSED())
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
