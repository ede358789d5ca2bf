/**
 * A driver that fails where a test says so: to show that whatever is under way leaves all or nothing when the storage gives out.
 * Counting starts anew with each plan.
 */
import type { CofferError } from '../../src/errors/coffer-error.ts'
import { storageErrors } from '../../src/errors/storage.ts'
import type { Awaitable } from '../../src/lib/awaitable.ts'
import type { Driver, ReadSet, Sequence, Snapshot, WriteSet } from '../../src/storage/driver.ts'
import { PassingDriver } from '../../src/storage/passing-driver.ts'

export interface FaultPlan {
  /** The first commit is 1. The k-th fails with nothing written. */
  readonly failCommit?: number
  /** The k-th commit and all after it fail: the disk is full, or the process is as good as dead. */
  readonly failFromCommit?: number
  /** The k-th commit is written and yet answered with an error: the answer was lost. */
  readonly loseAnswerOfCommit?: number
  /** The k-th read of a value fails. */
  readonly failGet?: number
  readonly error?: () => CofferError
}

export class FaultyDriver extends PassingDriver {
  #plan: FaultPlan = {}
  #commits = 0
  #gets = 0
  #open = 0

  constructor(inner: Driver, plan: FaultPlan = {}) {
    super(inner)
    this.#plan = plan
  }

  /** Commits asked for since the plan was set. */
  get commits(): number {
    return this.#commits
  }

  /** Snapshots that were not closed. */
  get openSnapshots(): number {
    return this.#open
  }

  plan(plan: FaultPlan): void {
    this.#plan = plan
    this.#commits = 0
    this.#gets = 0
  }

  override snapshot(): Awaitable<Snapshot> {
    const snapshot = this.inner.snapshot()
    return snapshot instanceof Promise ? snapshot.then((inner) => this.#wrap(inner)) : this.#wrap(snapshot)
  }

  override async commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    const k = ++this.#commits
    const { failCommit, failFromCommit = Infinity, loseAnswerOfCommit } = this.#plan
    if (k === failCommit || k >= failFromCommit) throw this.#error()
    const sequence = await this.inner.commit(reads, writes)
    if (k === loseAnswerOfCommit) throw this.#error()
    return sequence
  }

  #wrap(inner: Snapshot): Snapshot {
    let open = true
    this.#open++
    return {
      sequence: inner.sequence,
      get: (key) => {
        if (++this.#gets === this.#plan.failGet) throw this.#error()
        return inner.get(key)
      },
      keys: (range) => inner.keys(range),
      entries: (range) => inner.entries(range),
      close: () => {
        if (open) this.#open--
        open = false
        inner.close()
      },
    }
  }

  #error(): CofferError {
    return (this.#plan.error ?? storageErrors.UNAVAILABLE)()
  }
}
