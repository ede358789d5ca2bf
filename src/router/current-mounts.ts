/**
 * The mounts in memory. They follow storage by a moment: a commit can be seen before the request that made it has been told, and
 * two such requests are told in any order. What storage is known to have and the index does not have yet is read where it matters.
 */
import type { Clock } from '../lib/clock.ts'
import type { Mount } from '../request/mount.ts'
import type { Change, Sequence } from '../storage/driver.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView } from '../storage/view.ts'
import { MountIndex } from './mount-index.ts'
import { fromRecord, mountRecords } from './mount-record.ts'

/** ms after which a change that nobody brought is fetched: the answer to its commit was lost, or it is another server's. */
const PATIENCE = 100
const PREFIX = mountRecords.key({ uuid: '' })

export class CurrentMounts {
  readonly #store: Store
  readonly #clock: Clock
  /** Told of each mount that comes, changes or goes. */
  readonly #changed: (uuid: string) => void
  /** Mounts by their uuid that storage has changed and the index has not, with the commit that did. */
  readonly #behind = new Map<string, Sequence>()
  /** The commit that the index has of each mount that changed. */
  readonly #applied = new Map<string, Sequence>()
  /** The commit that replaced the whole store, where the index is still of before. */
  #replaced: Sequence | undefined
  #index = new MountIndex([])
  #open = false

  constructor(store: Store, clock: Clock, changed: (uuid: string) => void) {
    this.#store = store
    this.#clock = clock
    this.#changed = changed
    store.driver.subscribe((change) => this.#told(change))
  }

  get index(): MountIndex {
    return this.#index
  }

  async load(view: ReadView): Promise<void> {
    this.clear()
    this.#open = true
    this.#index = await allIn(view)
  }

  /** Whether storage is known to have what the index has not. */
  get lags(): boolean {
    return this.#replaced !== undefined || this.#behind.size > 0
  }

  /** Brings the index up to what a view shows: for whoever only reads, to whom nobody brings what changed. */
  async follow(view: ReadView): Promise<void> {
    if (this.#replaced !== undefined && view.sequence >= this.#replaced) await this.#reload(view)
    for (const uuid of this.#behind.keys()) this.apply(uuid, view.sequence, await stored(view, uuid))
  }

  /** Forgets everything, at seal. */
  clear(): void {
    this.#open = false
    this.#index = new MountIndex([])
    this.#behind.clear()
    this.#applied.clear()
    this.#replaced = undefined
  }

  /**
   * The mounts as a request's own transaction sees them, for deciding on a change. Where another changes a mount meanwhile, the
   * request's commit conflicts.
   */
  async at(view: ReadView): Promise<MountIndex> {
    await mountRecords.list(view)
    if (this.#replaced !== undefined) return allIn(view)
    let index = this.#index
    for (const uuid of this.#behind.keys()) {
      const mount = await stored(view, uuid)
      index = mount === undefined ? index.without(uuid) : index.with(mount)
    }
    return index
  }

  /** The mount as commit `sequence` left it; undefined where that removed it. */
  apply(uuid: string, sequence: Sequence, mount: Mount | undefined): void {
    if (sequence < (this.#applied.get(uuid) ?? 0)) return
    this.#applied.set(uuid, sequence)
    if ((this.#behind.get(uuid) ?? 0) <= sequence) this.#behind.delete(uuid)
    this.#index = mount === undefined ? this.#index.without(uuid) : this.#index.with(mount)
    this.#changed(uuid)
  }

  #told({ sequence, keys, reset }: Change): void {
    if (!this.#open) return
    if (reset === true) {
      this.#replaced = sequence
      this.#clock.timer(PATIENCE, () => this.#catchUp())
    }
    for (const key of keys) {
      if (!key.startsWith(PREFIX)) continue
      const uuid = key.slice(PREFIX.length)
      if (sequence <= (this.#applied.get(uuid) ?? 0)) continue
      if (this.#behind.size === 0) this.#clock.timer(PATIENCE, () => this.#catchUp())
      this.#behind.set(uuid, sequence)
    }
  }

  async #catchUp(): Promise<void> {
    if (!this.#open || !this.lags) return
    await this.#store.read((view) => this.follow(view))
  }

  async #reload(view: ReadView): Promise<void> {
    const before = this.#index
    this.#index = await allIn(view)
    this.#replaced = undefined
    for (const [uuid, sequence] of this.#behind) if (sequence <= view.sequence) this.#behind.delete(uuid)
    for (const { uuid } of before.all()) this.#changed(uuid)
  }
}

async function allIn(view: ReadView): Promise<MountIndex> {
  const mounts: Mount[] = []
  for (const uuid of await mountRecords.list(view)) {
    const mount = await stored(view, uuid)
    if (mount !== undefined) mounts.push(mount)
  }
  return new MountIndex(mounts)
}

async function stored(view: ReadView, uuid: string): Promise<Mount | undefined> {
  const record = await mountRecords.get(view, { uuid })
  return record && fromRecord(record)
}
