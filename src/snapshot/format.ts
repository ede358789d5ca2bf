/**
 * What an archive is: a gzip'd tar (ustar) with these members, in this order.
 *
 *     meta.json            what it is of: format, vault, version, time
 *     state/000001.bin …   the stored entries as they are (records.ts), one stream cut into pieces of at most 1 MiB
 *     end.json             how many entries and bytes there were
 *     SHA256SUMS           the hash of each member before it, as `sha256sum -c` takes it
 *     SHA256SUMS.sealed    the same text, encrypted and authenticated by the vault that was archived
 *
 * Values are as the barrier encrypted them, and stay so. In clear are the storage keys (the names), the seal's configuration, and what
 * `meta.json` and `end.json` say.
 */
import { snapshotErrors } from './errors.ts'

export const FORMAT = 'coffer-snapshot'
export const FORMAT_VERSION = 1

export const META = 'meta.json'
export const END = 'end.json'
export const SUMS = 'SHA256SUMS'
export const SEALED = 'SHA256SUMS.sealed'

/** Bytes of a piece that is written, and that is taken. */
export const PIECE_BYTES = 1 << 20
export const MOST_PIECE_BYTES = 4 << 20
export const MOST_META_BYTES = 64 << 10

export function pieceName(number: number): string {
  return `state/${String(number).padStart(6, '0')}.bin`
}

export interface SnapshotMeta {
  readonly clusterId: string
  readonly clusterName: string
  /** RFC 3339. */
  readonly created: string
  /** Of the program that made it. */
  readonly serverVersion: string
  readonly storageType: string
  /** The commit that it shows. */
  readonly sequence: number
}

export interface SnapshotEnd {
  readonly entries: number
  /** Of the stream of records. */
  readonly bytes: number
}

export function encodeMeta(meta: SnapshotMeta): Buffer {
  return jsonBytes({
    format: FORMAT,
    version: FORMAT_VERSION,
    cluster_id: meta.clusterId,
    cluster_name: meta.clusterName,
    created: meta.created,
    server_version: meta.serverVersion,
    storage_type: meta.storageType,
    sequence: meta.sequence,
  })
}

export function decodeMeta(bytes: Uint8Array): SnapshotMeta {
  const members = membersOf(META, bytes)
  if (members.get('format') !== FORMAT) throw snapshotErrors.NOT_ONE({ reason: 'it was made by another program' })
  const version = numberOf(META, members, 'version')
  if (version !== FORMAT_VERSION) throw snapshotErrors.NEWER({ version })
  const text = (name: string): string => {
    const value = members.get(name)
    if (typeof value !== 'string') throw snapshotErrors.DAMAGED({ reason: `${META} has no ${name}` })
    return value
  }
  return {
    clusterId: text('cluster_id'),
    clusterName: text('cluster_name'),
    created: text('created'),
    serverVersion: text('server_version'),
    storageType: text('storage_type'),
    sequence: numberOf(META, members, 'sequence'),
  }
}

export function encodeEnd({ entries, bytes }: SnapshotEnd): Buffer {
  return jsonBytes({ entries, bytes })
}

export function decodeEnd(encoded: Uint8Array): SnapshotEnd {
  const members = membersOf(END, encoded)
  return { entries: numberOf(END, members, 'entries'), bytes: numberOf(END, members, 'bytes') }
}

function jsonBytes(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}

function membersOf(name: string, bytes: Uint8Array): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value === 'object' && value !== null) return new Map(Object.entries(value))
  } catch {
    // Told of below, in the same words as what is JSON and no object.
  }
  throw snapshotErrors.DAMAGED({ reason: `${name} cannot be read` })
}

function numberOf(file: string, members: ReadonlyMap<string, unknown>, name: string): number {
  const value = members.get(name)
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw snapshotErrors.DAMAGED({ reason: `${file} has no ${name}` })
  return value
}
