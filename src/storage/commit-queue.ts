/**
 * How the one process that writes a store commits: conflicts are found in memory, commits that come together are written together,
 * and each is announced to the subscribers before anybody hears that it is done.
 */
import { type CofferError } from '../errors/coffer-error.ts'
import { storageErrors } from '../errors/storage.ts'
import type { ChangeFeed } from './change-feed.ts'
import { ConflictLog } from './conflict-log.ts'
import type { ReadSet, Sequence, WriteSet } from './driver.ts'
import { checkWrites } from './key-order.ts'
import type { OpenSnapshots } from './open-snapshots.ts'

export interface GroupMember {
  readonly sequence: Sequence
  readonly writes: WriteSet
}

export interface CommitQueueOptions {
  /** The newest commit in the store. */
  readonly sequence: Sequence
  readonly limits: { readonly maxKeyBytes: number; readonly maxValueBytes: number }
  readonly feed: ChangeFeed
  readonly open: OpenSnapshots
  /** How many of those that wait, from the first on, are written together; all where absent. */
  cut?(queue: readonly GroupMember[]): number
  /** Writes all members or none; resolves once they are durable. One call at a time, in order. */
  write(group: readonly GroupMember[]): Promise<void>
  /** What a failed write is to the callers of the driver. */
  errorOf(error: unknown): CofferError
  /** Whether one member may have failed the others of its group, so that each is to be tried alone. */
  splits(error: unknown): boolean
  /** Called for commits that are announced, before the subscribers hear of them: what shows an older state is dropped. */
  visible?(sequence: Sequence): void
}

interface Pending extends GroupMember {
  readonly resolve: (sequence: Sequence) => void
  readonly reject: (error: unknown) => void
}

export class CommitQueue {
  readonly #options: CommitQueueOptions
  #log: ConflictLog
  /** Number of the last commit accepted; those after `#visible` are queued or in flight. */
  #accepted: Sequence
  #visible: Sequence
  readonly #queue: Pending[] = []
  /** The group that is being written, less those already announced. */
  #inFlight: Pending[] = []
  readonly #promises = new Map<Sequence, Promise<unknown>>()
  #draining: Promise<void> | undefined
  #replacing: Promise<unknown> | undefined
  #closed: CofferError | undefined

  constructor(options: CommitQueueOptions) {
    this.#options = options
    this.#visible = this.#accepted = options.sequence
    this.#log = new ConflictLog(options.sequence)
  }

  /** The newest commit that was announced. */
  get sequence(): Sequence {
    return this.#visible
  }

  /** As `Driver.commit`. */
  commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    try {
      checkWrites(this.#options.limits, writes)
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.#replacing !== undefined) return this.#afterReplacing(reads, writes)
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

  /** As `Driver.replace`: `write` puts everything in place of everything, as commit `sequence`, and rejects as that does. */
  async replace(write: (sequence: Sequence) => Promise<void>): Promise<Sequence> {
    while (this.#replacing !== undefined) await this.#replacing
    if (this.#closed !== undefined) throw this.#closed
    const replacing = this.#replace(write)
    this.#replacing = replacing.catch(() => undefined)
    try {
      return await replacing
    } finally {
      this.#replacing = undefined
    }
  }

  /**
   * Tells of the commits up to `sequence`, which somebody has seen in the store before their write resolved, and lets snapshots show
   * them.
   */
  announce(sequence: Sequence): void {
    this.#options.visible?.(sequence)
    let done = 0
    for (const pending of this.#inFlight) {
      if (pending.sequence > sequence) break
      done++
      this.#visible = pending.sequence
      this.#options.feed.publish({ sequence: pending.sequence, keys: [...pending.writes.keys()] })
    }
    this.#inFlight.splice(0, done)
  }

  /** Takes no more commits: they are rejected with `error`. Resolves once those under way have ended. */
  async close(error: CofferError): Promise<void> {
    this.#closed ??= error
    while (this.#draining !== undefined || this.#replacing !== undefined) {
      await this.#draining
      await this.#replacing
    }
  }

  async #afterReplacing(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    await this.#replacing
    return this.commit(reads, writes)
  }

  async #replace(write: (sequence: Sequence) => Promise<void>): Promise<Sequence> {
    while (this.#draining !== undefined) await this.#draining
    const sequence = ++this.#accepted
    await write(sequence)
    this.#log = new ConflictLog(sequence)
    this.#options.visible?.(sequence)
    this.#visible = sequence
    this.#options.feed.publish({ sequence, keys: [], reset: true })
    return sequence
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
      const group = this.#queue.splice(0, this.#options.cut?.(this.#queue) ?? this.#queue.length)
      await this.#write(group)
    }
    this.#draining = undefined
  }

  async #write(group: readonly Pending[]): Promise<void> {
    this.#inFlight = [...group]
    try {
      await this.#options.write(group)
    } catch (error) {
      this.#inFlight = []
      return this.#failed(group, error)
    }
    const last = group.at(-1)
    if (last === undefined) return
    this.announce(last.sequence)
    for (const pending of group) {
      this.#promises.delete(pending.sequence)
      pending.resolve(pending.sequence)
    }
    this.#log.trim(this.#options.open.oldest() ?? this.#visible, this.#visible)
  }

  async #failed(group: readonly Pending[], error: unknown): Promise<void> {
    if (group.length > 1 && this.#options.splits(error)) {
      // One commit that does not fit must not fail those that happened to share its group.
      for (const pending of group) await this.#write([pending])
      return
    }
    for (const pending of group) {
      this.#log.withdraw(pending.sequence)
      this.#promises.delete(pending.sequence)
      pending.reject(this.#options.errorOf(error))
    }
  }
}
