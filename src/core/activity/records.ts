/**
 * Where clients stand in storage: of the month that runs an entry each, so that whoever looks knows whether one was counted; of those that
 * are over many in one entry.
 */
import { collection, collectionOf, f, fromUtf8, toUtf8, type Infer, type RecordCodec } from '../../framework/index.ts'
import type { ReadView, WriteView } from '../../storage/view.ts'
import type { Month } from './month.ts'

const ACTIVITY = 'core/activity/'
export const CONFIG_KEY = `${ACTIVITY}config`

const config = {
  enabled: f.enum(['default', 'enable', 'disable']),
  retention_months: f.int(),
  default_report_months: f.int(),
}
export type StoredConfig = Infer<typeof config>
export const storedConfig = collection(CONFIG_KEY, config)

const client = {
  id: f.string(),
  namespace: f.string(),
  accessor: f.string(),
  entity: f.bool(),
  /** When it was first seen in the month, s. */
  at: f.int(),
}
export type CountedClient = Infer<typeof client>

const clients = collection(`${ACTIVITY}clients/{month}/{key}`, client)
const segments = collectionOf(`${ACTIVITY}segments/{month}/{number}`, segmentCodec())

/** What stands in a segment at most: it is read and decrypted as a whole. */
export const SEGMENT = 1000

/** Id of a client as part of a key. */
export function keyOf(id: string): string {
  return id.replaceAll('/', '_').replaceAll('+', '-')
}

export function has(view: ReadView, month: Month, id: string): Promise<boolean> {
  return clients.has(view, { month, key: keyOf(id) })
}

export function put(view: WriteView, month: Month, counted: CountedClient): void {
  clients.put(view, { month, key: keyOf(counted.id) }, counted)
}

/** The months of which something is stored, in order. */
export async function storedMonths(view: ReadView): Promise<readonly Month[]> {
  const folders = [...(await clients.list(view)), ...(await segments.list(view))]
  return [...new Set(folders.map((name) => name.replace(/\/$/, '')))].toSorted()
}

export interface ClientPage {
  readonly clients: readonly CountedClient[]
  /** For the next page; undefined after the last. */
  readonly next: string | undefined
}

/** Entries of their own, `after` being what the page before said. */
export async function singles(view: ReadView, month: Month, after: string): Promise<ClientPage> {
  const page = after === '' ? { limit: SEGMENT } : { after, limit: SEGMENT }
  const keys = await clients.list(view, `${month}/`, page)
  const found: CountedClient[] = []
  for (const key of keys) {
    const one = await clients.get(view, { month, key })
    if (one !== undefined) found.push(one)
  }
  return { clients: found, next: keys.length < SEGMENT ? undefined : keys.at(-1) }
}

export async function segment(view: ReadView, month: Month, after: string): Promise<ClientPage> {
  const [number] = await segments.list(view, `${month}/`, after === '' ? { limit: 1 } : { after, limit: 1 })
  if (number === undefined) return { clients: [], next: undefined }
  return { clients: (await segments.get(view, { month, number })) ?? [], next: number }
}

/** Puts the first of a month's own entries together in one; true where there may be more. */
export async function pack(view: WriteView, month: Month): Promise<boolean> {
  const page = await singles(view, month, '')
  if (page.clients.length === 0) return false
  const last = (await segments.list(view, `${month}/`)).at(-1)
  const number = String(last === undefined ? 0 : Number(last) + 1).padStart(6, '0')
  segments.put(view, { month, number }, page.clients)
  for (const { id } of page.clients) clients.delete(view, { month, key: keyOf(id) })
  return page.next !== undefined
}

/** Removes some of a month; true where there may be more. */
export async function remove(view: WriteView, month: Month): Promise<boolean> {
  const keys = await clients.list(view, `${month}/`, { limit: SEGMENT })
  for (const key of keys) clients.delete(view, { month, key })
  const numbers = await segments.list(view, `${month}/`, { limit: SEGMENT })
  for (const number of numbers) segments.delete(view, { month, number })
  return keys.length === SEGMENT || numbers.length === SEGMENT
}

/** Rows of their values, without the names. */
function segmentCodec(): RecordCodec<readonly CountedClient[]> {
  return {
    encode: (rows) =>
      toUtf8(JSON.stringify(rows.map((one) => [one.id, one.namespace, one.accessor, one.entity, one.at]))),
    decode: (bytes) => {
      const rows: unknown = JSON.parse(fromUtf8(bytes))
      return Array.isArray(rows) ? rows.map(rowOf) : []
    },
  }
}

function rowOf(row: unknown): CountedClient {
  const [id, namespace, accessor, entity, at] = Array.isArray(row) ? row : []
  return {
    id: String(id),
    namespace: String(namespace),
    accessor: String(accessor),
    entity: entity === true,
    at: Number(at),
  }
}
