/**
 * What other rooms need of the token store. A token is known inside the program by its `key`, `h` and the hex of its salted HMAC;
 * the token itself is stored nowhere. All views are those of the whole storage.
 */
import type { Awaitable } from '../lib/awaitable.ts'
import type { IdentityFacts } from '../lib/identity-template.ts'
import type { TtlLimits } from '../lib/ttl.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Caller, Confinement, TokenType } from './caller.ts'
import type { AuthGrant, AuthInfo } from './reply.ts'
import type { Mount } from './mount.ts'

/** Everything that is stored of a token, and nothing from which it could be rebuilt. Times are wall clock, ms; durations seconds. */
export interface TokenDetails {
  readonly key: string
  /** Empty for a batch token. */
  readonly accessor: string
  readonly type: TokenType
  readonly policies: readonly string[]
  readonly path: string
  readonly displayName: string
  readonly meta: ReadonlyMap<string, string> | undefined
  /** Uses left; 0 for no limit, -1 once the last one is taken. */
  readonly numUses: number
  readonly orphan: boolean
  readonly createdAt: number
  readonly ttl: number
  readonly explicitMaxTtl: number
  readonly period: number
  readonly role: string
  readonly entityId: string
  readonly boundCidrs: readonly string[]
  readonly namespaceId: string
  /** A batch token's times follow from its creation. Undefined for a root token made without a lease. */
  readonly lease: TokenLease | undefined
}

export interface TokenLease {
  readonly issuedAt: number
  /** Undefined for a root token that never expires. */
  readonly expiresAt: number | undefined
  readonly renewedAt: number | undefined
  readonly renewable: boolean
}

/** A token to be made; policies are sanitised and decided by now. */
export interface TokenInit {
  /** A name of the caller's choice instead of a random token. */
  readonly id?: string | undefined
  readonly type: TokenType
  /** Key of the parent; undefined for an orphan. */
  readonly parent: string | undefined
  readonly policies: readonly string[]
  readonly path: string
  readonly meta: ReadonlyMap<string, string> | undefined
  readonly displayName: string
  readonly numUses: number
  /** 0, for ever, only for a root token. */
  readonly ttl: number
  readonly explicitMaxTtl: number
  readonly period: number
  readonly role: string
  readonly entityId: string
  readonly boundCidrs: readonly string[]
  readonly renewable: boolean
  readonly namespaceId: string
  /** Then `policies` is empty, and those of the entity do not count. */
  readonly confined?: Confinement | undefined
}

export interface MadeToken {
  readonly token: string
  readonly accessor: string
  readonly key: string
}

/** How a token may be prolonged; all in seconds, 0 for "not set". */
export interface RenewalRule {
  readonly ttl?: number
  readonly maxTtl?: number
  readonly period: number
  readonly explicitMaxTtl: number
  readonly limits: TtlLimits
}

export interface Renewed {
  readonly token: TokenDetails
  /** Seconds. */
  readonly ttl: number
  readonly warnings: readonly string[]
}

/** What `auth/token/` needs of the token store. */
export interface TokenPaths {
  /** A valid token, also one whose last use is being made. Undefined for all else. */
  find(view: ReadView, token: string): Awaitable<TokenDetails | undefined>
  /** Only within the namespace. Never a batch token: those have no accessor. */
  findByAccessor(view: ReadView, accessor: string, namespaceId: string): Promise<TokenDetails | undefined>
  /** Accessors of a namespace, in an order that says nothing; `damaged` counts entries that could not be read. */
  accessors(
    view: ReadView,
    namespaceId: string,
  ): Promise<{ readonly accessors: readonly string[]; readonly damaged: number }>
  /** Rejects with `TOKEN_DUPLICATE_ID`, `TOKEN_ID_PREFIX` or `TOKEN_ID_DOT` for a chosen id. */
  make(view: WriteView, init: TokenInit): Promise<MadeToken>
  /** `ruleOf` is asked only for a token that may be renewed. Rejects with `TOKEN_NOT_RENEWABLE`, `TOKEN_EXPIRED`, `TOKEN_PAST_MAX_TTL`. */
  renew(
    view: WriteView,
    token: TokenDetails,
    increment: number,
    ruleOf: (token: TokenDetails) => Awaitable<RenewalRule>,
  ): Promise<Renewed>
  /** The token and all below it are refused once this is committed; what they leave is cleaned up afterwards. */
  revoke(view: WriteView, key: string): Promise<void>
  /** Revokes the token alone; its children become orphans. */
  revokeOrphan(view: WriteView, key: string): Promise<void>
  /** Starts in the background; false if one runs already. */
  startTidy(): boolean
}

/** A reply waits for the token's holder, or a request for those who authorize it. */
export type WrappingPolicy = 'response-wrapping' | 'control-group'

/** What response wrapping and control groups need of the token store. */
export interface WrappingTokens {
  /** A token of one use. `policy`: what it is for, as the name of its one policy; `response-wrapping` if left out. */
  createWrapping(
    view: WriteView,
    init: {
      readonly path: string
      readonly ttl: number
      readonly namespaceId: string
      readonly policy?: WrappingPolicy
    },
  ): Promise<MadeToken>
  /** Key and namespace of such a token that is valid and unused. */
  findWrapping(
    view: ReadView,
    token: string,
    policy?: WrappingPolicy,
  ): Promise<{ readonly key: string; readonly namespaceId: string } | undefined>
  /** The same by its accessor, in the namespace. */
  findWrappingByAccessor(
    view: ReadView,
    accessor: string,
    namespaceId: string,
    policy: WrappingPolicy,
  ): Promise<{ readonly key: string } | undefined>
  /** Takes the one use and ends the token, with everything kept for it, in the caller's transaction. */
  spend(view: WriteView, key: string): Promise<void>
}

