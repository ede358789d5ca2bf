/** How a namespace stands in storage. */
import { collection, f } from '../framework/index.ts'
import type { NamespaceInfo } from '../request/namespace-ports.ts'

export const namespaceRecords = collection('core/namespaces/{id}', {
  id: f.string(),
  uuid: f.string(),
  path: f.string(),
  custom_metadata: f.pairs(),
  tainted: f.bool(),
  /** Hash of the key that unlocks it; empty where it is not locked. */
  lock: f.string(),
})

export function toNamespaceRecord(row: NamespaceInfo) {
  return {
    id: row.id,
    uuid: row.uuid,
    path: row.path,
    custom_metadata: row.customMetadata,
    tainted: row.tainted,
    lock: row.lock?.keyHash ?? '',
  }
}

export function fromNamespaceRecord(record: ReturnType<typeof toNamespaceRecord>): NamespaceInfo {
  return Object.freeze({
    id: record.id,
    uuid: record.uuid,
    path: record.path,
    customMetadata: record.custom_metadata,
    tainted: record.tainted,
    lock: record.lock === '' ? undefined : { keyHash: record.lock },
  })
}
