/**
 * What is left to do after a mount was disabled or moved. The note of it is written in the transaction that changes the mount, so a
 * crash resumes here; the work goes in small transactions, and no request waits for it.
 */
import { collection, f } from '../framework/index.ts'
import { homeView } from '../request/namespace-home.ts'
import type { Mount } from '../request/mount.ts'
import type { Store } from '../storage/store.ts'
import type { WriteView } from '../storage/view.ts'
import { fromRecord, mountStorage, removalRecords, toRecord } from './mount-record.ts'

const moveRecords = collection('core/moves/{id}', {
  from: f.string(),
  to: f.string(),
  /** Left out by versions that knew the root namespace alone. */
  namespace_id: f.string().default('root'),
  /** Where it went, if not within that one. */
  into: f.string().optional(),
  /** The mount; left out by versions that moved none to another namespace. */
  uuid: f.string().default(''),
})

export interface Move {
  readonly from: string
  readonly to: string
  readonly namespace_id: string
  readonly into: string | undefined
  readonly uuid: string
}
/** Keys deleted in one transaction: short enough that no other request waits. */
const BATCH = 500

export function noteRemoval(view: WriteView, mount: Mount): void {
  removalRecords.put(homeView(view, mount.namespaceId), { uuid: mount.uuid }, toRecord(mount))
}

export function noteMove(view: WriteView, id: string, move: Move): void {
  moveRecords.put(homeView(view, move.namespace_id), { id }, move)
}

export interface LeftoversDeps {
  readonly store: Store
  /** Folders of the namespaces that are looked through; empty is that of all that have none. */
  homes(): readonly string[]
  /** Has what a mount lent follow it, or takes back what cannot; resumable. */
  moveLeases(move: Move): Promise<void>
  /** Takes away what other engines keep of a mount that is gone; resumable. */
  forgetMount(mount: Mount): Promise<void>
  moveEnded(id: string, status: 'success' | 'failure'): void
  /** For the log. */
  failed(what: string, error: unknown): void
}

/** Works off every note. A call while it runs makes it look once more. */
export class Leftovers {
  readonly #deps: LeftoversDeps
  #running: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(deps: LeftoversDeps) {
    this.#deps = deps
  }

  wake(): void {
    this.#again = true
    this.#running ??= this.#work()
  }

  /** Resolves once nothing is noted, or once all that is left has failed. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** Resolves once the batch at hand is done. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #work(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        for (const home of this.#deps.homes()) {
          await this.#moves(home)
          await this.#removals(home)
        }
      } catch (error) {
        this.#deps.failed('clearing up after mounts', error)
      }
    }
    this.#running = undefined
  }

  async #moves(home: string): Promise<void> {
    const { store } = this.#deps
    for (const id of await store.read((view) => moveRecords.list(view.sub(home)))) {
      const move = await store.read((view) => moveRecords.get(view.sub(home), { id }))
      if (move === undefined || this.#stopped) continue
      try {
        await this.#deps.moveLeases(move)
        await store.write((view) => moveRecords.delete(view.sub(home), { id }))
        this.#deps.moveEnded(id, 'success')
      } catch (error) {
        this.#deps.moveEnded(id, 'failure')
        this.#deps.failed(`moving the leases of ${move.from} to ${move.to}`, error)
      }
    }
  }

  async #removals(home: string): Promise<void> {
    const { store } = this.#deps
    for (const uuid of await store.read((view) => removalRecords.list(view.sub(home)))) {
      const record = await store.read((view) => removalRecords.get(view.sub(home), { uuid }))
      if (record === undefined || this.#stopped) continue
      const mount = fromRecord(record)
      await this.#deps.forgetMount(mount)
      await this.#clear(mount)
    }
  }

  async #clear(mount: Mount): Promise<void> {
    const prefix = mountStorage(mount)
    while (!this.#stopped) {
      const found = await this.#deps.store.write(async (view) => {
        const keys = await view.keys(prefix, { limit: BATCH })
        for (const key of keys) view.delete(key)
        if (keys.length === 0) removalRecords.delete(homeView(view, mount.namespaceId), { uuid: mount.uuid })
        return keys.length
      })
      if (found === 0) return
    }
  }
}
