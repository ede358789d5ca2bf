/** How enabled devices stand in storage: a row and a salt each. The only file that spells the table's keys. */
import { auditErrors } from '../errors/audit.ts'
import { stringify } from '../lib/json/index.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { DeviceOptions } from './device-type.ts'
import { deleteKnown } from './chain/chain-store.ts'
import { auditPrefix } from './storage-keys.ts'

/** A row of the audit table. */
export interface AuditDevice {
  readonly uuid: string
  /** `audit_file_1a2b3c4d`. */
  readonly accessor: string
  /** Ends with `/`. */
  readonly path: string
  readonly type: string
  readonly description: string
  readonly options: DeviceOptions
  readonly local: boolean
  /** Made by the configuration, which alone can change it. */
  readonly declared: boolean
}

const ROWS = `${auditPrefix}devices/`
const SALTS = `${auditPrefix}salts/`

const utf8 = new TextDecoder()

/** By path. Rejects with `AUDIT_BAD_TABLE`. */
export async function readRows(view: ReadView): Promise<AuditDevice[]> {
  const rows: AuditDevice[] = []
  for (const uuid of await view.list(ROWS)) {
    const bytes = await view.get(ROWS + uuid)
    if (bytes !== undefined) rows.push(decode(uuid, utf8.decode(bytes)))
  }
  return rows.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

export async function readSalt(view: ReadView, uuid: string): Promise<string> {
  const bytes = await view.get(SALTS + uuid)
  if (bytes === undefined || bytes.length < 16) throw auditErrors.BAD_TABLE()
  return utf8.decode(bytes)
}

export function putRow(view: WriteView, row: AuditDevice): void {
  view.put(ROWS + row.uuid, Buffer.from(encodeRow(row)))
}

export function putSalt(view: WriteView, uuid: string, salt: string): void {
  view.put(SALTS + uuid, Buffer.from(salt))
}

/** With its salt: what it wrote can't be compared with a value from now on, as in Vault. */
export async function deleteRow(view: WriteView, uuid: string): Promise<void> {
  await deleteKnown(view, uuid)
  view.delete(ROWS + uuid)
  view.delete(SALTS + uuid)
}

/** Equal for rows that make the same device. */
export function encodeRow(row: AuditDevice): string {
  const { accessor, path, type, description, options, local, declared } = row
  return stringify({ accessor, path, type, description, options, local, declared })
}

function decode(uuid: string, text: string): AuditDevice {
  const row: unknown = JSON.parse(text)
  if (typeof row !== 'object' || row === null) throw auditErrors.BAD_TABLE()
  const members = new Map<string, unknown>(Object.entries(row))
  const string = (name: string): string => {
    const value = members.get(name)
    if (typeof value !== 'string') throw auditErrors.BAD_TABLE()
    return value
  }
  return {
    uuid,
    accessor: string('accessor'),
    path: string('path'),
    type: string('type'),
    description: string('description'),
    options: decodeOptions(members.get('options')),
    local: members.get('local') === true,
    declared: members.get('declared') === true,
  }
}

function decodeOptions(value: unknown): DeviceOptions {
  if (typeof value !== 'object' || value === null) throw auditErrors.BAD_TABLE()
  const options = new Map<string, string>()
  for (const [name, option] of Object.entries(value)) {
    const text: unknown = option
    if (typeof text !== 'string') throw auditErrors.BAD_TABLE()
    options.set(name, text)
  }
  return options
}
