/** How a token stands in storage. */
import type { Confinement, TokenType } from '../request/caller.ts'
import type { CountedLease } from '../request/quota-ports.ts'
import type { TokenDetails } from '../request/token-ports.ts'

/**
 * `revoked`: refused, with all below it, and waiting to be cleaned up. `leaving`: refused, but its children live on and are being
 * made orphans.
 */
export type TokenState = 'live' | 'revoked' | 'leaving'

export interface TokenEntry {
  readonly key: string
  readonly accessor: string
  readonly type: TokenType
  /** Key of the parent; empty for an orphan. */
  readonly parent: string
  readonly policies: readonly string[]
  readonly path: string
  readonly meta: ReadonlyMap<string, string> | undefined
  readonly displayName: string
  /** 0 for no limit, -1 when the last use is taken. */
  readonly numUses: number
  readonly createdAt: number
  readonly ttl: number
  readonly explicitMaxTtl: number
  readonly period: number
  readonly role: string
  readonly entityId: string
  readonly namespaceId: string
  readonly boundCidrs: readonly string[]
  readonly renewable: boolean
  readonly issuedAt: number
  /** Undefined only for a root token. */
  readonly expiresAt: number | undefined
  /** Where the token stands in the expiry index, if not at `expiresAt`: revoked or used up, and waiting to be cleaned up. */
  readonly dueAt: number | undefined
  /** False for a root token that was not made by a request. */
  readonly leased: boolean
  readonly renewedAt: number | undefined
  /** Seconds that were granted last; what a renewal without a wish of its own gets again. */
  readonly leaseTtl: number
  readonly state: TokenState
  readonly login: LoginFacts | undefined
  readonly confined?: Confinement | undefined
}

/** What a log-in granted, for renewals. */
export interface LoginFacts {
  readonly mount: string
  readonly ttl: number
  readonly maxTtl: number
  readonly internal: ReadonlyMap<string, string>
  readonly role?: string
}

type Pairs = readonly (readonly [string, string])[]
type Stored = Omit<TokenEntry, 'key' | 'meta' | 'login' | 'confined'> & {
  readonly meta?: Pairs
  readonly confined?: Omit<Confinement, 'facts'> & { readonly facts: Pairs }
  readonly login?: Omit<LoginFacts, 'internal'> & { readonly internal: Pairs }
}

export function encodeEntry(entry: TokenEntry): Uint8Array {
  const { key: _, meta, login, confined, ...rest } = entry
  const stored: Stored = {
    ...rest,
    ...(meta === undefined ? {} : { meta: [...meta] }),
    ...(login === undefined ? {} : { login: { ...login, internal: [...login.internal] } }),
    ...(confined === undefined ? {} : { confined: { ...confined, facts: [...confined.facts] } }),
  }
  return Buffer.from(JSON.stringify(stored))
}

export function decodeEntry(key: string, bytes: Uint8Array): TokenEntry {
  // The barrier vouches that this is what encodeEntry wrote.
  const stored: Stored = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  return Object.freeze({
    ...stored,
    key,
    meta: stored.meta === undefined ? undefined : new Map(stored.meta),
    expiresAt: stored.expiresAt,
    dueAt: stored.dueAt,
    renewedAt: stored.renewedAt,
    login: stored.login === undefined ? undefined : { ...stored.login, internal: new Map(stored.login.internal) },
    confined: stored.confined === undefined ? undefined : { ...stored.confined, facts: new Map(stored.confined.facts) },
  })
}

export function detailsOf(entry: TokenEntry): TokenDetails {
  const { issuedAt, expiresAt, renewedAt, renewable } = entry
  return {
    key: entry.key,
    accessor: entry.accessor,
    type: entry.type,
    policies: entry.policies,
    path: entry.path,
    displayName: entry.displayName,
    meta: entry.meta,
    numUses: entry.numUses,
    orphan: entry.parent === '',
    createdAt: entry.createdAt,
    ttl: entry.ttl,
    explicitMaxTtl: entry.explicitMaxTtl,
    period: entry.period,
    role: entry.role,
    entityId: entry.entityId,
    boundCidrs: entry.boundCidrs,
    namespaceId: entry.namespaceId,
    lease: entry.leased ? { issuedAt, expiresAt, renewedAt, renewable } : undefined,
  }
}

export function isRoot({ policies }: Pick<TokenEntry, 'policies'>): boolean {
  return policies.includes('root')
}

/** As what the token counts towards quotas. */
export function countedOf({ namespaceId, path, login, role }: TokenEntry): CountedLease {
  return { namespaceId, path, role: login?.role ?? role }
}

/** Root tokens are not counted: when nothing else can be had, they are the way in. */
export function isCounted(entry: TokenEntry): boolean {
  return entry.leased && !isRoot(entry)
}

/** Only root may live for ever. Anything else without an end is refused wherever it's met, stored or about to be. */
export function mayLiveForEver(policies: readonly string[]): boolean {
  return policies.length === 1 && policies[0] === 'root'
}
