/**
 * Remembers which keys the recent commits touched, so that a driver can tell whether a read set is stale. Commits are recorded
 * when they are accepted, before they are visible: two transactions that read the same and are under way at once cannot both pass.
 */
import type { ReadSet, Sequence } from './driver.ts'

interface Entry {
  readonly sequence: Sequence
  readonly keys: readonly string[]
}

export class ConflictLog {
  /** Everything at or below is forgotten: a read set older than this cannot be judged and counts as stale. */
  #horizon: Sequence
  #entries: Entry[] = []
  #last = new Map<string, Sequence>()
  #size = 0
  readonly #maxKeys: number

  /** @param maxKeys bounds the memory however old the oldest snapshot is. */
  constructor(horizon: Sequence, maxKeys = 1 << 18) {
    this.#horizon = horizon
    this.#maxKeys = maxKeys
  }

  /** The newest commit that makes the read set stale, if any does. */
  conflict(reads: ReadSet): Sequence | undefined {
    if (reads.keys.size === 0 && reads.prefixes.size === 0) return undefined
    if (reads.sequence < this.#horizon) return this.#entries.at(-1)?.sequence ?? this.#horizon
    let newest = reads.sequence
    for (const key of reads.keys) newest = Math.max(newest, this.#last.get(key) ?? 0)
    if (reads.prefixes.size > 0) newest = Math.max(newest, this.#newestBelow(reads.prefixes, newest))
    return newest > reads.sequence ? newest : undefined
  }

  record(sequence: Sequence, keys: Iterable<string>): void {
    const entry = { sequence, keys: [...keys] }
    this.#entries.push(entry)
    this.#size += entry.keys.length
    for (const key of entry.keys) this.#last.set(key, sequence)
  }

  /** Takes back a commit that failed, so that its keys conflict with nobody. */
  withdraw(sequence: Sequence): void {
    const index = this.#entries.findLastIndex((entry) => entry.sequence === sequence)
    const [entry] = index < 0 ? [] : this.#entries.splice(index, 1)
    if (entry === undefined) return
    this.#size -= entry.keys.length
    const orphans = new Set(entry.keys.filter((key) => this.#last.get(key) === sequence))
    for (const key of orphans) this.#last.delete(key)
    for (const { sequence: earlier, keys } of this.#entries) {
      for (const key of keys) if (orphans.has(key)) this.#last.set(key, earlier)
    }
  }

  /**
   * Forgets the commits at or below `oldest`, below which no read set can come any more. Beyond `maxKeys` the oldest go too,
   * but none newer than `visible`: those are still to be judged against.
   */
  trim(oldest: Sequence, visible: Sequence): void {
    let count = 0
    for (const entry of this.#entries) {
      const needed = entry.sequence > oldest && this.#size <= this.#maxKeys
      if (needed || entry.sequence > visible) break
      count++
      this.#size -= entry.keys.length
      this.#horizon = entry.sequence
      for (const key of entry.keys) if (this.#last.get(key) === entry.sequence) this.#last.delete(key)
    }
    if (count > 0) this.#entries.splice(0, count)
  }

  #newestBelow(prefixes: ReadonlySet<string>, after: Sequence): Sequence {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i]
      if (entry === undefined || entry.sequence <= after) break
      for (const prefix of prefixes) {
        if (entry.keys.some((key) => key.startsWith(prefix))) return entry.sequence
      }
    }
    return 0
  }
}
