/** Quotas in storage. The one file of this room that spells storage keys. */
import { collection, f } from '../framework/index.ts'
import { groupings, type Grouping } from '../request/quota-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { LeaseCountRule, QuotaRow, QuotaRule, RateLimitRule } from './rule.ts'

const PREFIX = 'core/quotas/'

const scope = {
  id: f.string(),
  namespace_id: f.string(),
  namespace_path: f.string(),
  mount: f.string(),
  suffix: f.string(),
  role: f.string(),
  inheritable: f.bool(),
}
const rateLimits = collection(`${PREFIX}rate-limit/{name}`, {
  ...scope,
  rate: f.number(),
  secondary_rate: f.number(),
  interval: f.int(),
  block_interval: f.int(),
  group_by: f.enum(groupings),
})
const leaseCounts = collection(`${PREFIX}lease-count/{name}`, { ...scope, max_leases: f.int() })
const config = collection(`${PREFIX}config`, {
  exempt_paths: f.list(),
  absolute_exempt_paths: f.list(),
  audit_logging: f.bool(),
  response_headers: f.bool(),
})

interface StoredScope {
  readonly id: string
  readonly namespace_id: string
  readonly namespace_path: string
  readonly mount: string
  readonly suffix: string
  readonly role: string
  readonly inheritable: boolean
}
interface StoredRate extends StoredScope {
  readonly rate: number
  readonly secondary_rate: number
  readonly interval: number
  readonly block_interval: number
  readonly group_by: Grouping
}

export const quotaRows = {
  keyIn: (storageKey: string): string | undefined =>
    storageKey.startsWith(PREFIX) ? storageKey.slice(PREFIX.length) : undefined,

  async keys(view: ReadView): Promise<readonly string[]> {
    return (await view.keys(PREFIX)).map((key) => key.slice(PREFIX.length))
  },

  async get(view: ReadView, key: string): Promise<QuotaRow | undefined> {
    if (key === 'config') return configRow(view)
    const [type, name = ''] = key.split('/')
    if (type === 'rate-limit') {
      const stored = await rateLimits.get(view, { name })
      return stored && rateLimitOf(name, stored)
    }
    const stored = await leaseCounts.get(view, { name })
    return stored && leaseCountOf(name, stored)
  },

  put(view: WriteView, row: QuotaRow): void {
    if (row.type === 'config')
      config.put(
        view,
        {},
        {
          exempt_paths: row.exemptPaths,
          absolute_exempt_paths: row.absoluteExemptPaths,
          audit_logging: row.auditLogging,
          response_headers: row.responseHeaders,
        },
      )
    else if (row.type === 'rate-limit')
      rateLimits.put(
        view,
        { name: row.name },
        {
          ...storedScope(row),
          rate: row.rate,
          secondary_rate: row.secondaryRate,
          interval: row.interval,
          block_interval: row.blockInterval,
          group_by: row.groupBy,
        },
      )
    else leaseCounts.put(view, { name: row.name }, { ...storedScope(row), max_leases: row.maxLeases })
  },

  delete(view: WriteView, key: string): void {
    view.delete(PREFIX + key)
  },
} as const

async function configRow(view: ReadView): Promise<QuotaRow | undefined> {
  const stored = await config.get(view, {})
  return (
    stored && {
      type: 'config',
      exemptPaths: stored.exempt_paths,
      absoluteExemptPaths: stored.absolute_exempt_paths,
      auditLogging: stored.audit_logging,
      responseHeaders: stored.response_headers,
    }
  )
}

function storedScope(rule: QuotaRule): StoredScope {
  return {
    id: rule.id,
    namespace_id: rule.namespaceId,
    namespace_path: rule.namespacePath,
    mount: rule.mountUuid,
    suffix: rule.suffix,
    role: rule.role,
    inheritable: rule.inheritable,
  }
}

function scopeFrom(name: string, stored: StoredScope) {
  return {
    name,
    id: stored.id,
    namespaceId: stored.namespace_id,
    namespacePath: stored.namespace_path,
    mountUuid: stored.mount,
    suffix: stored.suffix,
    role: stored.role,
    inheritable: stored.inheritable,
  }
}

function rateLimitOf(name: string, stored: StoredRate): RateLimitRule {
  return {
    type: 'rate-limit',
    ...scopeFrom(name, stored),
    rate: stored.rate,
    secondaryRate: stored.secondary_rate,
    interval: stored.interval,
    blockInterval: stored.block_interval,
    groupBy: stored.group_by,
  }
}

function leaseCountOf(name: string, stored: StoredScope & { readonly max_leases: number }): LeaseCountRule {
  return { type: 'lease-count', ...scopeFrom(name, stored), maxLeases: stored.max_leases }
}
