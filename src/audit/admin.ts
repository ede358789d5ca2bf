/** What `sys/audit`, `sys/audit-hash` and `sys/config/auditing/request-headers` need. */
import type { AuditAdminPort } from '../request/system-ports.ts'
import type { AuditBroker } from './broker.ts'
import type { AuditedHeaders } from './headers.ts'
import type { AuditTable } from './table.ts'

export function auditAdmin(table: AuditTable, broker: AuditBroker, headers: AuditedHeaders): AuditAdminPort {
  return {
    list: () => table.list(),
    enable: (view, path, init) => table.enable(view, { ...init, path }),
    disable: (view, path) => table.disable(view, path),
    hash: async (path, input) => broker.hashValue(path, input),
    headers: (view) => headers.list(view),
    putHeader: (view, name, hmac) => headers.write(view, name, { hmac }),
    deleteHeader: (view, name) => headers.delete(view, name),
  }
}
