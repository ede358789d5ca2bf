/**
 * What exists only while the server is active: the tokens, the leases, and what depends on their salts. Made when the barrier opens,
 * closed before it shuts, so that nothing of a sealed vault stays in memory.
 */
import { HeldRequests } from '../approvals/held-requests.ts'
import { tokenErrors } from '../auth/errors.ts'
import { TokenStore, type TokenStoreDeps } from '../auth/token-store.ts'
import { UserLockoutKeeper } from '../auth/user-lockout.ts'
import { cubbyholePrefixes } from '../engines/secrets/cubbyhole/store.ts'
import { Holders } from '../engines/secrets/identity/holders.ts'
import { Identity } from '../engines/secrets/identity/identity.ts'
import { LoginMfa } from '../engines/secrets/identity/mfa/login-mfa.ts'
import { StepUp } from '../engines/secrets/identity/mfa/step-up/step-up.ts'
import type { Web } from '../engines/secrets/identity/mfa/services/web.ts'
import type { Engine } from '../framework/engine.ts'
import { namespaceErrors } from '../errors/namespaces.ts'
import { requestErrors } from '../errors/request.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger, Metrics } from '../lib/observe/index.ts'
import { LeaseStore } from '../leases/lease-store.ts'
import { SteadyTime } from '../leases/steady-time.ts'
import { tokenLeases } from '../leases/token-leases.ts'
import type { SecondFactors } from '../request/mfa-ports.ts'
import type { LockoutSettings } from '../request/lockout-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { LeaseLimits } from '../request/ports.ts'
import type { EntityPort, TokenDetails } from '../request/token-ports.ts'
import type { WriteView } from '../storage/view.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { Wrapping, wrappingPrefix } from '../response/wrapping.ts'
import { Leftovers, type Move } from '../router/leftovers.ts'
import type { MountTable } from '../router/mount-table.ts'
import { mountStorage } from '../router/mount-record.ts'
import type { Codec } from '../storage/codec.ts'
import type { Store, Transaction } from '../storage/store.ts'
import { BatchTokenSealer } from './token-sealer.ts'
import type { ActivePart, Role } from './lifecycle.ts'

export interface ActiveDeps {
  readonly store: Store
  /** What all that is stored passes, and batch tokens. */
  readonly codec: Codec
  /** Folders of the namespaces that can be read; empty is that of all that have none. */
  homes(): readonly string[]
  readonly clock: Clock
  readonly log: Logger
  readonly mounts: MountTable
  readonly systemLimits: LeaseLimits
  /** How services of second factors are reached. */
  readonly web: Web
  readonly metrics: Metrics
  readonly lockout: LockoutSettings
  readonly quotas: Pick<Quotas, 'counts' | 'forgetMount'>
}

interface Parts {
  readonly tokens: TokenStore
  readonly leases: LeaseStore
  readonly wrapping: Wrapping
  readonly holds: HeldRequests
  readonly leftovers: Leftovers
  readonly lockout: UserLockoutKeeper
  readonly holders: Holders
}

export class Active implements ActivePart {
  readonly #deps: ActiveDeps
  readonly #time: SteadyTime
  #parts: Parts | undefined

  constructor(deps: ActiveDeps) {
    this.#deps = deps
    this.#time = new SteadyTime(deps.clock)
  }

  get tokens(): TokenStore {
    return this.#open().tokens
  }

  get leases(): LeaseStore {
    return this.#open().leases
  }

  /** Who is known in a namespace. Undefined where it has no identities any more, as it is being deleted. */
  identityIn(namespaceId: string): Identity | undefined {
    const { store, clock, mounts } = this.#deps
    const { holders } = this.#open()
    const mount = mounts.index.at(namespaceId, 'identity/')
    const lookup = { byAccessor: (accessor: string) => mounts.index.byAccessor(accessor) }
    return mount && new Identity({ store, clock, mounts: lookup, prefix: mountStorage(mount), holders })
  }

  /** Entities, each looked for in the namespace it is of. */
  get entities(): EntityPort {
    return {
      entityOf: (view, alias) => this.#identityOf(alias.mount.namespaceId).entityOf(view, alias),
      refreshGroups: (view, id, mount, aliases) =>
        this.#identityOf(mount.namespaceId).refreshGroups(view, id, mount, aliases),
      holderOf: (id, view, namespaceId) => this.identityIn(namespaceId)?.holderOf(id, view),
    }
  }

