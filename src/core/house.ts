/** The rooms that every core has, whether it writes or only reads, and how they hang together. */
import { rootTokenKeys } from '../auth/token-keys.ts'
import type { Registry } from '../engines/registry.ts'
import type { PathDefinition } from '../framework/path.ts'
import type { Events } from '../events/index.ts'
import { freshBytes, uuid } from '../lib/secure/random.ts'
import { leaseCensus } from '../leases/census.ts'
import { policyPrefix, PolicyStore } from '../policy/store.ts'
import { Quotas } from '../quotas/quotas.ts'
import { GoverningStore } from '../policy/expressions/governing-store.ts'
import type { Caller } from '../request/caller.ts'
import { plainLockout } from '../request/lockout-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { NamespaceInfo } from '../request/namespace-ports.ts'
import { homeCalled, homeNameOf } from '../request/namespace-home.ts'
import { rootNamespace, type Namespace } from '../request/request.ts'
import { mountStorage } from '../router/mount-record.ts'
import { MountTable } from '../router/mount-table.ts'
import { NamespaceTable } from '../router/namespace-table.ts'
import { Router } from '../router/router.ts'
import { Barrier } from '../seal/barrier.ts'
import { NamespaceKeys } from '../seal/namespace-keys.ts'
import { KEYRING_KEY, ROOT_KEY_LINKS_KEY } from '../seal/storage-keys.ts'
import type { Sequence } from '../storage/driver.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import type { ReadView } from '../storage/view.ts'
import { Active } from './active.ts'
import { enginesOf } from './engines.ts'
import type { HouseOptions, Standing } from './house-options.ts'
import { hasRoles, storageOf } from './mount-traits.ts'
import { reloadKeyring } from './reload-keyring.ts'
import { AuditHouse } from './audit-house.ts'
import { Cluster } from './cluster.ts'
import { Cors } from './cors.ts'
import type { PipelineDeps } from './deps.ts'
import { toCofferError } from './failure.ts'
import { EngineKeeper } from './engine-keeper.ts'
import { eventHouse } from './event-house.ts'
import { sealedMounts } from './sealed-mounts.ts'
import { GROUP_POLICIES_KEY, GroupPolicies } from './group-policies.ts'
import { Followed, followAll, type Follower } from './followed.ts'
import type { ActivePart, Role } from './lifecycle.ts'
import { Homes } from './homes.ts'
import { NamespaceRemover } from './namespace-remover.ts'
import { Observation } from './observation.ts'
import { version } from './version.ts'

export class House {
  readonly store: Store
  readonly barrier: Barrier
  /** The barrier's keys, and those of the namespaces that have seals of their own. */
  readonly keys: NamespaceKeys
  readonly homes: Homes
  readonly remover: NamespaceRemover
  readonly cluster = new Cluster()
  readonly cors = new Cors()
  readonly policies: PolicyStore
  readonly governing: GoverningStore
  readonly audit: AuditHouse
  readonly namespaces: NamespaceTable
  readonly mounts: MountTable
  readonly quotas: Quotas
  readonly active: Active
  readonly events: Events
  readonly observation: Observation
  readonly groupPolicies: GroupPolicies
  /** What is started at the unsealing, in this order, and stopped in the reverse one. */
  readonly parts: readonly ActivePart[]
  readonly #options: HouseOptions
  readonly #nothing = new Store(new MemoryDriver(), plainCodec)
  readonly #followers: Follower[]
  #registry: Registry | undefined
  /** The commit that last put something else in place of all that is stored. */
  #replacedAt: Sequence = 0

