/**
 * Keeps entries in memory that were read from a store behind a network, as they are stored: sealed. Every commit tells which keys it
 * changed before anybody can see it, so what is kept is never older than what a snapshot shows. Lists are not kept.
 *
 * An entry is right for a snapshot if it was read from one no newer, and nothing has changed the key since: who changes it, drops it.
 */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Change, Driver, Entry, Range, ReadSet, Sequence, Snapshot, WriteSet } from './driver.ts'
import { PassingDriver } from './passing-driver.ts'

export interface CacheLimits {
  readonly entries: number
  /** Of keys and values. */
  readonly bytes: number
}

/** Changed keys that are remembered, so that what was read just before a change is not kept. */
const REMEMBERED = 16_384
/** Of an entry besides its key and value, about. */
const OVERHEAD = 128

interface Kept {
  /** The snapshot that it was read from, or the commit that wrote it. */
  readonly from: Sequence
  /** Undefined for a key that is not stored. */
  readonly value: Uint8Array | undefined
  /** It was asked for since it was last spared. */
  used: boolean
}

export class CachingDriver extends PassingDriver {
  readonly #limits: CacheLimits
  readonly #kept = new Map<string, Kept>()
  #bytes = 0
  /** The last commits' keys, with the newest commit that changed each, oldest first. */
  readonly #changed = new Map<string, Sequence>()
  /** Of what was changed up to here only what `#changed` says is known. */
  #forgotten: Sequence = 0

  constructor(inner: Driver, limits: CacheLimits) {
    super(inner)
    this.#limits = limits
    this.#forgotten = inner.sequence
    inner.subscribe((change) => this.#drop(change))
  }

  override snapshot(): Awaitable<Snapshot> {
    const snapshot = this.inner.snapshot()
    return snapshot instanceof Promise ? snapshot.then((one) => this.#over(one)) : this.#over(snapshot)
  }

  /** What was written is what will be read. */
  override async commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    const sequence = await this.inner.commit(reads, writes)
    for (const [key, value] of writes) this.#keep(key, value, sequence)
    return sequence
  }

  /** Entries that are kept. */
  get size(): number {
    return this.#kept.size
  }

  #over(snapshot: Snapshot): Snapshot {
    return new CachedSnapshot(snapshot, {
      find: (key) => this.#find(key, snapshot.sequence),
      keep: (key, value) => this.#keep(key, value, snapshot.sequence),
    })
  }

  #find(key: string, sequence: Sequence): Kept | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined || kept.from > sequence) return undefined
    kept.used = true
    return kept
  }

  /** `value` is what commit `from` shows. */
  #keep(key: string, value: Uint8Array | undefined, from: Sequence): void {
    if (from < this.#forgotten || (this.#changed.get(key) ?? 0) > from || this.#kept.has(key)) return
    const size = sizeOf(key, value)
    if (size > this.#limits.bytes / 16) return
    this.#kept.set(key, { from, value, used: false })
    this.#bytes += size
    this.#makeRoom()
  }

  #drop({ sequence, keys, reset }: Change): void {
    if (reset === true) {
      this.#kept.clear()
      this.#bytes = 0
      this.#changed.clear()
      this.#forgotten = sequence
      return
    }
    for (const key of keys) {
      this.#remove(key)
      this.#changed.delete(key)
      this.#changed.set(key, sequence)
    }
    for (const [key, last] of this.#changed) {
      if (this.#changed.size <= REMEMBERED) break
      this.#changed.delete(key)
      this.#forgotten = last
    }
  }

  /** The oldest go first, but for those that were used since they were last looked at. */
  #makeRoom(): void {
    for (const [key, kept] of this.#kept) {
      if (this.#kept.size <= this.#limits.entries && this.#bytes <= this.#limits.bytes) return
      if (kept.used) {
        kept.used = false
        this.#kept.delete(key)
        this.#kept.set(key, kept)
      } else this.#remove(key)
    }
  }

  #remove(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#bytes -= sizeOf(key, kept.value)
  }
}

function sizeOf(key: string, value: Uint8Array | undefined): number {
  return key.length + (value?.byteLength ?? 0) + OVERHEAD
}

interface Cache {
  find(key: string): Kept | undefined
  keep(key: string, value: Uint8Array | undefined): void
}

class CachedSnapshot implements Snapshot {
  readonly sequence: Sequence
  readonly #inner: Snapshot
  readonly #cache: Cache
  #isOpen = true

  constructor(inner: Snapshot, cache: Cache) {
    this.#inner = inner
    this.#cache = cache
    this.sequence = inner.sequence
  }

  get(key: string): Awaitable<Uint8Array | undefined> {
    // One that is closed says so itself.
    const kept = this.#isOpen ? this.#cache.find(key) : undefined
    if (kept !== undefined) return kept.value
    const value = this.#inner.get(key)
    return value instanceof Promise ? value.then((found) => this.#kept(key, found)) : this.#kept(key, value)
  }

  keys(range: Range): Awaitable<string[]> {
    return this.#inner.keys(range)
  }

  entries(range: Range): Awaitable<Entry[]> {
    return this.#inner.entries(range)
  }

  close(): void {
    this.#isOpen = false
    this.#inner.close()
  }

  #kept(key: string, value: Uint8Array | undefined): Uint8Array | undefined {
    this.#cache.keep(key, value)
    return value
  }
}
