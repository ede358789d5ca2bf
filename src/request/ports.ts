/**
 * What rooms of the same floor need of each other. `core/compose.ts` hands the implementations in; nobody holds "the core".
 * Each port is the smallest thing its user needs.
 */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Authorization, Hold } from './approval-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Caller } from './caller.ts'
import type { GoverningFailure } from './governing-ports.ts'
import type { Mount } from './mount.ts'
import type { Operation } from './operation.ts'
import type { AuthGrant, AuthInfo, LeaseGrant, Reply } from './reply.ts'
import type { Namespace, Request } from './request.ts'

/** WHO: finds the holder of a token. */
export interface TokenPort {
  /** `undefined` for a token that is unknown, expired, revoked or used up. Does not consume a use. */
  lookup(token: string, view: ReadView): Awaitable<Caller | undefined>
  /**
   * Takes one use of a use-limited token, in a transaction of its own, before anything is revealed. True if it had one left.
   * A token whose last use this was is revoked when `finished` is called.
   */
  consume(caller: Caller): Promise<boolean>
  finished(caller: Caller): Promise<void>
  /** Checks the token's bound CIDRs. */
  allowsAddress(caller: Caller, remoteAddress: string): boolean
  /** `warnings`: what of the wish was cut. */
  create(
    view: WriteView,
    grant: AuthGrant,
    context: GrantContext,
  ): Promise<AuthInfo & { readonly warnings: readonly string[] }>
}

export interface GrantContext {
  readonly mount: Mount
  /** Full path of the request. */
  readonly path: string
  /** The token that asked, for a child token; undefined for a log-in. */
  readonly parent: Caller | undefined
  readonly namespace: Namespace
  readonly remoteAddress: string
  /** A log-in that has shown its second factors: whose it is is known, and no more is demanded. */
  readonly met?: { readonly entityId: string }
}

/** Secrets' leases. */
export interface LeasePort {
  register(
    view: WriteView,
    grant: LeaseGrant,
    context: {
      readonly mount: Mount
      readonly path: string
      readonly caller: Caller | undefined
      readonly namespace: Namespace
      readonly data: Reply['data']
    },
  ): Promise<{
    readonly leaseId: string
    readonly leaseDuration: number
    readonly renewable: boolean
    readonly warnings: readonly string[]
  }>
}

/** One rule's verdict on a request. */
export interface Verdict {
  readonly allowed: boolean
  /** The caller may use paths that need sudo. */
  readonly sudo: boolean
  readonly isRoot: boolean
  readonly grantingPolicies: readonly { readonly name: string; readonly namespaceId: string; readonly type: string }[]
  /** Seconds. */
  readonly minWrappingTtl: number | undefined
  readonly maxWrappingTtl: number | undefined
  /** Keys a list or scan may return at a time. */
  readonly paginationLimit: number | undefined
  /** Of a request that is allowed but for the authorization of others; then `allowed` is false. */
  readonly hold?: Hold | undefined
  /** Policy expressions that the request did not pass. */
  readonly governing?: readonly GoverningFailure[] | undefined
  /** Second factors that the rule demands of the request. */
  readonly mfaMethods?: readonly string[]
}

/** What more is known of a request than it says itself. */
export interface Circumstances {
  /** Its path needs sudo. */
  readonly needsSudo?: boolean | undefined
  /** It was held, and others have authorized it: the verdict names what it was held for all the same. */
  readonly approved?: boolean | undefined
  /** The second factors that its rule demands are asked for before it is carried out. */
  readonly mfaValidated?: boolean | undefined
}

/** WHAT a caller may do. */
export interface PolicyPort {
  authorize(
    caller: Caller,
    request: Request,
    operation: Operation,
    view: ReadView,
    circumstances?: Circumstances,
  ): Awaitable<Verdict>
  /** Whether a control group may hold it, whatever its body says: asked before a body is read that can be read only once. */
  mayHold(caller: Caller, request: Request, view: ReadView): Awaitable<boolean>
  /** Whether a rule for the path demands second factors, whatever else it says. */
  mayDemandFactors(caller: Caller, request: Request, view: ReadView): Awaitable<boolean>
}

/** Which events a caller may know of. */
export interface SubscriberPolicyPort extends PolicyPort {
  /** @param path that the event is about, relative to the namespace that it happened in. */
  maySubscribe(
    caller: Caller,
    event: { readonly namespace: Namespace; readonly path: string; readonly type: string },
    view: ReadView,
  ): Promise<boolean>
  /** Whether he may list what is there. */
  mayList(caller: Caller, namespace: Namespace, path: string, view: ReadView): Promise<boolean>
}

/** One entry's facts; the broker builds and writes it. */
export interface AuditEvent {
  readonly request: Request
  /** The operation as decided (create or update). */
  readonly operation: Operation
  readonly mount: Mount | undefined
  readonly caller: Caller | undefined
  readonly verdict: Verdict | undefined
  readonly reply: Reply | undefined
  readonly error: string | undefined
  /** Who let it through, of a request that a control group had held. */
  readonly approval?: ApprovalFacts | undefined
  /** Names of members that never stand in clear, whatever the mount exempts: from the path's declaration. */
  readonly sensitive: ReadonlySet<string>
}

export interface ApprovalFacts {
  /** Of the request that was held. */
  readonly requestId: string
  readonly authorizations: readonly Authorization[]
}

export interface AuditPort {
  readonly enabled: boolean
  /** Rejects with `AUDIT_FAILED` if devices are enabled and none took the entry. */
  request(event: AuditEvent): Promise<void>
  response(event: AuditEvent): Promise<void>
}

/** Response wrapping. */
export interface WrapPort {
  wrap(
    reply: Reply,
    context: {
      readonly request: Request
      readonly mount: Mount
      readonly ttl: number
      readonly caller: Caller | undefined
      readonly envelope: string
    },
  ): Promise<Reply>
}

/** TTL rules of the system and a mount, seconds. */
export interface LeaseLimits {
  readonly defaultTtl: number
  readonly maxTtl: number
}