  /** @param role as what the core works at the moment. */
  constructor(options: HouseOptions, role: () => Role | undefined) {
    const { driver, clock, log, metrics, systemLimits } = options
    this.#options = options
    this.barrier = new Barrier({ driver, clock })
    // Only readers follow: a core that writes knows of its own changes, and a sealed one can read nothing.
    this.keys = new NamespaceKeys(this.barrier)
    this.store = new Store(driver, this.keys, (view) =>
      role() === 'reader' ? followAll(this.#followers, view) : undefined,
    )
    driver.subscribe(({ sequence, reset, keys }) => {
      if (reset === true) this.#replacedAt = sequence
      // What leads to a new root key is not there for long: it is followed at once, not only when the next request comes.
      if (keys.includes(ROOT_KEY_LINKS_KEY)) setImmediate(() => void this.#catchUp(role))
    })
    const { store, keys, cluster, cors } = this
    const open = { folders: () => keys.folders, isOpen: (name: string) => this.homes.serves(name) }
    const namespaces: NamespaceTable = new NamespaceTable({
      store,
      clock,
      uuid,
      administrative: options.administrative,
      populate: async (view, namespace) => {
        policies.bootstrap(view, namespace)
        await mounts.bootstrap(view, namespace)
      },
      mountsAt: (view) => mounts.stored(view),
      remove: (namespace) => remover.remove(namespace),
      homes: open,
      changed: (id, row) => {
        // Who writes seals it himself.
        if (role() === 'reader') this.#rowChanged(id, row)
      },
    })
    this.namespaces = namespaces
    this.policies = new PolicyStore({ driver, clock, log: log.named('policy'), namespaces })
    this.governing = new GoverningStore({
      driver,
      clock,
      log: log.named('policy'),
      namespaces,
      aclKey: (id, name) => policyPrefix(id) + name,
      homes: () => this.homes.folders,
    })
    this.audit = new AuditHouse({
      store,
      clock,
      log,
      metrics,
      declared: options.auditDevices,
      forbiddenFolders: options.auditForbiddenFolders,
      allowApiCreation: options.allowApiAuditCreation,
      allowPrefix: options.allowAuditPrefix,
      relay: options.auditRelay,
    })
    this.mounts = new MountTable({
      store,
      homes: open.folders,
      clock,
      systemLimits,
      version,
      engineOf: (kind, type, mountOptions) => this.#engines.engineOf(kind, type, mountOptions),
      typesOf: (kind) => this.#engines.typesOf(kind),
      canonicalType: (type, mountOptions) => this.#engines.canonicalType(type, mountOptions),
      uuid,
      accessorSuffix: () => Buffer.from(freshBytes(4)).toString('hex'),
      revokeLeases: (mount) => this.active.revokeLeases(mount),
      workNoted: () => this.active.wake(),
      removed: (mount) => keeper.released(mount),
      childrenOf: async (view, namespace) => (await namespaces.at(view)).children(namespace.path),
      assertNamespace: (view, id) => namespaces.assertServed(view, id),
    })
    const { mounts, policies } = this
    const quotas = new Quotas({
      store,
      clock,
      log: log.named('quota'),
      metrics,
      buckets: options.rateBuckets,
      census: leaseCensus({ homes: open.folders, rootTokens: rootTokenKeys }),
      namespaces,
      mountByUuid: (id) => mounts.index.byUuid(id),
      mountAt: (namespaceId, path) => mounts.index.match(namespaceId, path),
      hasRoles: (mount) => hasRoles(mounts.engine(mount)),
      assertNamespace: (view, id) => namespaces.assertServed(view, id),
      assertMount: (view, mount) => mounts.assertHeld(view, mount),
      uuid,
    })
    this.quotas = quotas
    const keeper = new EngineKeeper({
      clock,
      log: log.named('engine'),
      store: () => store,
      assertHeld: (view, mount) => mounts.assertHeld(view, mount),
      events: () => this.events,
      mounts: () => mounts.all(),
      engine: (mount) => mounts.engine(mount),
      limitsOf: (mount) => mounts.limitsOf(mount),
      storageOf: (mount, engine) => storageOf(mount, engine, mount),
    })
    const remover = new NamespaceRemover({
      store,
      clock,
      log: log.named('namespace'),
      marked: () => namespaces.all().filter(({ tainted }) => tainted),
      mountsOf: (namespace) => mounts.of(namespace),
      revokeLeases: (mount) => this.active.revokeLeases(mount),
      revokeAll: (namespace) => this.active.leases.revokePrefix(namespace, '', 'sync'),
      removeMount: (mount) => mounts.remove(mount),
      forgetQuotas: (namespace) => quotas.forgetNamespace(namespace),
      cleared: () => this.active.cleared(),
      forget: (view, namespace) => {
        view.onCommitted(() => this.events.webhooks.forget(namespace.id))
        namespaces.forget(view, namespace)
      },
      isSealed: (namespace) => namespaces.isSealed(namespace),
      dropHome: (name) => options.dropHome?.(name) ?? this.homes.close(name),
    })
    this.remover = remover
    this.homes = new Homes({
      store,
      clock,
      log: log.named('namespace'),
      keys,
      namespaces,
      mounts,
      released: (mount) => keeper.released(mount),
      forget: (name) => {
        policies.clear()
        this.governing.clear()
        this.active.forget()
        this.events.webhooks.homeClosed(homeCalled(name))
        quotas.counts.recount()
      },
    })
    this.observation = new Observation({
      store,
      clock,
      log,
      mounts,
      namespaces,
      hostname: options.hostname ?? '',
      released: (mount) => keeper.released(mount),
    })
    this.groupPolicies = new GroupPolicies({
      namespaces,
      identityStorage: (id) => {
        const mount = mounts.index.at(id, 'identity/')
        return mount && mountStorage(mount)
      },
      identities: () => mounts.all().filter(({ type }) => type === 'identity'),
    })
    const { observation, groupPolicies } = this
    const { lockout = plainLockout, web = fetch } = options
    this.active = new Active({
      store,
      codec: keys,
      homes: open.folders,
      clock,
      log,
      metrics,
      mounts,
      systemLimits,
      lockout,
      web,
      quotas,
    })
    const tokens = () => this.active.tokens
    this.events = eventHouse({ ...options, store, tokens, policies, namespaces, cluster, homes: open.folders })
    this.#followers = [
      // First of all: what else is read may be encrypted with a new key.
      new Followed(driver, KEYRING_KEY, (view) => this.#reloadKeyring(view)),
      this.homes,
      namespaces.follower,
      mounts.follower,
      quotas.follower,
      new Followed(driver, 'core/cluster', (view) => cluster.load(view)),
      new Followed(driver, 'core/cors', (view) => cors.load(view)),
      ...observation.followers(driver),
      new Followed(driver, GROUP_POLICIES_KEY, (view) => groupPolicies.load(view)),
    ]
    this.parts = [
      { start: () => store.read((view) => cluster.load(view)), stop: () => undefined },
      this.homes,
      { start: () => store.read((view) => namespaces.load(view)), stop: () => namespaces.clear() },
      { start: (role) => this.#loadMounts(role), stop: () => mounts.clear() },
      { start: (role) => quotas.start(role === 'leader'), stop: () => quotas.stop() },
      { start: () => store.read((view) => cors.load(view)), stop: () => cors.clear() },
      {
        start: () => store.read((view) => this.governing.load(view)),
        stop: () => {
          policies.clear()
          this.governing.clear()
        },
      },
      this.audit,
      { start: () => undefined, stop: () => keeper.release() },
      this.active,
      this.events,
      keeper,
      remover,
      ...observation.parts,
      { start: () => store.read((view) => groupPolicies.load(view)), stop: () => undefined },
    ]
  }

  /** One more that is to be brought up to date before anything is read. */
  follow(follower: Follower): void {
    this.#followers.push(follower)
  }

  /** Puts the engines in and gives what the pipeline's stages use. */
  furnish(standing: Standing, more: readonly PathDefinition[] = []): PipelineDeps {
    const { store, active, mounts, namespaces, policies, audit, quotas } = this
    const { driver, clock, log, administrative } = this.#options
    const { system, registry } = enginesOf(this, {
      ...this.#options,
      standing,
      flagsOf: (question) => openRouter.route(question)?.found?.operation?.flags,
      pluginsOf: (type) => this.#engines.pluginsOf(type),
      more,
    })
    this.#registry = registry
    const admits = ({ path }: Namespace, template: string) =>
      path === administrative?.path && administrative.endpoints.has(template.replace(/\/\{name\}$/, ''))
    const sealedRouter = new Router({ mounts: () => sealedMounts, engineOf: () => system, admits })
    const openRouter = new Router({ mounts: () => mounts.index, engineOf: (mount) => mounts.engine(mount), admits })
    const reads = () => {
      const role = standing.role()
      return role === 'leader' || (role === 'reader' && driver.current)
    }
    return {
      clock,
      log,
      namespaces,
      state: () => standing.state(),
      reads,
      reach: () => standing.reach(),
      elsewhere: (wire, streamed) => standing.elsewhere(wire, streamed),
      floor: () => standing.floor(),
      // Whatever has become of the leadership since: who wrote something here was the leader, and is told of its commit.
      indexed: () => standing.clustered,
      store: () => store,
      openSnapshot: () => (reads() ? store.beginRead() : this.#nothing.beginRead()),
      router: () => (reads() ? openRouter : sealedRouter),
      tokens: () => active.tokens,
      factors: (id) => active.factorsIn(id),
      stepUp: (id) => active.stepUpIn(id),
      groupPolicies: this.groupPolicies,
      clients: this.observation.activity.counter,
      lockout: () => active.lockout,
      policies: () => policies,
      rateLimits: () => quotas.limits,
      governing: () => this.governing,
      leases: () => active.leases,
      audit: () => audit,
      wrapping: () => active.wrapping,
      holds: () => active.holds,
      events: () => this.events,
      storageOf: (mount, engine, caller) => storageOf(mount, engine, this.#keepingMount(mount, caller)),
      assertHeld: (view, mount) => mounts.assertHeld(view, mount),
      limitsOf: (mount) => mounts.limitsOf(mount),
      replacedAt: () => this.#replacedAt,
    }
  }

  async #loadMounts(role: Role): Promise<void> {
    const { store, mounts } = this
    await store.read((view) => mounts.load(view))
    if (role !== 'leader') return
    await this.#completeMounts([rootNamespace, ...this.namespaces.all()])
  }

  /** In namespaces of an older version some mounts may be missing. Those that are sealed have their turn when they are opened. */
  async #completeMounts(all: readonly Namespace[]): Promise<void> {
    const { store, mounts, namespaces } = this
    for (const namespace of all)
      if (
        !mounts.isComplete(namespace) &&
        namespaces.byId(namespace.id) !== undefined &&
        !namespaces.isSealed(namespace)
      )
        await store.write((view) => mounts.bootstrap(view, namespace))
  }

  /** On a core that writes: what waited for a home to be opened goes on. */
  async homeOpened(name: string): Promise<void> {
    const theirs = this.namespaces.all().filter(({ id }) => homeNameOf(id) === name)
    await this.#completeMounts(theirs)
    this.active.homeOpened(homeCalled(name))
    await this.events.webhooks.homeOpened(homeCalled(name))
    this.quotas.counts.recount()
    for (const namespace of theirs) if (namespace.tainted) void this.remover.remove(namespace)
  }

  /** What a token keeps for itself lies in its own namespace, wherever it is used, and goes with it. */
  #keepingMount(mount: Mount, caller: Caller | undefined): Mount {
    if (mount.type !== 'cubbyhole' || caller === undefined || caller.namespaceId === mount.namespaceId) return mount
    return this.mounts.index.at(caller.namespaceId, mount.path) ?? mount
  }

  #rowChanged(id: string, row: NamespaceInfo | undefined): void {
    const { log, sealedElsewhere } = this.#options
    const name = this.homes.closedBy(id, row)
    if (name === undefined || sealedElsewhere === undefined) return
    sealedElsewhere(name).catch((error: unknown) =>
      log.error('a namespace could not be sealed in order', { code: toCofferError(error).code }),
    )
  }

  /** Never rejects: the next request meets the same failure, and says so. */
  async #catchUp(role: () => Role | undefined): Promise<void> {
    if (role() === 'reader') await this.store.read(() => undefined).catch(() => undefined)
  }

  /** Another vault was put in place of this one, by another node: nothing here can be read any more. */
  async #reloadKeyring(view: ReadView): Promise<void> {
    if (await reloadKeyring(this.barrier, view, () => this.#options.keysLost?.())) this.#options.rootKeyChanged?.()
  }

  get #engines(): Registry {
    if (this.#registry === undefined) throw new Error('the house is not furnished yet')
    return this.#registry
  }
}
