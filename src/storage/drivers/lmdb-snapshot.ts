/** Snapshots over LMDB. Those taken between two commits share one read transaction, so that a snapshot costs next to nothing. */
import type { RangeOptions } from 'lmdb'
import { storageErrors } from '../../errors/storage.ts'
import type { Entry, Range, Sequence, Snapshot } from '../driver.ts'
import { compareKeys, isStorable } from '../key-order.ts'
import {
  type Database,
  decodeSequence,
  type LmdbKey,
  type ReadEnvironment,
  type ReadTransaction,
  SEQUENCE_KEY,
  storageErrorOf,
} from './lmdb-environment.ts'
import { boundsOf, type Half, halfIn, keyIn } from './lmdb-halves.ts'

/** One LMDB read transaction, counted. Whoever makes it holds the first count. */
export class SharedRead {
  readonly sequence: Sequence
  /** Where the store is. */
  readonly half: Half
  readonly environment: ReadEnvironment
  readonly transaction: ReadTransaction
  readonly options: { readonly transaction: ReadTransaction }
  #count = 1
  #closed = false

  constructor(environment: ReadEnvironment) {
    this.environment = environment
    // The library keeps a read transaction of its own for a while; ask for one that shows the newest commit.
    environment.db.resetReadTxn()
    this.transaction = environment.db.useReadTransaction()
    this.options = { transaction: this.transaction }
    this.sequence = decodeSequence(environment.db.get(SEQUENCE_KEY, this.options))
    this.half = halfIn(environment.db, this.transaction)
    environment.readers.add(this)
  }

  get closed(): boolean {
    return this.#closed
  }

  retain(): void {
    this.#count++
  }

  release(): void {
    if (--this.#count === 0) this.abandon()
  }

  abandon(): void {
    if (this.#closed) return
    this.#closed = true
    this.environment.readers.delete(this)
    this.transaction.done()
  }
}

export class LmdbSnapshot implements Snapshot {
  readonly sequence: Sequence
  readonly #read: SharedRead
  readonly #onClose: () => void
  #open = true

  constructor(read: SharedRead, onClose: () => void) {
    this.#read = read
    this.sequence = read.sequence
    this.#onClose = onClose
  }

  get(key: string): Uint8Array | undefined {
    const { db, maxKeyBytes, path } = this.#environment()
    if (!isStorable(key, maxKeyBytes)) return undefined
    try {
      return db.get(keyIn(this.#read.half, key), this.#read.options)
    } catch (error) {
      throw storageErrorOf(error, path)
    }
  }

  keys(range: Range): string[] {
    const out: string[] = []
    this.#scan(range, (bounds, db) => {
      for (const key of db.getKeys(bounds)) if (typeof key === 'string') out.push(key)
    })
    return out
  }

  entries(range: Range): Entry[] {
    const out: Entry[] = []
    this.#scan(range, (bounds, db) => {
      for (const { key, value } of db.getRange(bounds)) if (typeof key === 'string') out.push([key, value])
    })
    return out
  }

  #scan(range: Range, read: (bounds: RangeOptions, db: Database) => void): void {
    const { db, maxKeyBytes, path } = this.#environment()
    if (range.limit === 0 || (range.prefix !== '' && !isStorable(range.prefix, maxKeyBytes))) return
    const { half } = this.#read
    const bounds = {
      ...startOf(half, range, maxKeyBytes),
      end: endOf(half, range.prefix),
      ...(range.limit === undefined ? {} : { limit: range.limit }),
      ...this.#read.options,
    }
    try {
      read(bounds, db)
    } catch (error) {
      throw storageErrorOf(error, path)
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#onClose()
    this.#read.release()
  }

  #environment(): ReadEnvironment {
    if (!this.#open) throw new Error('the snapshot is closed')
    if (this.#read.closed) throw storageErrors.CLOSED()
    return this.#read.environment
  }
}

function startOf(half: Half, range: Range, maxKeyBytes: number): { start: LmdbKey; exclusiveStart?: boolean } {
  const { prefix } = range
  const from = range.from !== undefined && compareKeys(range.from, prefix) > 0 ? range.from : prefix
  if (range.after !== undefined && range.after !== '' && compareKeys(range.after, from) >= 0) {
    return { start: keyIn(half, cut(range.after, maxKeyBytes)), exclusiveStart: true }
  }
  if (from === '') return { start: boundsOf(half).start }
  // No key is as long as a start that had to be cut, so all keys from it on are after what is left of it.
  return { start: keyIn(half, cut(from, maxKeyBytes)), exclusiveStart: Buffer.byteLength(from) > maxKeyBytes }
}

function cut(key: string, maxKeyBytes: number): LmdbKey {
  return Buffer.byteLength(key) > maxKeyBytes ? Buffer.from(key).subarray(0, maxKeyBytes) : key
}

/** The first byte string after all that start with the prefix. The last byte of UTF-8 is never 0xff, so adding one is enough. */
function endOf(half: Half, prefix: string): LmdbKey {
  if (prefix === '') return boundsOf(half).end
  const bytes = Buffer.from(prefix)
  const last = bytes.length - 1
  bytes[last] = (bytes[last] ?? 0) + 1
  return keyIn(half, bytes)
}
