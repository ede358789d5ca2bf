/**
 * Rows of a table in memory. They follow storage by a moment: a commit can be seen before the request that made it has been told, and
 * two such requests are told in any order. What storage is known to have and the index does not have yet is read where it matters.
 */
import { absentWhileSealed } from '../errors/namespaces.ts'
import type { Clock } from '../lib/clock.ts'
import type { Change, Sequence } from './driver.ts'
import type { Store } from './store.ts'
import type { ReadView } from './view.ts'

/** Finds rows by whatever they are asked for by. Immutable. */
export interface RowIndex<R, I> {
  all(): readonly R[]
  with(row: R): I
  without(key: string): I
}

/** How the rows of one table stand in storage, each by its key. */
export interface StoredRows<R, I> {
  /** The key of the row that stands under a key of the storage; undefined where that is none of the table's. */
  keyIn(storageKey: string): string | undefined
  keyOf(row: R): string
  /** Of all that can be read: those in a home that is sealed cannot. */
  keys(view: ReadView): Promise<readonly string[]>
  get(view: ReadView, key: string): Promise<R | undefined>
  index(rows: readonly R[]): I
}

/** ms after which a change that nobody brought is fetched: the answer to its commit was lost, or it is another server's. */
const PATIENCE = 100

export class CurrentRows<R, I extends RowIndex<R, I>> {
  readonly #store: Store
  readonly #clock: Clock
  readonly #stored: StoredRows<R, I>
  /** Told of each row that comes, changes or goes. */
  readonly #changed: (key: string) => void
  /** Rows by their key that storage has changed and the index has not, with the commit that did. */
  readonly #behind = new Map<string, Sequence>()
  /** The commit that the index has of each row that changed. */
  readonly #applied = new Map<string, Sequence>()
  /** The commit that replaced the whole store, where the index is still of before. */
  #replaced: Sequence | undefined
  #index: I
  #open = false

  constructor(store: Store, clock: Clock, stored: StoredRows<R, I>, changed: (key: string) => void = () => undefined) {
    this.#store = store
    this.#clock = clock
    this.#stored = stored
    this.#changed = changed
    this.#index = stored.index([])
    store.driver.subscribe((change) => this.#told(change))
  }

  /** Whether the rows were read. */
  get isOpen(): boolean {
    return this.#open
  }

  get index(): I {
    return this.#index
  }

  async load(view: ReadView): Promise<void> {
    this.clear()
    this.#open = true
    this.#index = await this.#allIn(view)
  }

  /** Whether storage is known to have what the index has not. */
  get lags(): boolean {
    return this.#replaced !== undefined || this.#behind.size > 0
  }

  /** Brings the index up to what a view shows: for whoever only reads, to whom nobody brings what changed. */
  async follow(view: ReadView): Promise<void> {
    if (this.#replaced !== undefined && view.sequence >= this.#replaced) await this.reload(view)
    for (const key of this.#behind.keys()) this.apply(key, view.sequence, await this.#read(view, key))
  }

  /** Forgets everything, at seal. */
  clear(): void {
    this.#open = false
    this.#index = this.#stored.index([])
    this.#behind.clear()
    this.#applied.clear()
    this.#replaced = undefined
  }

  /**
   * The rows as a request's own transaction sees them, for deciding on a change. Where another changes a row meanwhile, the request's
   * commit conflicts.
   */
  async at(view: ReadView): Promise<I> {
    await this.#stored.keys(view)
    if (this.#replaced !== undefined) return this.#allIn(view)
    let index = this.#index
    for (const key of this.#behind.keys()) {
      const row = await this.#read(view, key)
      index = row === undefined ? index.without(key) : index.with(row)
    }
    return index
  }

  /** The row as commit `sequence` left it; undefined where that removed it. */
  apply(key: string, sequence: Sequence, row: R | undefined): void {
    if (sequence < (this.#applied.get(key) ?? 0)) return
    this.#applied.set(key, sequence)
    if ((this.#behind.get(key) ?? 0) <= sequence) this.#behind.delete(key)
    this.#index = row === undefined ? this.#index.without(key) : this.#index.with(row)
    this.#changed(key)
  }

  #told({ sequence, keys, reset }: Change): void {
    if (!this.#open) return
    if (reset === true) {
      this.#replaced = sequence
      this.#clock.timer(PATIENCE, () => this.#catchUp())
    }
    for (const storageKey of keys) {
      const key = this.#stored.keyIn(storageKey)
      if (key === undefined) continue
      if (sequence <= (this.#applied.get(key) ?? 0)) continue
      if (this.#behind.size === 0) this.#clock.timer(PATIENCE, () => this.#catchUp())
      this.#behind.set(key, sequence)
    }
  }

  async #catchUp(): Promise<void> {
    if (!this.#open || !this.lags) return
    await this.#store.read((view) => this.follow(view))
  }

  /** Reads all anew: a home was opened or sealed. */
  async reload(view: ReadView): Promise<void> {
    if (!this.#open) return
    const before = this.#index
    this.#index = await this.#allIn(view)
    this.#replaced = undefined
    for (const [key, sequence] of this.#behind) if (sequence <= view.sequence) this.#behind.delete(key)
    for (const row of before.all()) this.#changed(this.#stored.keyOf(row))
  }

  async #allIn(view: ReadView): Promise<I> {
    const rows: R[] = []
    for (const key of await this.#stored.keys(view)) {
      const row = await this.#read(view, key)
      if (row !== undefined) rows.push(row)
    }
    return this.#stored.index(rows)
  }

  /** A row in a home that is sealed is as one that is not there. */
  #read(view: ReadView, key: string): Promise<R | undefined> {
    return absentWhileSealed(() => this.#stored.get(view, key))
  }
}
