/** Keeps things that were parsed from stored entries, and never one that is older than its entry. */
import type { Change, Driver, Sequence } from './driver.ts'

export interface DerivedCacheOptions {
  /** The storage keys that the things derive from. */
  readonly prefix: string
  /** At most this many things are kept; those unused for longest go first. */
  readonly capacity: number
  /** The cache's key for a storage key, given relative to the prefix. By default that itself. */
  readonly keyOf?: (relative: string) => string
}

export class DerivedCache<V> {
  readonly #prefix: string
  readonly #capacity: number
  readonly #keyOf: (relative: string) => string
  readonly #values = new Map<string, V>()
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
    return this.#values.size
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    // The order of the map is the order of use.
    this.#values.delete(key)
    this.#values.set(key, value)
    return value
  }

  /**
   * Keeps what was derived from a snapshot, unless the key has changed since: a fill may come long after its read, when the
   * change that made it stale has already been told of. Returns whether it was kept.
   */
  fill(key: string, snapshotSequence: Sequence, value: V): boolean {
    if (snapshotSequence < this.#floor || snapshotSequence < (this.#changed.get(key) ?? 0)) return false
    this.#values.delete(key)
    this.#values.set(key, value)
    if (this.#values.size > this.#capacity) dropFirst(this.#values)
    return true
  }

  /** Forgets all, as at sealing. */
  clear(): void {
    this.#values.clear()
  }

  /** Stops listening. Nothing can be filled any more. */
  close(): void {
    this.#unsubscribe()
    this.#floor = Infinity
    this.#values.clear()
    this.#changed.clear()
  }

  #invalidate(change: Change): void {
    if (change.reset === true) {
      this.#values.clear()
      this.#changed.clear()
      this.#floor = change.sequence
    }
    for (const key of change.keys) {
      if (!key.startsWith(this.#prefix)) continue
      const own = this.#keyOf(key.slice(this.#prefix.length))
      this.#values.delete(own)
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
