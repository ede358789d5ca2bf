/**
 * Namespaces with seals of their own, on the node's own core: made, unsealed by those who hold shares, sealed, removed. What is open is so
 * in this process and in those that it hands the keys to; what an administrator has sealed is noted in storage.
 */
import { isNamespaceSealed, namespaceErrors } from '../errors/namespaces.ts'
import { CofferError } from '../errors/coffer-error.ts'
import { requestErrors } from '../errors/request.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { wipe } from '../lib/secure/guarded.ts'
import { base62 } from '../lib/secure/random.ts'
import type { CeremoniesPort } from '../request/ceremony-ports.ts'
import { HOME_NAME, homeCalled, homeNameOf } from '../request/namespace-home.ts'
import type { NamespaceInfo } from '../request/namespace-ports.ts'
import type {
  KeysPort,
  NamespaceSealsPort,
  NamespaceSealWish,
  SealedNamespace,
} from '../request/namespace-seal-ports.ts'
import type { Namespace } from '../request/request.ts'
import type { SealState } from '../request/seal-state.ts'
import { isSealable } from '../router/namespace-index.ts'
import type { NamespaceTable } from '../router/namespace-table.ts'
import { namespaceKeysIn } from '../router/namespace-record.ts'
import type { Barrier } from '../seal/barrier.ts'
import { Ceremonies } from '../seal/ceremonies.ts'
import { parseNamespaceSeal } from '../seal/namespace-seal-config.ts'
import type { NamespaceKeys } from '../seal/namespace-keys.ts'
import { LINK_LIFETIME } from '../seal/root-key-links.ts'
import { SealManager } from '../seal/seal-manager.ts'
import { decodeShare } from '../seal/share-text.ts'
import { ShamirSeal } from '../seal/shamir-seal.ts'
import { ROOT_KEY_LINKS_KEY } from '../seal/storage-keys.ts'
import { isConflict, type Store, type Transaction } from '../storage/store.ts'
import { toCofferError } from './failure.ts'
import type { Homes } from './homes.ts'
import { keysPortOf } from './keys-port.ts'
import type { ActivePart, Role } from './lifecycle.ts'
import type { ThreadsPort } from './threads-port.ts'

export interface NamespaceSealsDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly keys: NamespaceKeys
  readonly homes: Homes
  readonly namespaces: NamespaceTable
  readonly threads: ThreadsPort
  /** What lies in the home can be read and written: whatever waited for that goes on. */
  opened(name: string): Promise<void>
  /** Takes a namespace that is marked away; tells whether all of it is gone. */
  remove(namespace: NamespaceInfo): Promise<boolean>
  /** A token that may do everything in a namespace. `ttl`: seconds, or 0. */
  createToken(transaction: Transaction, namespace: Namespace, ttl: number): Promise<string>
  /** Characters of such a token. */
  tokenLength(namespace: Namespace): number
}

/** How often keyrings are asked whether they are due for rotation, ms. */
const ROTATION_CHECK = 300_000
/** Others may change the table while a namespace is made. */
const ATTEMPTS = 16

export class NamespaceSeals implements NamespaceSealsPort, ActivePart {
  readonly #deps: NamespaceSealsDeps
  readonly #managers = new Map<string, { readonly manager: SealManager; readonly barrier: Barrier }>()
  readonly #ceremonies = new Map<string, Ceremonies>()
  readonly #timers = new Set<Timer>()

  constructor(deps: NamespaceSealsDeps) {
    this.#deps = deps
  }

  /** After the table was read: what was sealed while this core did not write is so from here on. */
  async start(role: Role): Promise<void> {
    const { keys, homes } = this.#deps
    if (role !== 'leader') return
    for (const name of keys.names) {
      const row = this.#deps.namespaces.rootOf(name)
      if (row === undefined || row.sealed) await homes.close(name)
      else this.#cleanLinks(name)
    }
    this.#watchRotation()
  }

