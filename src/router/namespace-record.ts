/** How a namespace stands in storage. */
import { collection, f } from '../framework/index.ts'
import { homeCalled, homeNameIn, withinHome } from '../request/namespace-home.ts'
import type { NamespaceInfo } from '../request/namespace-ports.ts'
import type { ReadView } from '../storage/view.ts'

export const namespaceRecords = collection('core/namespaces/{id}', {
  id: f.string(),
  uuid: f.string(),
  path: f.string(),
  custom_metadata: f.pairs(),
  tainted: f.bool(),
  /** Hash of the key that unlocks it; empty where it is not locked. */
  lock: f.string(),
  /** Left out by versions whose namespaces had no seals. */
  sealed: f.bool().default(false),
  wiped: f.bool().default(false),
})

const FOLDER = namespaceRecords.key({ id: '' })

export function isNamespaceKey(storageKey: string): boolean {
  return withinHome(storageKey).startsWith(FOLDER)
}

/** Under which key it is stored. */
export function namespaceKey({ home, id }: Pick<NamespaceInfo, 'home' | 'id'>): string {
  return home + namespaceRecords.key({ id })
}

export function toNamespaceRecord(row: NamespaceInfo) {
  return {
    id: row.id,
    uuid: row.uuid,
    path: row.path,
    custom_metadata: row.customMetadata,
    tainted: row.tainted,
    lock: row.lock?.keyHash ?? '',
    sealed: row.sealed,
    wiped: row.wiped,
  }
}

export async function storedNamespace(view: ReadView, key: string): Promise<NamespaceInfo | undefined> {
  const home = homeCalled(homeNameIn(key))
  const record = await namespaceRecords.get(view.sub(home), { id: key.slice(key.lastIndexOf('/') + 1) })
  return record && fromNamespaceRecord(record, home)
}

function fromNamespaceRecord(record: ReturnType<typeof toNamespaceRecord>, home: string): NamespaceInfo {
  return Object.freeze({
    id: record.id,
    uuid: record.uuid,
    path: record.path,
    customMetadata: record.custom_metadata,
    tainted: record.tainted,
    lock: record.lock === '' ? undefined : { keyHash: record.lock },
    home,
    sealed: record.sealed,
    wiped: record.wiped,
  })
}

/** The keys of all that lie in a home. */
export async function namespaceKeysIn(view: ReadView, home: string): Promise<readonly string[]> {
  const ids = await view.list(home + FOLDER)
  return ids.map((id) => home + FOLDER + id)
}
