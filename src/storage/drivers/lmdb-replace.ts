/**
 * Replaces all that an LMDB environment holds. LMDB keeps in memory whatever one of its transactions has written, so the new entries go
 * into the half that does not count, in many small ones; one more makes that half the one that counts, and the other is emptied. A
 * process that ends before that leaves the old store as it was, and some entries that nobody sees: the next one to open it drops them.
 */
import type { Entry, Sequence } from '../driver.ts'
import { checkWrites } from '../key-order.ts'
import { encodeSequence, type Environment, SEQUENCE_KEY, storageErrorOf, writeTogether } from './lmdb-environment.ts'
import { boundsOf, type Half, halfIn, keyIn, otherThan, putHalf } from './lmdb-halves.ts'

/** What one transaction takes. */
const BATCH_BYTES = 4 << 20
const BATCH_ENTRIES = 2000
/** Keys that are dropped at once. */
const DROPPED = 1000

export interface Replacement {
  readonly entries: AsyncIterable<readonly Entry[]>
  /** Of the commit that it is. */
  readonly sequence: Sequence
  readonly limits: { readonly maxKeyBytes: number; readonly maxValueBytes: number }
  /** Called just before it takes effect. */
  readonly ready: () => void
  /** Adds to the transaction by which it takes effect. */
  readonly note: () => void
}

export class LmdbReplacer {
  readonly #environment: Environment
  #half: Half
  #emptying: Promise<void>
  #closed = false

  /** @param half that counts. Drops what an earlier process has left in the other. */
  constructor(environment: Environment, half: Half) {
    this.#environment = environment
    this.#half = half
    this.#emptying = this.#emptyLater()
  }

  /** Where the store is. */
  get half(): Half {
    return this.#half
  }

  /** No commit may be under way. Rejects as `Driver.replace` does. */
  async replace({ entries, sequence, limits, ready, note }: Replacement): Promise<void> {
    await this.#emptying
    const target = otherThan(this.#half)
    try {
      await this.#write(() => this.#empty())
      for await (const batch of batchesOf(entries)) {
        checkWrites(limits, new Map(batch))
        await this.#write((db) =>
          writeTogether(db, () => {
            for (const [key, value] of batch) void db.put(keyIn(target, key), value)
          }),
        )
      }
      ready()
      await this.#write((db) =>
        writeTogether(db, () => {
          putHalf(db, target)
          void db.put(SEQUENCE_KEY, encodeSequence(sequence))
          note()
        }),
      )
      this.#half = target
    } finally {
      this.#emptying = this.#emptyLater()
    }
  }

  /** Resolves once nothing is written any more. What is left is dropped at the next opening. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#emptying
  }

  async #write(write: (db: Environment['db']) => Promise<void>): Promise<void> {
    const { db, path } = this.#environment
    try {
      await write(db)
    } catch (error) {
      throw storageErrorOf(error, path)
    }
  }

  /** What fails here is tried again before the next replacement, and at the next opening. */
  #emptyLater(): Promise<void> {
    return this.#empty().catch(() => undefined)
  }

  /** Drops all that stands in the half that does not count. */
  async #empty(): Promise<void> {
    const { db } = this.#environment
    while (!this.#closed) {
      db.resetReadTxn()
      // Of a replacement that failed nobody knows what became of it but the store.
      if (halfIn(db) !== this.#half) return
      const idle = otherThan(this.#half)
      const keys = [...db.getKeys({ ...boundsOf(idle), limit: DROPPED })]
      if (keys.length === 0) return
      await writeTogether(db, () => {
        for (const key of keys) void db.remove(keyIn(idle, key))
      })
    }
  }
}

async function* batchesOf(entries: AsyncIterable<readonly Entry[]>): AsyncGenerator<readonly Entry[]> {
  let batch: Entry[] = []
  let bytes = 0
  for await (const page of entries) {
    for (const entry of page) {
      batch.push(entry)
      bytes += entry[1].byteLength
      if (bytes < BATCH_BYTES && batch.length < BATCH_ENTRIES) continue
      yield batch
      batch = []
      bytes = 0
    }
  }
  if (batch.length > 0) yield batch
}
