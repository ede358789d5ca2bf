/** What the pipeline's stages use of the rest of the house. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { GroupPolicies } from './group-policies.ts'
import type { ClientCounter } from './activity/client-counter.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Engine } from '../framework/engine.ts'
import type { Place } from '../framework/path.ts'
import type { SecondFactors, StepUpPort } from '../request/mfa-ports.ts'
import type { LockoutPort } from '../request/lockout-ports.ts'
import type { HoldPort } from '../request/approval-ports.ts'
import type { Caller } from '../request/caller.ts'
import type { GoverningPort } from '../request/governing-ports.ts'
import type { EventSink } from '../request/event-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { AuditPort, LeaseLimits, LeasePort, PolicyPort, TokenPort, WrapPort } from '../request/ports.ts'
import type { NamespaceLookup } from '../request/namespace-ports.ts'
import type { RateLimitPort } from '../request/quota-ports.ts'
import type { ServerState } from '../request/system-ports.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import type { Router } from '../router/router.ts'
import type { Sequence } from '../storage/driver.ts'
import type { ReadTransaction, Store } from '../storage/store.ts'
import type { ReadView } from '../storage/view.ts'

/** What the stages use. Parts that exist only while unsealed are asked for when needed. */
export interface PipelineDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly namespaces: Pick<NamespaceLookup, 'locate' | 'byId' | 'lockedAt' | 'isSealed' | 'isHomeSealed'>
  state(): ServerState
  /** Whether requests that need the storage can be answered here: as the leader, or as one that follows it and is not cut off from it. */
  reads(): boolean
  /** What this core can carry out by itself: a thread reads, a node knows itself, the leader does everything. */
  reach(): Place
  /**
   * Has a request carried out, whole, by a core that can. Nothing of it was audited or changed here. `streamed`: its body may be of any
   * size, and is read as it comes.
   */
  elsewhere(wire: WireRequest, streamed: boolean): Promise<WireReply>
  /** The newest commit that anybody was told of through this node: nothing older is to be read here. */
  floor(): Sequence
  /** Replies to writes name their commit (`X-Vault-Index`): other nodes may be asked next. */
  indexed(): boolean
  store(): Store
  /** A snapshot of the store; an empty one while sealed. */
  openSnapshot(): Awaitable<ReadTransaction>
  router(): Router
  tokens(): TokenPort
  /** Second factors of log-ins in a namespace. */
  factors(namespaceId: string): SecondFactors
  /** Second factors of single requests in a namespace. */
  stepUp(namespaceId: string): StepUpPort
  /** What groups of other namespaces grant. */
  readonly groupPolicies: Pick<GroupPolicies, 'asking'>
  /** Clients by month. */
  readonly clients: Pick<ClientCounter, 'isSettled' | 'isNew' | 'count' | 'pause'>
  /** Undefined where nobody is locked out. */
  lockout(): LockoutPort | undefined
  policies(): PolicyPort
  rateLimits(): RateLimitPort
  /** Policy expressions. */
  governing(): GoverningPort
  leases(): LeasePort
  audit(): AuditPort
  wrapping(): WrapPort
  /** Requests that control groups hold. */
  holds(): HoldPort
  events(): EventSink
  /** The prefix of what a mount stores for a caller. */
  storageOf(mount: Mount, engine: Engine, caller?: Caller): string
  /** Throws where the mount went since the request was routed: the write's own transaction asks. */
  assertHeld(view: ReadView, mount: Mount): Promise<void>
  limitsOf(mount: Mount): LeaseLimits
  /** The commit that last put something else in place of all that is stored. */
  replacedAt(): Sequence
}
