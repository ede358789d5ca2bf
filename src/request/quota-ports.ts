/** Quotas: what other rooms need of them. Views are those of the whole storage. */
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Mount } from './mount.ts'
import type { Namespace } from './request.ts'

/** What requests are counted together by. */
export const groupings = ['ip', 'none', 'entity_then_ip', 'entity_then_none'] as const
export type Grouping = (typeof groupings)[number]

/** What a quota is for, as an operator says it. */
export interface QuotaScope {
  /** From the root namespace on: a namespace, a mount, or a path below a mount, which may end with `*`. Empty for all. */
  readonly path: string
  /** Of log-ins, or empty. */
  readonly role: string
  /** Undefined: only where it is for everything. */
  readonly inheritable: boolean | undefined
}

export interface RateLimitSettings {
  /** Requests an interval. */
  readonly rate: number
  /** For what has no entity; 0 unless grouped by entities. */
  readonly secondaryRate: number
  /** Seconds. */
  readonly interval: number
  /** Seconds; 0 blocks nobody. */
  readonly blockInterval: number
  readonly groupBy: Grouping
}

export interface LeaseCountSettings {
  readonly maxLeases: number
}

interface Info {
  readonly name: string
  readonly path: string
  readonly role: string
  readonly inheritable: boolean
}
export type RateLimitInfo = Info & RateLimitSettings
export type LeaseCountInfo = Info & LeaseCountSettings

export interface QuotaConfig {
  /** In every namespace, relative to it. */
  readonly exemptPaths: readonly string[]
  /** From the root namespace on. */
  readonly absoluteExemptPaths: readonly string[]
  readonly auditLogging: boolean
  readonly responseHeaders: boolean
}

/** The quotas of one type. `asking` is the namespace of the request: what is neither in it nor below it is not there for it. */
export interface QuotaRules<Settings, Shown> {
  list(asking: Namespace): readonly string[]
  get(asking: Namespace, name: string): Shown | undefined
  /** Rejects with an error of `QUOTA`. */
  put(view: WriteView, asking: Namespace, name: string, quota: QuotaScope & Settings): Promise<void>
  delete(view: WriteView, asking: Namespace, name: string): Promise<void>
}

/** `sys/quotas`. */
export interface QuotasPort {
  readonly rateLimits: QuotaRules<RateLimitSettings, RateLimitInfo>
  readonly leaseCounts: QuotaRules<LeaseCountSettings, LeaseCountInfo>
  /** How many leases count towards a quota now; for the leader alone. */
  leasesOf(name: string): Promise<number>
  config(): QuotaConfig
  putConfig(view: WriteView, change: Partial<QuotaConfig>): Promise<void>
}

/** A request, as far as rate limits look at it. */
export interface LimitedRequest {
  readonly namespace: Namespace
  /** Relative to the namespace. */
  readonly path: string
  /** Undefined where nothing is mounted. */
  readonly mount: Mount | undefined
  /** The path below the mount. */
  readonly rest: string
  readonly role: string | undefined
}

/** The limit that holds for a request. */
export interface RateLimit {
  /** Whether it counts by entities, so that the caller is to be known first. */
  readonly byEntity: boolean
  /** Counts the request. `entityId` is empty where there is none. */
  take(remoteAddress: string, entityId: string): RateVerdict
}

export interface RateVerdict {
  readonly allowed: boolean
  /** Headers of the reply; none unless they are configured. */
  readonly headers: readonly (readonly [string, string])[]
}

export interface RateLimitPort {
  /** Whether there is any limit at all. */
  readonly any: boolean
  /** Whether the role of a log-in decides which limit holds. */
  byRole(mount: Mount): boolean
  /** The most specific one; undefined where none holds, or the path is exempt. */
  find(request: LimitedRequest): RateLimit | undefined
  /** Whether requests that are refused are audited. */
  readonly audited: boolean
}

/** A lease, of a secret or of a token, by what decides which quota it counts towards. */
export interface CountedLease {
  readonly namespaceId: string
  /** The request's path. */
  readonly path: string
  /** Of the log-in, or empty. */
  readonly role: string
}

/** Lease counts, kept by those who make and end leases. */
export interface LeaseCountPort {
  /**
   * Takes a place for a lease in the transaction that makes it; it is given back where that rolls back. Rejects with `QUOTA_LEASES`.
   * Undefined where nobody need wait.
   */
  enter(view: WriteView, lease: CountedLease): Promise<void> | undefined
  /** As `enter`, for what is no lease but may not be made where there may be no more of them: batch tokens. */
  check(lease: CountedLease): Promise<void> | undefined
  /** In the transaction that removes the lease. */
  leave(view: WriteView, lease: CountedLease): void
}

/**
 * All leases that count, page by page, as one snapshot shows them. Of those whose role is not needed it is not looked up.
 */
export type LeaseCensus = (
  view: ReadView,
  needsRole: (lease: Omit<CountedLease, 'role'>) => boolean,
) => AsyncIterable<readonly CountedLease[]>
