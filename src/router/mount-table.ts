/** The mounts: kept in storage one by one, held in memory as an index that requests are routed by. */
import type { Engine } from '../framework/engine.ts'
import { mountErrors } from '../errors/mounts.ts'
import { requestErrors } from '../errors/request.ts'
import type { Clock } from '../lib/clock.ts'
import { noTuning, type Mount, type MountKind } from '../request/mount.ts'
import type { LeaseLimits } from '../request/ports.ts'
import { homeOf, homeView } from '../request/namespace-home.ts'
import { rootNamespace, type Namespace } from '../request/request.ts'
import type { AssertNamespace, NamespaceInfo } from '../request/namespace-ports.ts'
import type { MountChange, MountInit, MountPlace, MountsPort, MoveStatus } from '../request/system-ports.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { currentMounts, type CurrentMounts } from './current-mounts.ts'
import type { MountIndex } from './mount-index.ts'
import { fromRecord, mountKey, mountRecords, mountStorage, toRecord } from './mount-record.ts'
import { MoveLog } from './move-log.ts'
import { assertMountable, assertMovable, assertRemovable, assertTuning, isFixed } from './mount-rules.ts'
import { noteMove, noteRemoval } from './leftovers.ts'

export interface MountTableDeps {
  readonly clock: Clock
  /** Undefined for an unknown type; throws `MOUNT_OPTION` for options the type does not take. */
  engineOf(kind: MountKind, type: string, options: ReadonlyMap<string, string>): Engine | undefined
  typesOf(kind: MountKind): readonly string[]
  /** Seconds. */
  readonly systemLimits: LeaseLimits
  uuid(): string
  /** Eight hexadecimal digits. */
  accessorSuffix(): string
  readonly store: Store
  /** Folders of the namespaces whose mounts can be read; empty is that of all that have none. */
  homes?(): readonly string[]
  /** Takes back every lease and token issued below a mount; rejects with the engine's failure. */
  revokeLeases(mount: Mount): Promise<void>
  /** Called when a move or a removal was noted: what is left to do goes on in the background. */
  workNoted(): void
  /** The mount is there no more: its engine lets go of what it holds for it. */
  removed(mount: Mount): Promise<void>
  /** The namespaces below one, as a transaction sees them. */
  childrenOf(view: ReadView, namespace: Namespace): Promise<readonly NamespaceInfo[]>
  readonly assertNamespace: AssertNamespace
  /** `kv-v2` is `kv` with `version=2`. */
  canonicalType(
    type: string,
    options: ReadonlyMap<string, string>,
  ): { readonly type: string; readonly options: ReadonlyMap<string, string> }
  readonly version: string
}

const ROOT_HOME: readonly string[] = ['']

export class MountTable implements MountsPort {
  readonly #deps: MountTableDeps
  readonly #moves = new MoveLog()
  readonly #engines = new Map<string, Engine>()
  readonly #mounts: CurrentMounts