  #identityOf(namespaceId: string): Identity {
    const identity = this.identityIn(namespaceId)
    if (identity === undefined) throw namespaceErrors.ABSENT()
    return identity
  }

  /** Second factors of log-ins in a namespace. */
  factorsIn(namespaceId: string): SecondFactors {
    const { store, clock, log, mounts, web } = this.#deps
    const mount = mounts.index.at(namespaceId, 'identity/')
    if (this.#parts === undefined) throw requestErrors.SEALED()
    if (mount === undefined) throw namespaceErrors.ABSENT()
    // It keeps nothing in memory.
    return new LoginMfa({
      store,
      clock,
      log: log.named('mfa'),
      web,
      prefix: mountStorage(mount),
      mountOf: (uuid) => mounts.index.byUuid(uuid),
      assertHeld: (view, held) => mounts.assertHeld(view, held),
    })
  }

  /** Second factors of single requests of a namespace's entities. */
  stepUpIn(namespaceId: string): StepUp {
    const { store, clock, log, mounts, web } = this.#deps
    const mount = mounts.index.at(namespaceId, 'identity/')
    if (this.#parts === undefined) throw requestErrors.SEALED()
    if (mount === undefined) throw namespaceErrors.ABSENT()
    return new StepUp({ store, clock, log: log.named('mfa'), web, prefix: mountStorage(mount) })
  }

  get wrapping(): Wrapping {
    return this.#open().wrapping
  }

  /** Requests that control groups hold. */
  get holds(): HeldRequests {
    return this.#open().holds
  }

  get lockout(): UserLockoutKeeper {
    return this.#open().lockout
  }

  /** A namespace is sealed: nothing that was read in it stays in memory. */
  forget(): void {
    this.#parts?.tokens.forget()
    this.#parts?.holders.clear()
    this.#parts?.lockout.forgetCounts()
  }

  /** What lies in a home can be read from here on: what waited for that goes on. */
  homeOpened(home: string): void {
    this.wake()
    void this.#parts?.leases.opened(home)
  }

  /** There is work noted that a mount left behind. */
  wake(): void {
    this.#parts?.leftovers.wake()
  }

  /** Resolves once nothing of that is left to do, or all that is left has failed. */
  async cleared(): Promise<void> {
    this.wake()
    await this.#parts?.leftovers.settled()
  }

  /** The root token of a new vault, in the transaction that makes the vault. */
  async createRoot(transaction: Transaction, value?: string): Promise<string> {
    const tokens = await TokenStore.openIn(transaction, this.#tokenDeps())
    try {
      return (await tokens.createRoot(transaction, value)).token
    } finally {
      tokens.close()
    }
  }

  async start(role: Role): Promise<void> {
    const { store, log, clock, mounts, homes, quotas } = this.#deps
    const tokens = await (role === 'leader'
      ? TokenStore.open(this.#tokenDeps())
      : TokenStore.openReader(this.#tokenDeps()))
    const leases = new LeaseStore({
      store,
      clock,
      time: this.#time,
      log: log.named('expiration'),
      tokens,
      homes,
      counts: quotas.counts,
      engines: { find: (uuid, type) => this.#engineLease(uuid, type), limitsOf: (mount) => mounts.limitsOf(mount) },
    })
    const leftovers = new Leftovers({
      store,
      homes,
      moveLeases: (move) => this.#moveLeases(leases, move),
      forgetMount: (mount) => this.#forgetMount(mount),
      moveEnded: (id, status) => {
        mounts.moveEnded(id, status)
        // A lease that ended on the way stood at a path where nothing is mounted any more.
        quotas.counts.recount()
      },
      failed: (what, error) =>
        log.warn(`${what} failed and is tried again later`, { cause: error instanceof Error ? error.name : 'unknown' }),
    })
    const wrapping = new Wrapping({ tokens, store, time: this.#time })
    const holds = new HeldRequests({
      tokens,
      time: this.#time,
      identityIn: (id) => this.identityIn(id),
      prefixOf: wrappingPrefix,
    })
    const lockout = new UserLockoutKeeper({
      store,
      clock,
      time: this.#time,
      log: log.named('lockout'),
      metrics: this.#deps.metrics,
      settings: this.#deps.lockout,
      mounts: { byAccessor: (accessor) => mounts.index.byAccessor(accessor) },
      homes,
    })
    this.#parts = { tokens, leases, wrapping, holds, leftovers, lockout, holders: new Holders(store.driver) }
    if (role === 'reader') return
    leases.start()
    lockout.start()
    leftovers.wake()
  }

  async stop(): Promise<void> {
    const parts = this.#parts
    this.#parts = undefined
    if (parts === undefined) return
    parts.lockout.stop()
    await parts.leftovers.stop()
    await parts.leases.stop()
    parts.tokens.close()
    parts.holders.close()
  }

  /** Takes back what a mount lent, before the mount goes. */
  async revokeLeases(mount: Mount): Promise<void> {
    await this.leases.revokePrefix({ id: mount.namespaceId, path: '' }, mount.path, 'sync')
  }

  /**
   * What a mount lent follows it. Only the tokens of an auth method that went to another namespace stay behind, where nobody answers for
   * them any more: they are taken back, and its names for people there are forgotten.
   */
  async #moveLeases(leases: LeaseStore, { from, to, namespace_id: id, into, uuid }: Move): Promise<void> {
    const namespace = { id, path: '' }
    if (into === undefined) return leases.movePrefix(namespace, from, to)
    if (!from.startsWith('auth/')) return leases.movePrefix(namespace, from, to, { id: into, path: '' })
    await leases.revokePrefix(namespace, from, 'queue')
    const mount = this.#deps.mounts.index.byUuid(uuid)
    if (mount !== undefined) await this.#forgetMount({ ...mount, namespaceId: id })
  }

  /** What others keep of it. */
  async #forgetMount(mount: Mount): Promise<void> {
    await this.identityIn(mount.namespaceId)?.forgetMount(mount)
    await this.lockout.forget(mount)
    await this.#deps.quotas.forgetMount(mount)
  }

  #engineLease(uuid: string, type: string) {
    const { mounts } = this.#deps
    const mount = mounts.index.byUuid(uuid)
    const engine: Engine | undefined = mount && mounts.engine(mount)
    const definition = engine?.leaseTypes.get(type)
    if (mount === undefined || definition === undefined) return undefined
    return { definition, mount, limits: mounts.limitsOf(mount), storage: mountStorage(mount) }
  }

  /** The auth method's own rule. Its mount being gone, its tokens are going, too. */
  async #renewal(view: WriteView, uuid: string, token: TokenDetails, internal: ReadonlyMap<string, string>) {
    const { mounts, clock, log } = this.#deps
    const mount = mounts.index.byUuid(uuid)
    if (mount === undefined) throw tokenErrors.NOT_RENEWABLE()
    return mounts.engine(mount).renewal?.({ mount, view: view.sub(mountStorage(mount)), token, internal, clock, log })
  }

  #tokenDeps(): TokenStoreDeps {
    const { store, log, mounts, codec, homes, systemLimits, quotas } = this.#deps
    return {
      store,
      clock: this.#time,
      log: log.named('token'),
      leases: tokenLeases,
      homes,
      counts: quotas.counts,
      sealer: new BatchTokenSealer(codec),
      entities: this.entities,
      mountOf: (uuid) => mounts.index.byUuid(uuid),
      gate: { demand: (view, login) => this.factorsIn(login.context.namespace.id).demand(view, login) },
      privateStorage: (token) => [...this.#cubbyholeOf(token), wrappingPrefix(token.key)],
      limitsOf: (mount) => mounts.limitsOf(mount),
      limitsOfUuid: (uuid) => {
        const mount = mounts.index.byUuid(uuid)
        return mount === undefined ? systemLimits : mounts.limitsOf(mount)
      },
      renewals: { renew: (view, uuid, token, internal) => this.#renewal(view, uuid, token, internal) },
    }
  }

  /** In its own namespace, wherever it was used. */
  #cubbyholeOf({ accessor, namespaceId }: { readonly accessor: string; readonly namespaceId: string }): string[] {
    const mount = this.#deps.mounts.index.at(namespaceId, 'cubbyhole/')
    return mount === undefined ? [] : cubbyholePrefixes(accessor).map((prefix) => mountStorage(mount) + prefix)
  }

  #open(): Parts {
    if (this.#parts === undefined) throw requestErrors.SEALED()
    return this.#parts
  }
}