/** The root tokens that live, for `sys/root-tokens`. */
export interface RootTokenIndex {
  rootTokens(view: ReadView): Promise<readonly TokenDetails[]>
  /** With all that were made with it. */
  revoke(view: WriteView, key: string): Promise<void>
  /** Those that were made with it become orphans. */
  revokeOrphan(view: WriteView, key: string): Promise<void>
}

/** What the expiry worker and the lease endpoints need of the token store. */
export interface TokenExpiry {
  /** Undefined once the token is revoked or gone. */
  details(view: ReadView, key: string): Promise<TokenDetails | undefined>
  revoke(view: WriteView, key: string): Promise<void>
  /** Whether a token with this key is stored, in whatever state. */
  stored(view: ReadView, key: string): Promise<boolean>
  /** Removes a due token, its descendants and all they leave, piece by piece in transactions of its own. Safe to repeat. */
  cleanUp(key: string): Promise<void>
  /**
   * The token that a caller's leases belong to. A batch token's belong to its parent (empty if it has none), and end with it.
   */
  ownerOf(caller: Caller): { readonly key: string; readonly endsAt: number | undefined }
  /** Whether a lease may still be issued to the token: it is not revoked, though this may be its last use. */
  holds(view: ReadView, key: string): Promise<boolean>
  /** The mount that made the token was moved. */
  moved(view: WriteView, key: string, path: string): Promise<void>
}

/** The lease side of a token, kept in the caller's transaction. Implemented by the lease room. */
export interface TokenLeases {
  /** `role`: of the log-in, or empty. */
  enter(view: WriteView, lease: TokenLeaseRef & { readonly expiresAt: number | undefined; readonly role: string }): void
  /** The lease ends at another time. */
  reschedule(view: WriteView, lease: TokenLeaseRef, from: number | undefined, to: number): void
  remove(view: WriteView, lease: TokenLeaseRef & { readonly expiresAt: number | undefined }): void
  /** Makes at most `limit` leases of secrets that were issued to the token due now. Tells how many; fewer than `limit` means none is left. */
  release(view: WriteView, key: string, limit: number, now: number): Promise<number>
}

export interface TokenLeaseRef {
  readonly key: string
  readonly path: string
  readonly namespaceId: string
}

/** By what an auth method knows somebody. */
export interface LoginAlias {
  readonly name: string
  readonly mount: Mount
  readonly metadata: ReadonlyMap<string, string> | undefined
  /**
   * Names of the groups that the method says he is in now: he is in those external groups of the mount and no others of it. Undefined
   * where the method was not asked.
   */
  readonly groupAliases?: readonly string[]
}

/** What follows from an entity. As long as nothing of it changes it is the same object. */
export interface EntityHolder {
  /** Its own and those of its groups, sorted. */
  readonly policies: readonly string[]
  readonly facts: IdentityFacts
}

/** Identity, as far as tokens need it. */
export interface EntityPort {
  /** Finds or makes the entity of a log-in's alias. Whether it is disabled is told by `holderOf`. */
  entityOf(view: WriteView, alias: LoginAlias): Promise<string>
  /** What `groupAliases` of a log-in does, at a renewal. */
  refreshGroups(view: WriteView, entityId: string, mount: Mount, groupAliases: readonly string[]): Promise<void>
  /**
   * What follows from an entity and its groups now; undefined for an entity that is disabled or gone. An entity that was merged into
   * another is that one. From memory where nothing changed. An entity is of one namespace, and unknown in any other.
   */
  holderOf(entityId: string, view: ReadView, namespaceId: string): Awaitable<EntityHolder | undefined>
}

/** A log-in's token and what is to be told besides. */
export interface IssuedAuth extends AuthInfo {
  readonly warnings: readonly string[]
}

/** What of a grant a renewal may say anew. */
export type RenewedGrant = Pick<AuthGrant, 'ttl' | 'maxTtl' | 'period' | 'groupAliases'>

/** How auth methods prolong what they granted: roles may have changed since the log-in. */
export interface MethodRenewal {
  /** Undefined: as granted. Rejects if the log-in would no longer succeed. */
  renew(
    view: WriteView,
    mountUuid: string,
    token: TokenDetails,
    internal: ReadonlyMap<string, string>,
  ): Promise<RenewedGrant | undefined>
}

/** Encrypts and authenticates what batch tokens carry, with a key of the barrier. */
export interface TokenSealer {
  seal(plaintext: Uint8Array, namespaceId: string): Uint8Array
  /** Undefined for what this server did not seal for that namespace's keys, and while it is sealed. */
  open(sealed: Uint8Array, namespaceId: string): Uint8Array | undefined
}

/** Callers by handles other than their own request, for `sys/capabilities`. */
export interface CallerIndex {
  byToken(token: string, view: ReadView): Awaitable<Caller | undefined>
  /** Only of tokens of the namespace. */
  byAccessor(accessor: string, view: ReadView, namespaceId: string): Awaitable<Caller | undefined>
}
