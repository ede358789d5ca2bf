/** Keeps things that were parsed from stored entries, and never one that is older than its entry. */
import type { Change, Driver, Sequence } from './driver.ts'

export interface DerivedCacheOptions {
  /** The storage keys that the things derive from. */
  readonly prefix: string
  /** At most this many things are kept (two, for one); those that were not used for long go first. */
  readonly capacity: number
  /** The cache's key for a storage key, given relative to the prefix; undefined where nothing derives from it. By default that itself. */
  readonly keyOf?: (relative: string) => string | undefined
}

export class DerivedCache<V> {
  readonly #prefix: string
  readonly #capacity: number
  readonly #keyOf: (relative: string) => string | undefined
  /**
   * What was used since the young were so many that they became the old. A hit among the young changes nothing: to move one entry to
   * the end of a large map at each use is slow, as the places it left lie in the way of the next move.
   */
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  /** When a key last changed, for as many keys as are kept; `#floor` stands for those forgotten. */
  readonly #changed = new Map<string, Sequence>()
  /** A value that was read before this may be of before a change that is forgotten. */
  #floor: Sequence
  readonly #unsubscribe: () => void

  constructor(driver: Driver, options: DerivedCacheOptions) {
    this.#prefix = options.prefix
    this.#capacity = options.capacity
    this.#keyOf = options.keyOf ?? ((relative) => relative)
    this.#floor = driver.sequence
    this.#unsubscribe = driver.subscribe((change) => this.#invalidate(change))
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const value = this.#old.get(key)
    if (value !== undefined) this.#keep(key, value)
    return value
  }

  /**
   * Keeps what was derived from a snapshot, unless the key has changed since: a fill may come long after its read, when the
   * change that made it stale has already been told of. Returns whether it was kept.
   */
  fill(key: string, snapshotSequence: Sequence, value: V): boolean {
    if (snapshotSequence < this.#floor || snapshotSequence < (this.#changed.get(key) ?? 0)) return false
    this.#keep(key, value)
    return true
  }

  /** Forgets all, as at sealing. */
  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }

  /** Stops listening. Nothing can be filled any more. */
  close(): void {
    this.#unsubscribe()
    this.#floor = Infinity
    this.clear()
    this.#changed.clear()
  }

  #keep(key: string, value: V): void {
    if (this.#young.size >= Math.max(1, Math.floor(this.#capacity / 2)) && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
    this.#old.delete(key)
  }

  #invalidate(change: Change): void {
    if (change.reset === true) {
      this.clear()
      this.#changed.clear()
      this.#floor = change.sequence
    }
    for (const key of change.keys) {
      if (!key.startsWith(this.#prefix)) continue
      const own = this.#keyOf(key.slice(this.#prefix.length))
      if (own === undefined) continue
      this.#young.delete(own)
      this.#old.delete(own)
      this.#changed.delete(own)
      this.#changed.set(own, change.sequence)
      if (this.#changed.size > this.#capacity) this.#floor = Math.max(this.#floor, dropFirst(this.#changed) ?? 0)
    }
  }
}

function dropFirst<V>(map: Map<string, V>): V | undefined {
  for (const [key, value] of map) {
    map.delete(key)
    return value
  }
  return undefined
}
