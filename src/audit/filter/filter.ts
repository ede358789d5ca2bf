/** Which entries a device takes: the `filter` option. */
import { auditErrors } from '../../errors/audit.ts'
import type { AuditEvent } from '../../request/ports.ts'
import { ExpressionError, parseCondition } from '../../lib/condition/expression.ts'

export type Filter = (event: AuditEvent) => boolean

/** The properties an entry can be filtered by; each stands in the entry as it is here. */
const PROPERTIES: ReadonlyMap<string, (event: AuditEvent) => string> = new Map([
  ['mount_point', ({ mount, request }) => (mount === undefined ? '' : request.namespace.path + mount.path)],
  ['mount_type', ({ mount }) => mount?.type ?? ''],
  ['namespace', ({ request }) => request.namespace.path],
  ['operation', ({ operation }) => operation],
  ['path', ({ request }) => request.path],
])

/** Throws `AUDIT_FILTER`. */
export function parseFilter(text: string): Filter {
  try {
    const condition = parseCondition(text, (selector) => PROPERTIES.has(selector))
    return (event) => condition((selector) => PROPERTIES.get(selector)?.(event))
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    throw auditErrors.FILTER({ option: 'filter', reason: error.message })
  }
}
