/** The writes of a transaction that is not committed yet, laid over the snapshot it reads. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Range, Snapshot, WriteSet } from './driver.ts'
import { compareKeys } from './key-order.ts'

export class Overlay {
  readonly #writes = new Map<string, Uint8Array | undefined>()

  get writes(): WriteSet {
    return this.#writes
  }

  set(key: string, value: Uint8Array | undefined): void {
    this.#writes.set(key, value)
  }

  /** As `Snapshot.keys`, with the writes applied. */
  keys(snapshot: Snapshot, range: Range): Awaitable<string[]> {
    if (this.#writes.size === 0 || range.limit === 0) return snapshot.keys(range)
    const touched = this.#within(range)
    if (touched.length === 0) return snapshot.keys(range)
    // Of what the snapshot gives, at most the deleted ones fall away: with so many more, enough remain.
    const deleted = touched.filter((key) => this.#writes.get(key) === undefined).length
    const wider = range.limit === undefined ? range : { ...range, limit: range.limit + deleted }
    const stored = snapshot.keys(wider)
    const merge = (keys: string[]): string[] => this.#merge(keys, touched).slice(0, range.limit)
    return stored instanceof Promise ? stored.then(merge) : merge(stored)
  }

  #merge(stored: readonly string[], touched: readonly string[]): string[] {
    const out: string[] = []
    let next = 0
    const addBefore = (bound: string | undefined): void => {
      for (let key = touched[next]; key !== undefined; key = touched[next]) {
        if (bound !== undefined && compareKeys(key, bound) >= 0) return
        if (this.#writes.get(key) !== undefined) out.push(key)
        next++
      }
    }
    for (const key of stored) {
      addBefore(key)
      if (touched[next] === key) next++
      if (!this.#writes.has(key) || this.#writes.get(key) !== undefined) out.push(key)
    }
    addBefore(undefined)
    return out
  }

  /** Filtered before sorted: a transaction that writes much and lists often lists mostly other, small prefixes. */
  #within({ prefix, after, from }: Range): string[] {
    const found: string[] = []
    for (const key of this.#writes.keys()) {
      if (!key.startsWith(prefix)) continue
      if (after !== undefined && compareKeys(key, after) <= 0) continue
      if (from === undefined || compareKeys(key, from) >= 0) found.push(key)
    }
    return found.sort(compareKeys)
  }
}
