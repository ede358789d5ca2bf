/**
 * The homes of namespaces with seals, as one core has them: which of them are open, and what the core keeps in memory of what lies in
 * them. A core that writes is told of each by the seals; one that only reads is handed the keys, and gives them up when storage says so.
 */
import { guard } from '../lib/secure/guarded.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Mount } from '../request/mount.ts'
import { homeCalled, homeNameIn, homeNameOf, withinHome } from '../request/namespace-home.ts'
import type { NamespaceInfo } from '../request/namespace-ports.ts'
import { isSealable } from '../router/namespace-index.ts'
import type { NamespaceTable } from '../router/namespace-table.ts'
import type { MountTable } from '../router/mount-table.ts'
import { Barrier } from '../seal/barrier.ts'
import type { NamespaceKeys } from '../seal/namespace-keys.ts'
import { KEYRING_KEY, ROOT_KEY_LINKS_KEY } from '../seal/storage-keys.ts'
import { namespaceErrors } from '../errors/namespaces.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView } from '../storage/view.ts'
import { toCofferError } from './failure.ts'
import type { Follower } from './followed.ts'
import type { ActivePart } from './lifecycle.ts'

export interface HomesDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly keys: NamespaceKeys
  readonly namespaces: NamespaceTable
  readonly mounts: MountTable
  /** Its engine lets go of what it holds for a mount. */
  released(mount: Mount): Promise<void>
  /** Nothing that was read in any home stays in memory, but for the tables; nothing goes on in the one of that name. */
  forget(name: string): void
}

export class Homes implements ActivePart, Follower {
  readonly #deps: HomesDeps
  /** Those whose keyring was replaced since it was read. */
  readonly #changed = new Set<string>()
  /** Those that are open, and whose namespaces and mounts were read. */
  readonly #served = new Set<string>()
  #folders: readonly string[] = ['']

  constructor(deps: HomesDeps) {
    this.#deps = deps
    deps.store.driver.subscribe(({ keys, reset }) => {
      const { names } = deps.keys
      if (names.length === 0) return
      if (reset === true) for (const name of names) this.#changed.add(name)
      for (const key of keys) if (withinHome(key) === KEYRING_KEY) this.#changed.add(homeNameIn(key))
    })
  }

  /** Before the tables are read: what is stored may be of another time. A home whose keys do not open it any more is sealed. */
  async start(): Promise<void> {
    const { store, keys } = this.#deps
    this.#changed.clear()
    await store.read(async (view) => {
      for (const name of keys.names) await this.#reload(view, name)
    })
  }

  stop(): void {
    this.#changed.clear()
  }

  // For cores that only read

  get lags(): boolean {
    return this.#changed.size > 0
  }

  async follow(view: ReadView): Promise<void> {
    for (const name of this.#changed) {
      this.#changed.delete(name)
      await this.#reload(view, name)
    }
  }

  /** The vault is sealed: every key is wiped. */
  discard(): void {
    this.#served.clear()
    this.#fold()
    this.#deps.keys.discard()
  }

  /** With a root key that another core has, which is wiped here. A home that cannot be opened with it stays as it is. */
  async openWith(name: string, rootKey: Uint8Array): Promise<void> {
    const key = guard(rootKey)
    const { keys, store } = this.#deps
    if (keys.isOpen(name)) return key.wipe()
    const stored = await store.read((view) => view.get(homeCalled(name) + KEYRING_KEY))
    if (stored === undefined) return key.wipe()
    const barrier = this.newBarrier(name)
    barrier.unseal(key, stored)
    await this.admit(name, barrier)
  }

  /** With all below it. Its keys are wiped. */
  async close(name: string): Promise<void> {
    const all = [...this.below(name), name]
    this.refuse(all)
    for (const one of all) {
      const barrier = this.#deps.keys.barrier(one)
      await this.dismiss(one)
      barrier?.discard()
    }
  }

  /**
   * A row of the table came, changed or went, by another core: the home that is to be closed for that, as an administrator has sealed or
   * deleted its namespace.
   */
  closedBy(id: string, row: NamespaceInfo | undefined): string | undefined {
    const name = homeNameOf(id)
    if (name === '' || !this.#deps.keys.isOpen(name)) return undefined
    const closes = row === undefined ? this.#deps.namespaces.rootOf(name) === undefined : isSealable(row) && row.sealed
    return closes ? name : undefined
  }

  // For all

  newBarrier(name: string): Barrier {
    const { store, clock } = this.#deps
    const home = homeCalled(name)
    return new Barrier({ driver: store.driver, clock, home, refusal: namespaceErrors.SEALED })
  }

  /** The folders of those, and the empty one of all that lies in none: another list whenever they change. */
  get folders(): readonly string[] {
    return this.#folders
  }

  /** From here on requests for the namespaces in them are refused. */
  refuse(names: readonly string[]): void {
    for (const name of names) this.#unserve(name)
  }

  /** Whether requests for the namespaces in it are answered. */
  serves(name: string): boolean {
    return this.#served.has(name)
  }

  /** What lies in the home can be read from here on. Requests for it are answered once its namespaces and mounts are known. */
  async admit(name: string, barrier: Barrier): Promise<void> {
    this.#deps.keys.admit(name, barrier)
    await this.readTables()
    if (this.#deps.keys.barrier(name) !== barrier) return
    this.#served.add(name)
    this.#fold()
  }

  /** Nothing in the home can be read from the first moment on; once this resolves nothing of it is in memory but the keys. */
  async dismiss(name: string): Promise<void> {
    const { keys, mounts, released, forget } = this.#deps
    this.#unserve(name)
    if (keys.dismiss(name) === undefined) return
    const theirs = mounts.all().filter(({ namespaceId }) => homeNameOf(namespaceId) === name)
    forget(name)
    for (const mount of theirs) await released(mount)
    await this.readTables()
    // What was under way when it was sealed may have put something back.
    forget(name)
  }

  #fold(): void {
    this.#folders = ['', ...[...this.#served].map(homeCalled)]
  }

  #unserve(name: string): void {
    if (this.#served.delete(name)) this.#fold()
  }

  /** Homes of namespaces below the one whose home this is, the lowest first. */
  below(name: string): readonly string[] {
    const { namespaces } = this.#deps
    const root = this.#deps.namespaces.rootOf(name)
    if (root === undefined) return []
    const rows = namespaces.below(root).filter((row) => isSealable(row) && homeNameOf(row.id) !== name)
    return rows.toSorted((a, b) => b.path.length - a.path.length).map(({ id }) => homeNameOf(id))
  }

  /** What can be read has changed. */
  async readTables(): Promise<void> {
    const { store, namespaces, mounts } = this.#deps
    await store.read(async (view) => {
      await namespaces.follower.reload(view)
      await mounts.follower.reload(view)
    })
  }

  async #reload(view: ReadView, name: string): Promise<void> {
    const { keys, log } = this.#deps
    const barrier = keys.barrier(name)
    if (barrier === undefined) return
    try {
      const home = homeCalled(name)
      const stored = await view.get(home + KEYRING_KEY)
      if (stored === undefined) throw namespaceErrors.ABSENT()
      barrier.reload(stored, await view.get(home + ROOT_KEY_LINKS_KEY))
    } catch (error) {
      log.warn('the keys of a namespace do not open it any more: it is sealed', { code: toCofferError(error).code })
      this.#unserve(name)
      keys.dismiss(name)
      barrier.discard()
    }
  }
}
