/**
 * What exists only while the server is active: the tokens, the leases, and what depends on their salts. Made when the barrier opens,
 * closed before it shuts, so that nothing of a sealed vault stays in memory.
 */
import { TokenStore, type TokenStoreDeps } from '../auth/token-store.ts'
import { cubbyholePrefix } from '../engines/secrets/cubbyhole/store.ts'
import { Identity } from '../engines/secrets/identity/identity.ts'
import type { Engine } from '../framework/engine.ts'
import { requestErrors } from '../errors/request.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { LeaseStore } from '../leases/lease-store.ts'
import { SteadyTime } from '../leases/steady-time.ts'
import { tokenLeases } from '../leases/token-leases.ts'
import type { Mount } from '../request/mount.ts'
import type { LeaseLimits } from '../request/ports.ts'
import { rootNamespace } from '../request/request.ts'
import { Wrapping, wrappingPrefix } from '../response/wrapping.ts'
import { Leftovers } from '../router/leftovers.ts'
import type { MountTable } from '../router/mount-table.ts'
import { mountStorage } from '../router/mount-record.ts'
import type { Barrier } from '../seal/barrier.ts'
import type { Store, Transaction } from '../storage/store.ts'
import { BatchTokenSealer } from './token-sealer.ts'
import type { ActivePart, Role } from './lifecycle.ts'

export interface ActiveDeps {
  readonly store: Store
  readonly barrier: Barrier
  readonly clock: Clock
  readonly log: Logger
  readonly mounts: MountTable
  readonly systemLimits: LeaseLimits
}

interface Parts {
  readonly tokens: TokenStore
  readonly leases: LeaseStore
  readonly wrapping: Wrapping
  readonly leftovers: Leftovers
}

export class Active implements ActivePart {
  readonly #deps: ActiveDeps
  readonly #time: SteadyTime
  #parts: Parts | undefined
  #identity: { readonly uuid: string; readonly store: Identity } | undefined

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

  /**
   * Of the mount that is there now: another vault may have been put in place of the one from before.
   */
  get identity(): Identity {
    const mount = this.#deps.mounts.at('identity/')
    if (mount === undefined || this.#parts === undefined) throw requestErrors.SEALED()
    if (this.#identity?.uuid !== mount.uuid) {
      this.#identity?.store.close()
      const { store, clock, mounts } = this.#deps
      const lookup = { byAccessor: (accessor: string) => mounts.index.byAccessor(accessor) }
      this.#identity = {
        uuid: mount.uuid,
        store: new Identity({ store, clock, mounts: lookup, prefix: mountStorage(mount) }),
      }
    }
    return this.#identity.store
  }

  get wrapping(): Wrapping {
    return this.#open().wrapping
  }

  /** There is work noted that a mount left behind. */
  wake(): void {
    this.#parts?.leftovers.wake()
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
    const { store, log, clock, mounts } = this.#deps
    const tokens = await (role === 'leader'
      ? TokenStore.open(this.#tokenDeps())
      : TokenStore.openReader(this.#tokenDeps()))
    const leases = new LeaseStore({
      store,
      clock,
      time: this.#time,
      log: log.named('expiration'),
      tokens,
      engines: { find: (uuid, type) => this.#engineLease(uuid, type), limitsOf: (mount) => mounts.limitsOf(mount) },
    })
    const leftovers = new Leftovers({
      store,
      moveLeases: (from, to) => leases.movePrefix(rootNamespace, from, to),
      forgetMount: (mount) => this.identity.forgetMount(mount),
      moveEnded: (id, status) => mounts.moveEnded(id, status),
      failed: (what, error) =>
        log.warn(`${what} failed and is tried again later`, { cause: error instanceof Error ? error.name : 'unknown' }),
    })
    const wrapping = new Wrapping({ tokens, store, time: this.#time })
    this.#parts = { tokens, leases, wrapping, leftovers }
    if (role === 'reader') return
    leases.start()
    leftovers.wake()
  }

  async stop(): Promise<void> {
    const parts = this.#parts
    this.#parts = undefined
    if (parts === undefined) return
    await parts.leftovers.stop()
    await parts.leases.stop()
    parts.tokens.close()
    this.#identity?.store.close()
    this.#identity = undefined
  }

  /** Takes back what a mount lent, before the mount goes. */
  async revokeLeases(mount: Mount): Promise<void> {
    await this.leases.revokePrefix(rootNamespace, mount.path, 'sync')
  }

  #engineLease(uuid: string, type: string) {
    const { mounts } = this.#deps
    const mount = mounts.index.byUuid(uuid)
    const engine: Engine | undefined = mount && mounts.engine(mount)
    const definition = engine?.leaseTypes.get(type)
    if (mount === undefined || definition === undefined) return undefined
    return { definition, mount, limits: mounts.limitsOf(mount), storage: mountStorage(mount) }
  }

  #tokenDeps(): TokenStoreDeps {
    const { store, log, mounts, barrier, systemLimits } = this.#deps
    return {
      store,
      clock: this.#time,
      log: log.named('token'),
      leases: tokenLeases,
      sealer: new BatchTokenSealer(barrier),
      entities: {
        entityOf: (view, alias) => this.identity.entityOf(view, alias),
        holderOf: (id, view) => this.identity.holderOf(id, view),
        refreshGroups: (view, id, mount, aliases) => this.identity.refreshGroups(view, id, mount, aliases),
      },
      mountOf: (uuid) => mounts.index.byUuid(uuid),
      privateStorage: (token) => [this.#cubbyholeOf(token.accessor), wrappingPrefix(token.key)],
      limitsOf: (mount) => mounts.limitsOf(mount),
      limitsOfUuid: (uuid) => {
        const mount = mounts.index.byUuid(uuid)
        return mount === undefined ? systemLimits : mounts.limitsOf(mount)
      },
    }
  }

  #cubbyholeOf(accessor: string): string {
    const mount = this.#deps.mounts.at('cubbyhole/')
    return mount === undefined ? 'logical/none/' : mountStorage(mount) + cubbyholePrefix(accessor)
  }

  #open(): Parts {
    if (this.#parts === undefined) throw requestErrors.SEALED()
    return this.#parts
  }
}