  /** Keys stay: a core that takes another part goes on with them. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    for (const { manager } of this.#managers.values()) if (manager.sealed) manager.resetProgress()
    this.#managers.clear()
    for (const ceremonies of this.#ceremonies.values()) ceremonies.end()
    this.#ceremonies.clear()
  }

  async create(
    parent: Namespace,
    name: string,
    metadata: ReadonlyMap<string, string>,
    wish: NamespaceSealWish,
  ): Promise<SealedNamespace> {
    const config = { ...parseNamespaceSeal(wish.seal), pgpKeys: wish.pgpKeys }
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#create(parent, name, metadata, config)
      } catch (error) {
        if (!isConflict(error) || attempt === ATTEMPTS) throw asConfigError(error)
      }
    }
  }

  async status(parent: Namespace, name: string): Promise<SealState> {
    return this.#statusOf(this.#managerOf(await this.#sealable(parent, name)).manager)
  }

  async unseal(parent: Namespace, name: string, share: string): Promise<SealState> {
    const row = await this.#sealable(parent, name)
    if (share === '') throw namespaceErrors.NO_SHARE()
    const { manager } = this.#managerOf(row)
    const wasSealed = manager.sealed
    await manager.submit(decodeShare(share))
    if (wasSealed && !manager.sealed) this.#deps.log.info('unsealed a namespace', { path: row.path })
    return this.#statusOf(manager)
  }

  async resetUnseal(parent: Namespace, name: string): Promise<SealState> {
    const { manager } = this.#managerOf(await this.#sealable(parent, name))
    if (manager.sealed) manager.resetProgress()
    return this.#statusOf(manager)
  }

  async seal(parent: Namespace, name: string): Promise<void> {
    const { store, namespaces, log } = this.#deps
    const row = await this.#sealable(parent, name)
    if (row.tainted) throw namespaceErrors.SEAL_GOING()
    try {
      await store.write(async (view) =>
        namespaces.noteSealed(view, await namespaces.sealable(view, parent, name), true),
      )
    } finally {
      // Also where that could not be written down: who seals in need must not wait for the storage.
      await this.shut(homeNameOf(row.id))
    }
    log.info('sealed a namespace', { path: row.path })
  }

  /** Wipes the keys of a home and of those below it. */
  async shut(name: string): Promise<void> {
    const { homes } = this.#deps
    const all = [...homes.below(name), name]
    homes.refuse(all)
    for (const one of all) {
      this.#ceremonies.get(one)?.end()
      this.#ceremonies.delete(one)
      const { manager } = this.#managerCalled(one)
      if (manager.sealed) manager.resetProgress()
      await manager.seal()
    }
  }

  /** The namespace is no more: nothing is kept of its home. */
  async drop(name: string): Promise<void> {
    await this.shut(name)
    this.#managers.delete(name)
  }

  async deleteSealed(parent: Namespace, name: string, force: boolean): Promise<'absent' | 'going' | 'gone'> {
    const { store, namespaces } = this.#deps
    const row = await store.write(async (view) => {
      const found = await namespaces.find(view, parent, name)
      if (found === undefined || found.wiped) return found
      if (!isSealable(found) || !namespaces.isSealed(found)) throw namespaceErrors.NOT_SEALED()
      const home = homeCalled(homeNameOf(found.id))
      if (!force && (await namespaceKeysIn(view, home)).length > 0) throw namespaceErrors.LEFTOVERS()
      return namespaces.wipe(view, found)
    })
    if (row === undefined) return 'absent'
    this.#managers.get(homeNameOf(row.id))?.manager.resetProgress()
    return (await this.#deps.remove(row)) ? 'gone' : 'going'
  }

  keys(namespace: Namespace): KeysPort {
    const row = this.#own(namespace)
    return keysPortOf(this.#managerOf(row).barrier, this.#deps.log, row.path)
  }

  ceremonies(namespace: Namespace): CeremoniesPort {
    const row = this.#own(namespace)
    const name = homeNameOf(row.id)
    const known = this.#ceremonies.get(name)
    if (known !== undefined) return known
    const { store, clock, log, createToken, tokenLength } = this.#deps
    const { manager, barrier } = this.#managerOf(row)
    const made = new Ceremonies({
      manager: {
        status: () => manager.status(),
        verifyShares: (shares) => manager.verifyShares(shares),
        rekey: async (change) => {
          try {
            await manager.rekey(change)
          } finally {
            // It is not known which root key stands: nothing may be written under one that may not.
            if (barrier.sealed) await this.shut(name)
          }
        },
      },
      home: homeCalled(name),
      store,
      clock,
      log: log.named('ceremony'),
      tokenLength: tokenLength(row),
      createToken: (transaction, ttl) => createToken(transaction, row, ttl),
    })
    this.#ceremonies.set(name, made)
    return made
  }

  async #create(
    parent: Namespace,
    name: string,
    metadata: ReadonlyMap<string, string>,
    config: { readonly shares: number; readonly threshold: number; readonly pgpKeys: readonly string[] },
  ): Promise<SealedNamespace> {
    const { store, keys, homes, namespaces, log } = this.#deps
    const called = this.#freshName()
    const barrier = homes.newBarrier(called)
    const seal = new ShamirSeal()
    const manager = new SealManager({ store, barrier, seal, home: homeCalled(called) })
    const { shares, result: info } = await keys.making(called, barrier, () =>
      manager.initialize(config, (transaction) => namespaces.putSealable(transaction, parent, name, metadata, called)),
    )
    // Its mounts were written in there, and cannot be read any more.
    await homes.readTables()
    log.info('made a namespace with a seal', { path: info.path, shares: config.shares, threshold: config.threshold })
    const keyShares = shares.map((share) => Buffer.from(share).toString('hex'))
    for (const share of shares) wipe(share)
    return { info, keyShares, threshold: config.threshold }
  }

  #freshName(): string {
    for (;;) {
      const name = base62(HOME_NAME)
      if (this.#deps.namespaces.rootOf(name) === undefined) return name
    }
  }

  #sealable(parent: Namespace, name: string): Promise<NamespaceInfo> {
    const { store, namespaces } = this.#deps
    return store.read((view) => namespaces.sealable(view, parent, name))
  }

