/**
 * The keys that requests have used, parsed. A key is asked for with the view that the request works on, and what is kept is only given
 * out where that view shows the very bytes it was made from: no thread and no node ever works with an outdated key, and nobody has to be
 * told of changes.
 */
import type { CallContext, ReadView } from '#framework'
import { transitErrors } from './errors.ts'
import { LoadedKey } from './loaded-key.ts'
import { config, keys } from './store.ts'

/** Keys kept for each mount, unless its `cache-config` says another number. */
const CAPACITY = 4096

interface Held {
  readonly bytes: Uint8Array
  readonly loaded: LoadedKey
}

interface MountKeys {
  readonly held: Map<string, Held>
  capacity: number
}

export interface Asking extends Pick<CallContext, 'mount'> {
  readonly view: ReadView
}

export class KeyRing {
  readonly #mounts = new Map<string, MountKeys>()

  /** Only for views that do not write: what a transaction may yet undo is not kept. */
  async find(c: Asking, name: string): Promise<LoadedKey | undefined> {
    const bytes = await keys.bytes(c.view, name)
    if (bytes === undefined) return undefined
    const held = this.#mounts.get(c.mount.uuid)?.held.get(name)
    if (held !== undefined && Buffer.compare(held.bytes, bytes) === 0) return held.loaded
    return this.#keep(c, name, bytes)
  }

  /** Throws `TRANSIT_KEY_NOT_FOUND`: "encryption key not found". */
  async require(c: Asking, name: string, what = 'encryption key'): Promise<LoadedKey> {
    const found = await this.find(c, name)
    if (found === undefined) throw transitErrors.KEY_NOT_FOUND({ what })
    return found
  }

  /** Forgets the keys of a mount. */
  release(mountUuid: string): void {
    this.#mounts.delete(mountUuid)
  }

  async #keep(c: Asking, name: string, bytes: Uint8Array): Promise<LoadedKey> {
    const size = await config.cacheSize(c.view)
    const loaded = new LoadedKey(keys.decode(name, bytes))
    const mount = this.#mounts.get(c.mount.uuid) ?? { held: new Map<string, Held>(), capacity: CAPACITY }
    this.#mounts.set(c.mount.uuid, mount)
    mount.capacity = size === 0 ? CAPACITY : size
    mount.held.delete(name)
    for (const [oldest] of mount.held) {
      if (mount.held.size < mount.capacity) break
      mount.held.delete(oldest)
    }
    mount.held.set(name, { bytes, loaded })
    return loaded
  }
}
