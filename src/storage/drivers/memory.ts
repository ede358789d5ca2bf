/** Keeps everything in this process: for development and tests. Every key has its versions, so that snapshots stay true. */
import { storageErrors } from '../../errors/storage.ts'
import { ChangeFeed } from '../change-feed.ts'
import { ConflictLog } from '../conflict-log.ts'
import type { Change, Driver, Entry, Range, ReadSet, Sequence, Snapshot, WriteSet } from '../driver.ts'
import { checkWrites, compareKeys } from '../key-order.ts'
import { OpenSnapshots } from '../open-snapshots.ts'

interface Version {
  readonly sequence: Sequence
  readonly value: Uint8Array | undefined
}

const NOTHING = new Uint8Array(0)

export interface MemoryOptions {
  readonly maxValueBytes?: number
}

export class MemoryDriver implements Driver {
  readonly type = 'inmem'
  readonly election = undefined
  readonly current = true
  readonly maxKeyBytes = 1978
  readonly maxValueBytes: number
  readonly #keys: string[] = []
  readonly #versions = new Map<string, Version[]>()
  /** Keys that have versions to drop once the snapshots that need them are closed, by the commit that made them old. */
  #stale: Change[] = []
  readonly #open = new OpenSnapshots()
  readonly #feed = new ChangeFeed()
  #log = new ConflictLog(0)
  #sequence: Sequence = 0
  #closed = false
  #replacing: Promise<void> | undefined

  constructor(options: MemoryOptions = {}) {
    this.maxValueBytes = options.maxValueBytes ?? 64 * 1024 * 1024
  }

  get sequence(): Sequence {
    return this.#sequence
  }

  snapshot(): Snapshot {
    this.#assertOpen()
    const sequence = this.#sequence
    let open = true
    this.#open.add(sequence)
    const assertOpen = (): void => {
      this.#assertOpen()
      if (!open) throw new Error('the snapshot is closed')
    }
    return {
      sequence,
      get: (key) => {
        assertOpen()
        return this.#at(key, sequence)
      },
      keys: (range) => {
        assertOpen()
        return this.#keysAt(range, sequence)
      },
      entries: (range) => {
        assertOpen()
        return this.#keysAt(range, sequence).map((key): Entry => [key, this.#at(key, sequence) ?? NOTHING])
      },
      close: () => {
        if (!open) return
        open = false
        this.#open.remove(sequence)
      },
    }
  }

  async commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    this.#assertOpen()
    if (this.#replacing !== undefined) {
      await this.#replacing
      return this.commit(reads, writes)
    }
    checkWrites(this, writes)
    if (this.#log.conflict(reads) !== undefined) throw storageErrors.CONFLICT()
    const sequence = ++this.#sequence
    const keys = [...writes.keys()]
    this.#log.record(sequence, keys)
    for (const [key, value] of writes) this.#apply(key, { sequence, value })
    this.#stale.push({ sequence, keys })
    const oldest = this.#open.oldest() ?? sequence
    this.#log.trim(oldest, sequence)
    this.#collect(oldest)
    this.#feed.publish({ sequence, keys })
    return sequence
  }

  async replace(entries: AsyncIterable<readonly Entry[]>): Promise<Sequence> {
    while (this.#replacing !== undefined) await this.#replacing
    const replacing = this.#replace(entries)
    this.#replacing = replacing.then(
      () => undefined,
      () => undefined,
    )
    try {
      return await replacing
    } finally {
      this.#replacing = undefined
    }
  }

  async #replace(entries: AsyncIterable<readonly Entry[]>): Promise<Sequence> {
    this.#assertOpen()
    const all = new Map<string, Uint8Array | undefined>()
    for await (const page of entries) for (const [key, value] of page) all.set(key, value)
    checkWrites(this, all)
    this.#assertOpen()
    const sequence = ++this.#sequence
    for (const key of this.#keys) if (!all.has(key)) all.set(key, undefined)
    for (const [key, value] of all) this.#apply(key, { sequence, value })
    this.#stale.push({ sequence, keys: [...all.keys()] })
    this.#log = new ConflictLog(sequence)
    this.#feed.publish({ sequence, keys: [], reset: true })
    return sequence
  }

  async reach(sequence: Sequence): Promise<boolean> {
    return sequence <= this.#sequence
  }

  subscribe(listener: (change: Change) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#keys.length = 0
    this.#versions.clear()
    this.#stale = []
  }

  #assertOpen(): void {
    if (this.#closed) throw storageErrors.CLOSED()
  }

  #at(key: string, sequence: Sequence): Uint8Array | undefined {
    return this.#versions.get(key)?.findLast((version) => version.sequence <= sequence)?.value
  }

  #keysAt(range: Range, sequence: Sequence): string[] {
    const limit = range.limit ?? Infinity
    if (!range.prefix.isWellFormed()) return []
    const out: string[] = []
    let start = range.prefix
    if (range.from !== undefined && compareKeys(range.from, start) > 0) start = range.from
    let index = this.#lowerBound(start)
    if (range.after !== undefined && compareKeys(range.after, start) >= 0) {
      index = this.#lowerBound(range.after)
      if (this.#keys[index] === range.after) index++
    }
    for (; index < this.#keys.length && out.length < limit; index++) {
      const key = this.#keys[index] ?? ''
      if (!key.startsWith(range.prefix)) break
      if (this.#at(key, sequence) !== undefined) out.push(key)
    }
    return out
  }

  /** Index of the first key that is not before `key`. */
  #lowerBound(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.#keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #apply(key: string, version: Version): void {
    const versions = this.#versions.get(key)
    if (versions !== undefined) {
      versions.push(version)
    } else if (version.value !== undefined) {
      this.#versions.set(key, [version])
      this.#keys.splice(this.#lowerBound(key), 0, key)
    }
  }

  #collect(oldest: Sequence): void {
    let done = 0
    for (; done < this.#stale.length; done++) {
      const change = this.#stale[done]
      if (change === undefined || change.sequence > oldest) break
      for (const key of change.keys) this.#dropOld(key, oldest)
    }
    if (done > 0) this.#stale.splice(0, done)
  }

  #dropOld(key: string, oldest: Sequence): void {
    const versions = this.#versions.get(key)
    if (versions === undefined) return
    const kept = versions.findLastIndex((version) => version.sequence <= oldest)
    if (kept > 0) versions.splice(0, kept)
    const [only] = versions
    if (versions.length === 1 && only !== undefined && only.value === undefined && only.sequence <= oldest) {
      this.#versions.delete(key)
      this.#keys.splice(this.#lowerBound(key), 1)
    }
  }
}
