/** A quota as it is kept. What it is for is named by ids, so that a mount that moves keeps its quotas. */
import type { Grouping, QuotaConfig } from '../request/quota-ports.ts'

export type QuotaType = 'rate-limit' | 'lease-count'

interface Rule {
  readonly name: string
  /** Another each time the quota is written: its counting begins anew. */
  readonly id: string
  readonly namespaceId: string
  readonly namespacePath: string
  /** Empty: the namespace as a whole. */
  readonly mountUuid: string
  /** Path below the mount, without a slash at its end; with `*` there, all that begins so. */
  readonly suffix: string
  readonly role: string
  readonly inheritable: boolean
}

export interface RateLimitRule extends Rule {
  readonly type: 'rate-limit'
  readonly rate: number
  readonly secondaryRate: number
  /** Seconds. */
  readonly interval: number
  readonly blockInterval: number
  readonly groupBy: Grouping
}

export interface LeaseCountRule extends Rule {
  readonly type: 'lease-count'
  readonly maxLeases: number
}

export type QuotaRule = RateLimitRule | LeaseCountRule

/** Rows of the table of quotas; the configuration is one of them. */
export type QuotaRow = QuotaRule | ({ readonly type: 'config' } & QuotaConfig)

/** Unique among the rows. */
export function keyOf(row: QuotaRow): string {
  return row.type === 'config' ? 'config' : `${row.type}/${row.name}`
}

/** What a quota is for; no two of a type are for the same. */
export function scopeOf({ namespaceId, mountUuid, suffix, role }: QuotaRule): string {
  return JSON.stringify([namespaceId, mountUuid, suffix, role])
}

/** As in Vault. */
export const initialConfig: QuotaConfig = Object.freeze({
  exemptPaths: [
    'sys/generate-recovery-token/attempt',
    'sys/generate-recovery-token/update',
    'sys/generate-root/attempt',
    'sys/generate-root/update',
    'sys/health',
    'sys/seal-status',
    'sys/unseal',
  ],
  absoluteExemptPaths: [],
  auditLogging: false,
  responseHeaders: false,
})
