/**
 * Removing what a disabled mount leaves behind. The mount's row and a note of the removal change places in one transaction, so the
 * path is free at once; leases and storage go in the background, in small transactions, and a crash resumes at the note.
 */
import type { Mount } from '../request/mount.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { fromRecord, mountStorage, removalRecords, toRecord } from './mount-record.ts'

/** Keys deleted in one transaction: short enough that no other request waits. */
const BATCH = 500

export function noteRemoval(view: WriteView, mount: Mount): void {
  removalRecords.put(view, { uuid: mount.uuid }, toRecord(mount))
}

export interface RemovalDeps {
  readonly store: Store
  /** Takes back every lease and token issued below the mount; resolves once none is valid any more. */
  revokeLeases(mount: Mount): Promise<void>
  failed(mount: Mount, error: unknown): void
}

/** Works off every noted removal. Calls while one runs make it look once more. */
export class Remover {
  readonly #deps: RemovalDeps
  #running: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(deps: RemovalDeps) {
    this.#deps = deps
  }

  wake(): void {
    this.#again = true
    this.#running ??= this.#work()
  }

  /** Resolves once the batch at hand is done. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #work(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      for (const mount of await this.#noted()) {
        if (this.#stopped) break
        try {
          await this.#remove(mount)
        } catch (error) {
          this.#deps.failed(mount, error)
        }
      }
    }
    this.#running = undefined
  }

  async #noted(): Promise<readonly Mount[]> {
    try {
      return await this.#deps.store.read(notedRemovals)
    } catch {
      // Sealed or unreachable meanwhile: the notes are found again at the next unseal.
      return []
    }
  }

  async #remove(mount: Mount): Promise<void> {
    await this.#deps.revokeLeases(mount)
    const prefix = mountStorage(mount)
    for (;;) {
      const left = await this.#deps.store.write(async (view) => {
        const keys = await view.keys(prefix, { limit: BATCH })
        for (const key of keys) view.delete(key)
        if (keys.length === 0) removalRecords.delete(view, { uuid: mount.uuid })
        return keys.length
      })
      if (left === 0 || this.#stopped) return
    }
  }
}

export async function notedRemovals(view: ReadView): Promise<readonly Mount[]> {
  const out: Mount[] = []
  for (const uuid of await removalRecords.list(view)) {
    const record = await removalRecords.get(view, { uuid })
    if (record !== undefined) out.push(fromRecord(record))
  }
  return out
}