  constructor(deps: MountTableDeps) {
    this.#deps = deps
    this.#mounts = currentMounts(
      deps.store,
      deps.clock,
      () => deps.homes?.() ?? ROOT_HOME,
      (uuid) => void this.#engines.delete(uuid),
    )
  }

  get index(): MountIndex {
    return this.#mounts.index
  }

  /** For cores that only read. */
  get follower(): CurrentMounts {
    return this.#mounts
  }

  async load(view: ReadView): Promise<void> {
    this.#engines.clear()
    await this.#mounts.load(view)
  }

  /** Forgets everything, at seal. */
  clear(): void {
    this.#mounts.clear()
    this.#engines.clear()
  }

  /** Adds those of the mounts that every namespace has which are not there: all in a new one, some in one of an older version. */
  async bootstrap(view: WriteView, namespace: Namespace = rootNamespace): Promise<void> {
    const present = await this.#mounts.at(view)
    for (const init of EVERYWHERE)
      if (present.at(namespace.id, init.path) === undefined) await this.#add(view, namespace, init)
  }

  /** Whether `bootstrap` has anything to do. */
  isComplete(namespace: Namespace): boolean {
    return EVERYWHERE.every(({ path }) => this.at(namespace, path) !== undefined)
  }

  /** As a transaction sees them. */
  stored(view: ReadView): Promise<MountIndex> {
    return this.#mounts.at(view)
  }

  engine(mount: Mount): Engine {
    const known = this.#engines.get(mount.uuid)
    if (known !== undefined) return known
    const engine = this.#deps.engineOf(mount.kind, mount.type, mount.options)
    if (engine === undefined) throw mountErrors.TYPE_UNKNOWN({ type: mount.type })
    this.#engines.set(mount.uuid, engine)
    return engine
  }

  all(): readonly Mount[] {
    return this.index.all()
  }

  of(namespace: Namespace): readonly Mount[] {
    return this.index.of(namespace.id)
  }

  at(namespace: Namespace, path: string): Mount | undefined {
    return this.index.at(namespace.id, path)
  }

  serving(namespace: Namespace, path: string): Mount | undefined {
    return this.index.match(namespace.id, path)?.mount
  }

  limitsOf(mount: Mount): LeaseLimits {
    const { systemLimits } = this.#deps
    const maxTtl = mount.tuning.maxLeaseTtl > 0 ? mount.tuning.maxLeaseTtl : systemLimits.maxTtl
    const defaultTtl = mount.tuning.defaultLeaseTtl > 0 ? mount.tuning.defaultLeaseTtl : systemLimits.defaultTtl
    return { defaultTtl: Math.min(defaultTtl, maxTtl), maxTtl }
  }

  versionOf(): string {
    return `v${this.#deps.version}+builtin.coffer`
  }

  types(kind: MountKind): readonly string[] {
    return this.#deps.typesOf(kind)
  }

  /**
   * A request was routed by `mount`, and its body may have taken long. That the mount is there is read in the transaction of its write:
   * where it goes meanwhile the commit fails, and nothing is written where nobody will look.
   */
  async assertHeld(view: ReadView, mount: Mount): Promise<void> {
    await this.#deps.assertNamespace(view, mount.namespaceId)
    if (isFixed(mount)) return
    const isThere = await mountRecords.has(homeView(view, mount.namespaceId), { uuid: mount.uuid })
    // Where it went to another namespace somebody else decides who may use it.
    const current = this.index.byUuid(mount.uuid)
    if (!isThere || (current !== undefined && current.namespaceId !== mount.namespaceId))
      throw requestErrors.NO_HANDLER({ path: mount.path })
  }

  async enable(view: WriteView, namespace: Namespace, asked: MountInit): Promise<Mount> {
    const init = { ...asked, ...this.#deps.canonicalType(asked.type, asked.options) }
    assertMountable(init, {
      mounts: (await this.#mounts.at(view)).within(namespace.id),
      known: this.#deps.engineOf(init.kind, init.type, init.options) !== undefined,
      namespaces: await this.#namesBelow(view, namespace),
    })
    return this.#add(view, namespace, init)
  }

  /** Paths of the namespaces in one, relative to it: a mount there would never be reached. */
  async #namesBelow(view: ReadView, namespace: Namespace): Promise<readonly string[]> {
    const children = await this.#deps.childrenOf(view, namespace)
    return children.map(({ path }) => path.slice(namespace.path.length))
  }

  /**
   * First nothing reaches the mount any more, then what it lent is taken back, then its row gives way to a note of what is left to
   * clear. Where a credential can't be taken back the mount stays, tainted: `lease revoke -force` and another try, as with Vault.
   */
  async disable(namespace: Namespace, path: string): Promise<void> {
    const mount = await this.#deps.store.write(async (view) => {
      const found = await this.#find(view, namespace, path)
      if (found === undefined) return undefined
      assertRemovable(found)
      return this.#replace(view, { ...found, tainted: true })
    })
    if (mount === undefined) return
    await this.#deps.revokeLeases(mount)
    await this.remove(mount)
  }

  /** What it lent was taken back: its row goes, and what it stored is to be removed. Safe to repeat. */
  async remove(mount: Mount): Promise<void> {
    const { store, removed, clock } = this.#deps
    await store.write(async (view) => {
      // Another request may have removed it meanwhile.
      if (!(await mountRecords.has(homeView(view, mount.namespaceId), { uuid: mount.uuid }))) return
      await this.engine(mount).unmounted?.({ mount, view: view.sub(mountStorage(mount)), clock })
      mountRecords.delete(homeView(view, mount.namespaceId), { uuid: mount.uuid })
      noteRemoval(view, mount)
      view.onCommitted((sequence) => {
        this.#mounts.apply(mountKey(mount), sequence, undefined)
        this.#deps.workNoted()
      })
    })
    await removed(mount)
    this.#engines.delete(mount.uuid)
  }

  async tune(view: WriteView, namespace: Namespace, path: string, change: MountChange): Promise<Mount> {
    const mount = await this.#current(view, namespace, path)
    const tuning: Mount['tuning'] = Object.freeze({ ...mount.tuning, ...change.tuning })
    assertTuning(tuning)
    const options = change.options ?? mount.options
    await this.#handOver(view, mount, options)
    return this.#replace(view, { ...mount, tuning, options, description: change.description ?? mount.description })
  }

  /** Other options may mean another engine (`kv` of version 2 for 1), which then converts what is stored or refuses. */
  async #handOver(view: WriteView, mount: Mount, options: Mount['options']): Promise<void> {
    const before = this.#deps.engineOf(mount.kind, mount.type, mount.options)
    const after = this.#deps.engineOf(mount.kind, mount.type, options)
    if (after === undefined || before === undefined) throw mountErrors.TYPE_UNKNOWN({ type: mount.type })
    if (after === before) return
    if (after.takesOver === undefined) throw mountErrors.OPTION({ name: 'version', takes: 'the version the mount has' })
    await after.takesOver({ mount, view: view.sub(mountStorage(mount)), clock: this.#deps.clock }, before)
  }

  async move(view: WriteView, from: MountPlace, to: MountPlace): Promise<string> {
    const mount = await this.#find(view, from.namespace, from.path)
    if (mount === undefined) throw mountErrors.NONE_AT({ path: from.path })
    const stays = from.namespace.id === to.namespace.id
    // What it has stored would have to be encrypted anew.
    if (homeOf(from.namespace.id) !== homeOf(to.namespace.id)) throw mountErrors.MOVE_SEAL()
    await this.#deps.assertNamespace(view, to.namespace.id)
    assertMovable(mount, to.path, {
      mounts: (await this.#mounts.at(view)).within(to.namespace.id),
      namespaces: await this.#namesBelow(view, to.namespace),
      stays,
    })
    this.#replace(view, { ...mount, path: to.path, namespaceId: to.namespace.id })
    const id = this.#deps.uuid()
    noteMove(view, id, {
      from: from.path,
      to: to.path,
      namespace_id: from.namespace.id,
      into: stays ? undefined : to.namespace.id,
      uuid: mount.uuid,
    })
    view.onCommitted(() => {
      const source = from.namespace.path + from.path
      this.#moves.record({ id, source, target: to.namespace.path + to.path, status: 'in-progress' })
      this.#deps.workNoted()
    })
    return id
  }

  /** The leases of a move have followed, or will never. */
  moveEnded(id: string, status: 'success' | 'failure'): void {
    const move = this.#moves.get(id)
    if (move !== undefined) this.#moves.record({ ...move, status })
  }

  moveStatus(id: string): MoveStatus | undefined {
    return this.#moves.get(id)
  }

  async #current(view: ReadView, namespace: Namespace, path: string): Promise<Mount> {
    const mount = await this.#find(view, namespace, path)
    if (mount === undefined) throw mountErrors.NO_SYSVIEW({ path })
    return mount
  }

  /** As it is stored now: another request may have changed it since the index was made. */
  async #find(view: ReadView, namespace: Namespace, path: string): Promise<Mount | undefined> {
    const known = (await this.#mounts.at(view)).at(namespace.id, path)
    const record = known && (await mountRecords.get(homeView(view, known.namespaceId), { uuid: known.uuid }))
    return record && fromRecord(record)
  }

  #replace(view: WriteView, mount: Mount): Mount {
    const frozen = Object.freeze(mount)
    mountRecords.put(homeView(view, mount.namespaceId), { uuid: mount.uuid }, toRecord(frozen))
    view.onCommitted((sequence) => this.#mounts.apply(mountKey(mount), sequence, frozen))
    return frozen
  }

  async #add(view: WriteView, namespace: Namespace, init: MountInit): Promise<Mount> {
    const prefix = init.kind === 'auth' ? `auth_${init.type}` : init.type
    const mount: Mount = Object.freeze({
      ...init,
      uuid: this.#deps.uuid(),
      accessor: `${prefix}_${this.#deps.accessorSuffix()}`,
      tuning: Object.freeze({ ...noTuning, ...init.tuning }),
      namespaceId: namespace.id,
      tainted: false,
    })
    this.#replace(view, mount)
    await this.#deps
      .engineOf(mount.kind, mount.type, mount.options)
      ?.mounted?.({ mount, view: view.sub(mountStorage(mount)), clock: this.#deps.clock })
    return mount
  }
}

const base = { options: new Map<string, string>(), local: false, sealWrap: false, externalEntropyAccess: false }

const EVERYWHERE: readonly MountInit[] = [
  {
    ...base,
    kind: 'secret',
    path: 'cubbyhole/',
    type: 'cubbyhole',
    description: 'per-token private secret storage',
    local: true,
    tuning: {},
  },
  {
    ...base,
    kind: 'secret',
    path: 'identity/',
    type: 'identity',
    description: 'identity store',
    tuning: { passthroughRequestHeaders: ['Authorization'] },
  },
  {
    ...base,
    kind: 'system',
    path: 'sys/',
    type: 'system',
    description: 'system endpoints used for control, policy and debugging',
    sealWrap: true,
    tuning: { passthroughRequestHeaders: ['Accept'] },
  },
  {
    ...base,
    kind: 'auth',
    path: 'auth/token/',
    type: 'token',
    description: 'token based credentials',
    tuning: { tokenType: 'default-service' },
  },
]
