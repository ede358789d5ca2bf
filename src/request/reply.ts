/** What an engine answers, before it is put in Vault's envelope. */
import type { JsonOut, RawJson } from '../lib/json/index.ts'
import type { MfaRequirement } from './mfa-ports.ts'

export type Data = { readonly [name: string]: JsonOut | undefined } | ReadonlyMap<string, JsonOut | undefined> | RawJson

/** The wish for a token, by a log-in or by `auth/token/create`; the lease stage makes it and fills the reply's `auth`. */
export interface AuthGrant {
  readonly displayName: string
  /** Name of the role by which somebody logged in, for which there may be quotas. */
  readonly role?: string
  /** As the role or caller says; `default` is added and the list sorted by the token store unless `noDefaultPolicy`. */
  readonly policies: readonly string[]
  readonly noDefaultPolicy?: boolean
  readonly meta?: ReadonlyMap<string, string>
  readonly type?: 'service' | 'batch' | 'default'
  /** Seconds. */
  readonly ttl?: number
  readonly maxTtl?: number
  readonly explicitMaxTtl?: number
  readonly period?: number
  readonly renewable?: boolean
  readonly numUses?: number
  readonly boundCidrs?: readonly string[]
  readonly orphan?: boolean
  /** Name of the log-in's alias, by which identity finds or makes the entity. */
  readonly alias?: { readonly name: string; readonly metadata?: ReadonlyMap<string, string> }
  /** Names of the groups that the method says he is in, for group aliases of external groups. Absent is as none. */
  readonly groupAliases?: readonly string[]
  /** Kept with the token for the method's own renewal rule. */
  readonly internal?: ReadonlyMap<string, string>
}

/** The reply's `auth` member, as sent. */
export interface AuthInfo {
  readonly clientToken: string
  readonly accessor: string
  readonly policies: readonly string[]
  readonly tokenPolicies: readonly string[]
  readonly identityPolicies: readonly string[]
  readonly metadata: ReadonlyMap<string, string> | undefined
  readonly leaseDuration: number
  readonly renewable: boolean
  readonly entityId: string
  readonly tokenType: 'service' | 'batch'
  readonly orphan: boolean
  /** The factors that are still to be shown; there is no token then. */
  readonly mfaRequirement: MfaRequirement | undefined
  readonly numUses: number
}

/** The wish for a lease on a secret; the lease stage registers it and fills `lease_id`. */
export interface LeaseGrant {
  /** Name of a lease definition of the engine. */
  readonly type: string
  readonly internal: JsonOut
  /** Seconds; 0 takes the mount's default. */
  readonly ttl: number
  readonly maxTtl?: number
  readonly renewable: boolean
}

export interface Reply {
  /** 200, or 204 where there is nothing to say, unless set. */
  readonly status?: number
  readonly data?: Data | undefined
  readonly grant?: AuthGrant
  readonly auth?: AuthInfo
  readonly lease?: LeaseGrant
  readonly leaseId?: string
  readonly leaseDuration?: number
  readonly renewable?: boolean
  readonly warnings?: readonly string[]
  /** Further response headers; names as sent. */
  readonly headers?: readonly (readonly [string, string])[]
  /** A reply in the caller's own format instead of the envelope (metrics, OIDC, health). */
  readonly raw?: RawReply
  /** The reply's members stand at the top level as well as under `data`, as sys endpoints of Vault do. */
  readonly flatten?: boolean
  readonly wrapInfo?: WrapInfo
  /** The wrapping stage must not wrap this again. */
  readonly unwrapped?: boolean
  /** The token of a request that a control group held: it is carried out, and what it answers is the reply. */
  readonly carryOut?: string
}

export interface RawReply {
  readonly contentType: string
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array>
}

/** The reply's `wrap_info` member. */
export interface WrapInfo {
  readonly token: string
  readonly accessor: string
  /** Seconds. */
  readonly ttl: number
  readonly creationTime: string
  readonly creationPath: string
  readonly wrappedAccessor?: string
}
