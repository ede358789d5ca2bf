/** The storage as the program uses it: a driver that keeps bytes and a codec that seals them. */
import { CofferError } from '../errors/coffer-error.ts'
import { storageErrors } from '../errors/storage.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { Codec } from './codec.ts'
import type { Driver, Snapshot } from './driver.ts'
import { FairLane } from './fair-lane.ts'
import { ReadTransaction, Transaction } from './transaction.ts'
import type { ReadView } from './view.ts'

export type { ReadTransaction, Transaction } from './transaction.ts'

/** Attempts that run beside all others. */
const FREE_ATTEMPTS = 3
/** Attempts that run one writer at a time, in the order of arrival, beside those on their free attempts. */
const LANE_ATTEMPTS = 8
/** Attempts during which no other `write` begins one. Only those who commit without `write` can still conflict. */
const ALONE_ATTEMPTS = 8

/** Brings what is kept in memory up to what a new transaction shows. Undefined where it is there already. */
export type Follow = (view: ReadView) => Promise<void> | undefined

export class Store {
  readonly driver: Driver
  readonly #codec: Codec
  readonly #lane = new FairLane()
  /** While set, writers that begin an attempt wait for it. */
  #gate: Promise<void> | undefined
  readonly #follow: Follow

  /** @param follow is asked for every transaction before its owner gets it. */
  constructor(driver: Driver, codec: Codec, follow: Follow = () => undefined) {
    this.driver = driver
    this.#codec = codec
    this.#follow = follow
  }

  /** The caller commits or discards it, and reruns when the commit rejects with `STORAGE_CONFLICT`. */
  begin(): Awaitable<Transaction> {
    return withSnapshot(this.driver.snapshot(), (snapshot) => new Transaction(this.driver, this.#codec, snapshot))
  }

  /** The caller discards it. */
  beginRead(): Awaitable<ReadTransaction> {
    return withSnapshot(this.driver.snapshot(), (snapshot) =>
      this.#followed(new ReadTransaction(snapshot, this.#codec)),
    )
  }

  async read<T>(fn: (view: ReadView) => Awaitable<T>): Promise<T> {
    const transaction = await this.beginRead()
    try {
      return await fn(transaction)
    } finally {
      transaction.discard()
    }
  }

  /**
   * Runs `fn` and commits what it wrote; when it throws, nothing is written. `fn` is run again when what it read has changed
   * meanwhile, so it must do nothing that is not undone by not committing. Many writers of one key all get their turn.
   * Rejects with `STORAGE_CONFLICT` only if writers that bypass this method keep winning.
   */
  async write<T>(fn: (transaction: Transaction) => Awaitable<T>): Promise<T> {
    const free = await this.#attempts(fn, FREE_ATTEMPTS, true)
    if (free !== undefined) return free.result
    const leave = await this.#lane.enter()
    try {
      const shared = await this.#attempts(fn, LANE_ATTEMPTS, false)
      if (shared !== undefined) return shared.result
      const alone = await this.#attemptsAlone(fn)
      if (alone !== undefined) return alone.result
    } finally {
      leave()
    }
    throw storageErrors.CONFLICT()
  }

  #followed(transaction: ReadTransaction): Awaitable<ReadTransaction> {
    const waiting = this.#follow(transaction)
    return waiting === undefined ? transaction : settled(waiting, transaction)
  }

  async #attemptsAlone<T>(fn: (transaction: Transaction) => Awaitable<T>): Promise<{ readonly result: T } | undefined> {
    const gate = Promise.withResolvers<void>()
    this.#gate = gate.promise
    try {
      return await this.#attempts(fn, ALONE_ATTEMPTS, false)
    } finally {
      this.#gate = undefined
      gate.resolve()
    }
  }

  /** Undefined when each attempt met a conflict. */
  async #attempts<T>(
    fn: (transaction: Transaction) => Awaitable<T>,
    count: number,
    gated: boolean,
  ): Promise<{ readonly result: T } | undefined> {
    for (let attempt = 0; attempt < count; attempt++) {
      while (gated && this.#gate !== undefined) await this.#gate
      const transaction = await this.begin()
      try {
        const result = await fn(transaction)
        await transaction.commit()
        return { result }
      } catch (error) {
        transaction.discard()
        if (!isConflict(error)) throw error
      }
    }
    return undefined
  }
}

export function isConflict(error: unknown): boolean {
  return error instanceof CofferError && error.code === 'STORAGE_CONFLICT'
}

async function settled(waiting: Promise<void>, transaction: ReadTransaction): Promise<ReadTransaction> {
  try {
    await waiting
    return transaction
  } catch (error) {
    transaction.discard()
    throw error
  }
}

function withSnapshot<T>(snapshot: Awaitable<Snapshot>, make: (snapshot: Snapshot) => Awaitable<T>): Awaitable<T> {
  return snapshot instanceof Promise ? snapshot.then(make) : make(snapshot)
}
