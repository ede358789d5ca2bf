/** What `sys/audit`, `sys/audit-hash` and `sys/config/auditing/request-headers` need. */
import type { AuditAdminPort, AuditChainKey } from '../request/system-ports.ts'
import type { AuditBroker } from './broker.ts'
import type { AuditedHeaders } from './headers.ts'
import { findChainKey, readKnown } from './chain/chain-store.ts'
import { readRows } from './table-store.ts'
import type { ReadView } from '../storage/view.ts'
import type { AuditTable } from './table.ts'

export function auditAdmin(table: AuditTable, broker: AuditBroker, headers: AuditedHeaders): AuditAdminPort {
  return {
    list: () => table.list(),
    enable: (view, path, init) => table.enable(view, { ...init, path }),
    disable: (view, path) => table.disable(view, path),
    chainKey: (view) => chainKey(view),
    hash: async (path, input) => broker.hashValue(path, input),
    headers: (view) => headers.list(view),
    putHeader: (view, name, hmac) => headers.write(view, name, { hmac }),
    deleteHeader: (view, name) => headers.delete(view, name),
  }
}

async function chainKey(view: ReadView): Promise<AuditChainKey | undefined> {
  const key = await findChainKey(view)
  if (key === undefined) return undefined
  const checkpoints = new Map<string, { readonly id: string; readonly n: number; readonly hash: string }>()
  for (const { path, uuid } of await readRows(view)) {
    const known = await readKnown(view, uuid)
    if (known !== undefined) checkpoints.set(path, { id: known.id, n: known.n, hash: known.hash })
  }
  const publicKey = key.publicKey.export({ format: 'pem', type: 'spki' }).toString()
  return { id: key.id, publicKey, created: key.created, checkpoints }
}