  #own(namespace: Namespace): NamespaceInfo {
    const row = this.#deps.namespaces.rootOf(homeNameOf(namespace.id))
    if (row?.id !== namespace.id) throw requestErrors.UNSUPPORTED_PATH()
    return row
  }

  #managerOf(row: NamespaceInfo) {
    return this.#managerCalled(homeNameOf(row.id))
  }

  #managerCalled(name: string) {
    const known = this.#managers.get(name)
    if (known !== undefined) return known
    const { store, keys, homes } = this.#deps
    const barrier = keys.barrier(name) ?? homes.newBarrier(name)
    const hooks = {
      unsealed: () => this.#open(name, barrier),
      sealing: () => this.#close(name),
      rekeyed: () => this.#rekeyed(name, barrier),
    }
    const seal = new ShamirSeal()
    const made = { manager: new SealManager({ store, barrier, seal, home: homeCalled(name), hooks }), barrier }
    this.#managers.set(name, made)
    return made
  }

  /** The keys are there. If this rejects, they are wiped. */
  async #open(name: string, barrier: Barrier): Promise<void> {
    const { store, namespaces, homes, threads, opened } = this.#deps
    const row = this.#deps.namespaces.rootOf(name)
    if (row === undefined) throw namespaceErrors.ABSENT()
    try {
      await homes.admit(name, barrier)
      // Last, so that nodes that hear of it find the keys here.
      await store.write(async (view) => {
        const now = await namespaces.stored(view, row)
        if (now === undefined || now.wiped) throw namespaceErrors.ABSENT()
        namespaces.noteSealed(view, now, false)
      })
      await opened(name)
      await threads.openHome(name, () => barrier.shareRootKey())
      this.#cleanLinks(name)
    } catch (error) {
      await this.#close(name)
      throw error
    }
  }

  /** Nobody may read on, here or in a thread; what the keys have opened is forgotten. */
  async #close(name: string): Promise<void> {
    const { homes, threads } = this.#deps
    const [dismissed] = await Promise.allSettled([homes.dismiss(name), threads.closeHome(name)])
    if (dismissed.status === 'rejected') throw dismissed.reason
  }

  async #rekeyed(name: string, barrier: Barrier): Promise<void> {
    const { threads } = this.#deps
    this.#cleanLinks(name)
    await threads.closeHome(name)
    await threads.openHome(name, () => barrier.shareRootKey())
  }

  async #statusOf(manager: SealManager): Promise<SealState> {
    const { type, initialized, sealed, threshold, shares, progress, nonce } = await manager.status()
    return { type, initialized, sealed, threshold, shares, progress, nonce }
  }

  #watchRotation(): void {
    this.#later(ROTATION_CHECK, async () => {
      for (const name of this.#deps.keys.names) await this.#rotateIfDue(name)
      this.#watchRotation()
    })
  }

  async #rotateIfDue(name: string): Promise<void> {
    const { keys, log } = this.#deps
    const path = this.#deps.namespaces.rootOf(name)?.path ?? ''
    try {
      if (await keys.barrier(name)?.rotateIfDue())
        log.info('installed a new encryption key of a namespace, as the old one was due', { path })
    } catch (error) {
      if (!isNamespaceSealed(error))
        log.error('the encryption key of a namespace could not be rotated', { path, code: toCofferError(error).code })
    }
  }

  /** What leads from an old root key to the new one goes once whoever follows has had his time. */
  #cleanLinks(name: string): void {
    const { store, keys, log } = this.#deps
    const key = homeCalled(name) + ROOT_KEY_LINKS_KEY
    this.#later(LINK_LIFETIME, async () => {
      if (!keys.isOpen(name)) return
      try {
        await store.write(async (view) => {
          if ((await view.get(key)) !== undefined) view.delete(key)
        })
      } catch (error) {
        log.warn('what leads to the newest root key of a namespace could not be removed, and is so later', {
          code: toCofferError(error).code,
        })
        this.#cleanLinks(name)
      }
    })
  }

  #later(ms: number, work: () => Promise<void>): void {
    const timer = this.#deps.clock.timer(ms, async () => {
      this.#timers.delete(timer)
      await work()
    })
    this.#timers.add(timer)
  }
}

/** In the words for a namespace. */
function asConfigError(error: unknown): unknown {
  if (!(error instanceof CofferError && error.code === 'SEAL_INVALID_CONFIG')) return error
  const reason = error.message.replace(/^invalid seal configuration: /, 'invalid seal config: ')
  return namespaceErrors.SEAL_CONFIG({ reason }, { cause: error })
}
