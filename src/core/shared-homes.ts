/**
 * How the nodes of a cluster share what is open: one that follows asks the leader for the keys of namespaces, and gives them up when the
 * storage says that an administrator has sealed one. A key travels encrypted with the vault's own keys, besides the cluster's TLS: a node
 * that is sealed itself could do nothing with it.
 */
import { CofferError } from '../errors/coffer-error.ts'
import type { Logger } from '../lib/observe/index.ts'
import { wipe } from '../lib/secure/guarded.ts'
import { homeNameOf } from '../request/namespace-home.ts'
import { isSealable } from '../router/namespace-index.ts'
import type { NamespaceTable } from '../router/namespace-table.ts'
import type { Barrier } from '../seal/barrier.ts'
import type { NamespaceKeys } from '../seal/namespace-keys.ts'
import type { Store } from '../storage/store.ts'
import type { HomeKeysPort } from './cluster-port.ts'
import type { Homes } from './homes.ts'
import type { ThreadsPort } from './threads-port.ts'

export interface SharedHomesDeps {
  readonly store: Store
  readonly log: Logger
  readonly barrier: Barrier
  readonly keys: NamespaceKeys
  readonly homes: Homes
  readonly namespaces: NamespaceTable
  readonly threads: ThreadsPort
  /** Whether this node follows another. */
  follows(): boolean
}

/** No storage key starts so. */
const HANDED = '\0home/'

export class SharedHomes implements HomeKeysPort {
  readonly #deps: SharedHomesDeps

  constructor(deps: SharedHomesDeps) {
    this.#deps = deps
  }

  async missing(): Promise<readonly string[]> {
    const { store, namespaces, keys } = this.#deps
    if (!this.#deps.follows()) return []
    // Brings the table up to date.
    await store.read(() => undefined)
    return namespaces
      .all()
      .filter((row) => isSealable(row) && !row.sealed && !row.wiped && !keys.isOpen(homeNameOf(row.id)))
      .map(({ id }) => homeNameOf(id))
  }

  handOut(names: readonly string[]): ReadonlyMap<string, Uint8Array> {
    const { barrier, keys } = this.#deps
    const out = new Map<string, Uint8Array>()
    for (const name of names) {
      const shared = keys.barrier(name)?.shareRootKey()
      if (shared === undefined) continue
      const rootKey = new Uint8Array(shared)
      out.set(name, barrier.seal(HANDED + name, rootKey))
      wipe(rootKey)
    }
    return out
  }

  async takeIn(name: string, handed: Uint8Array): Promise<boolean> {
    const { barrier, homes, threads, keys, log } = this.#deps
    try {
      await homes.openWith(name, barrier.open(HANDED + name, handed))
    } catch (error) {
      // It was replaced, or this node was sealed, while it was on its way.
      if (!(error instanceof CofferError)) throw error
      log.debug('a key of a namespace could not be used', { code: error.code })
      return false
    }
    const path = await this.#pathWhereOpen(name)
    const own = keys.barrier(name)
    if (path === undefined || own === undefined) {
      await this.close(name)
      return false
    }
    await threads.openHome(name, () => own.shareRootKey())
    log.info('opened a namespace with the key of the node that leads', { path })
    return true
  }

  /** An administrator has sealed it by another node. */
  async close(name: string): Promise<void> {
    const { homes, threads } = this.#deps
    const all = [...homes.below(name), name]
    await homes.close(name)
    for (const one of all) await threads.closeHome(one)
  }

  /** It may have been sealed while its key was on its way. */
  async #pathWhereOpen(name: string): Promise<string | undefined> {
    const { store, namespaces } = this.#deps
    await store.read(() => undefined)
    const row = namespaces.rootOf(name)
    return row !== undefined && !row.sealed && this.#deps.follows() ? row.path : undefined
  }
}
