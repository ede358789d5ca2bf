/**
 * Where a mount keeps its secrets, and how. Nothing else spells these keys.
 *
 *     config                     what holds for the whole mount
 *     meta/<path>                a secret's metadata, with a row for each version
 *     version/<path>/<number>    a version's data: the client's JSON text and nothing else
 *
 * So a read takes two gets, and what a client stored is never parsed again.
 */
import { collection, collectionOf, documents, f, fromUtf8, toUtf8, type JsonValue, type RawJson } from '#framework'
import type { ReadView, RecordCodec, WriteView } from '#framework'
import { defaultSettings, type Metadata, type Settings, type Version } from './domain.ts'

const configuration = collection('config', {
  maxVersions: f.int().default(0),
  casRequired: f.bool().default(false),
  metadataCasRequired: f.bool().default(false),
  deleteVersionAfter: f.int().default(0),
})

export const settings = {
  get: async (view: ReadView): Promise<Settings> => (await configuration.get(view, {})) ?? defaultSettings,
  put: (view: WriteView, value: Settings): void => configuration.put(view, {}, value),
}

const documentsOfVersions = documents('version/{path}/{number}')

/** All numbers take as much room, so that a path whose first version fits has room for all that follow. */
function versionKey(path: string, number: number) {
  return { path, number: String(number).padStart(10, '0') }
}

export const versionData = {
  get: (view: ReadView, path: string, number: number): Promise<RawJson | undefined> =>
    documentsOfVersions.get(view, versionKey(path, number)),
  put: (view: WriteView, path: string, number: number, data: RawJson): void =>
    documentsOfVersions.put(view, versionKey(path, number), data),
  delete: (view: WriteView, path: string, number: number): void =>
    documentsOfVersions.delete(view, versionKey(path, number)),
}

const DELETED = 1
const DESTROYED = 2

type VersionRow = [number: number, createdAt: number, deletionAt: number, state: number]

function versionRow([number, version]: [number, Version]): VersionRow {
  const state = (version.deleted ? DELETED : 0) | (version.destroyed ? DESTROYED : 0)
  return [number, version.createdAt, version.deletionAt ?? 0, state]
}

/** Positional rows: metadata is decoded on each read of a secret. */
const metadataCodec: RecordCodec<Metadata> = {
  encode: (meta) =>
    toUtf8(
      JSON.stringify([
        [meta.createdAt, meta.updatedAt, meta.currentVersion, meta.oldestVersion, meta.metadataVersion],
        [meta.maxVersions, Number(meta.casRequired), Number(meta.metadataCasRequired), meta.deleteVersionAfter],
        [...meta.versions].map(versionRow),
        [...meta.customMetadata],
      ]),
    ),
  decode: (bytes) => {
    const parsed: JsonValue = JSON.parse(fromUtf8(bytes))
    const [times, limits, versions, custom] = list(parsed)
    const [createdAt, updatedAt, currentVersion, oldestVersion, metadataVersion] = list(times)
    const [maxVersions, casRequired, metadataCasRequired, deleteVersionAfter] = list(limits)
    return {
      createdAt: int(createdAt),
      updatedAt: int(updatedAt),
      currentVersion: int(currentVersion),
      oldestVersion: int(oldestVersion),
      metadataVersion: int(metadataVersion),
      maxVersions: int(maxVersions),
      casRequired: casRequired === 1,
      metadataCasRequired: metadataCasRequired === 1,
      deleteVersionAfter: int(deleteVersionAfter),
      versions: versionsOf(list(versions)),
      customMetadata: new Map(list(custom).map(pair)),
    }
  },
}

export const metadata = collectionOf('meta/{path}', metadataCodec)

function versionsOf(rows: readonly JsonValue[]): Map<number, Version> {
  const out = new Map<number, Version>()
  for (const row of rows) {
    const cells = list(row)
    const deletionAt = int(cells[2])
    const state = int(cells[3])
    out.set(int(cells[0]), {
      createdAt: int(cells[1]),
      deletionAt: deletionAt === 0 ? undefined : deletionAt,
      deleted: (state & DELETED) !== 0,
      destroyed: (state & DESTROYED) !== 0,
    })
  }
  return out
}

function pair(row: JsonValue): [string, string] {
  const [key, value] = list(row)
  if (typeof key !== 'string' || typeof value !== 'string') throw malformed()
  return [key, value]
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw malformed()
  return value
}

function int(value: JsonValue | undefined): number {
  if (typeof value !== 'number') throw malformed()
  return value
}

function malformed(): Error {
  return new Error('a stored record of secret metadata has another form than this program writes')
}
