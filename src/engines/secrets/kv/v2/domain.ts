/**
 * The rules of versioned secrets, free of storage and requests. Times are ms since the epoch, durations seconds.
 * Source: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
 */
import { defineErrors, f, type RawJson } from '#framework'

export const kvErrors = defineErrors('KV', {
  NO_DATA: { status: 400, message: 'no data provided' },
  NO_VERSIONS: { status: 400, message: 'No version number provided' },
  CAS_INVALID: { status: 400, message: 'error parsing check-and-set parameter' },
  CAS_REQUIRED: { status: 400, message: 'check-and-set parameter required for this call' },
  CAS_MISMATCH: { status: 400, message: 'check-and-set parameter did not match the current version' },
  METADATA_CAS_REQUIRED: { status: 400, message: 'metadata check-and-set parameter required for this call' },
  METADATA_CAS_NEW: { status: 400, message: 'metadata_cas must be 0 when creating new metadata' },
  METADATA_CAS_MISMATCH: {
    status: 400,
    message: 'metadata check-and-set parameter does not match the current version',
  },
  LOST_DATA: { status: 500, message: 'internal error: the data of this version is missing from the storage' },
})

/** Kept of each secret unless the secret or the mount says more. */
const DEFAULT_MAX_VERSIONS = 10
/** `delete_version_after` of a mount that switches it off for all its secrets. */
export const NEVER = -1

/** What holds for every secret of a mount. */
export interface Settings {
  readonly maxVersions: number
  readonly casRequired: boolean
  readonly metadataCasRequired: boolean
  /** 0 leaves it to the secret; `NEVER` overrules the secret. */
  readonly deleteVersionAfter: number
}

export const defaultSettings: Settings = Object.freeze({
  maxVersions: 0,
  casRequired: false,
  metadataCasRequired: false,
  deleteVersionAfter: 0,
})

export interface Version {
  readonly createdAt: number
  /** When it was or will be deleted. */
  readonly deletionAt: number | undefined
  /** Deleted by a request, so that a clock set back does not bring it to light again. */
  readonly deleted: boolean
  readonly destroyed: boolean
}

export interface Metadata {
  readonly createdAt: number
  readonly updatedAt: number
  readonly currentVersion: number
  readonly oldestVersion: number
  /** Counts changes of the metadata itself, not of the data. */
  readonly metadataVersion: number
  readonly maxVersions: number
  readonly casRequired: boolean
  readonly metadataCasRequired: boolean
  readonly deleteVersionAfter: number
  readonly customMetadata: ReadonlyMap<string, string>
  readonly versions: ReadonlyMap<number, Version>
}

export function newMetadata(now: number): Metadata {
  return {
    createdAt: now,
    updatedAt: now,
    currentVersion: 0,
    oldestVersion: 0,
    metadataVersion: 0,
    maxVersions: 0,
    casRequired: false,
    metadataCasRequired: false,
    deleteVersionAfter: 0,
    customMetadata: new Map(),
    versions: new Map(),
  }
}

export function isReadable(version: Version, now: number): boolean {
  if (version.destroyed || version.deleted) return false
  return version.deletionAt === undefined || version.deletionAt > now
}

const casField = f.int()

/** `cas` is what the client sent; a JSON null counts as 0. Throws `KV_CAS_…`. */
export function assertCas(cas: RawJson | null | undefined, settings: Settings, meta: Metadata): void {
  if (cas === undefined) {
    if (settings.casRequired || meta.casRequired) throw kvErrors.CAS_REQUIRED()
    return
  }
  const expected = cas === null ? 0 : casField.tryParse(cas)
  if (expected === undefined) throw kvErrors.CAS_INVALID()
  if (expected !== meta.currentVersion) throw kvErrors.CAS_MISMATCH()
}

/** `meta` is undefined where the write would create it. Throws `KV_METADATA_CAS_…`. */
export function assertMetadataCas(cas: number | undefined, settings: Settings, meta: Metadata | undefined): void {
  if (cas === undefined) {
    if (settings.metadataCasRequired || meta?.metadataCasRequired === true) throw kvErrors.METADATA_CAS_REQUIRED()
    return
  }
  if (meta === undefined && cas !== 0) throw kvErrors.METADATA_CAS_NEW()
  if (meta !== undefined && cas !== meta.metadataVersion) throw kvErrors.METADATA_CAS_MISMATCH()
}

/** When a version made or restored now will be deleted: the shorter of the mount's and the secret's time. */
export function deletionTime(now: number, settings: Settings, meta: Metadata): number | undefined {
  if (settings.deleteVersionAfter === NEVER) return undefined
  const given = [settings.deleteVersionAfter, meta.deleteVersionAfter].filter((seconds) => seconds > 0)
  return given.length === 0 ? undefined : now + Math.min(...given) * 1000
}

export interface Added {
  readonly meta: Metadata
  readonly version: Version
  /** Versions that fell out of the window; their data goes too. */
  readonly pruned: readonly number[]
}

export function addVersion(before: Metadata, settings: Settings, now: number): Added {
  const currentVersion = before.currentVersion + 1
  const version: Version = {
    createdAt: now,
    deletionAt: deletionTime(now, settings, before),
    deleted: false,
    destroyed: false,
  }
  const versions = new Map(before.versions).set(currentVersion, version)
  const max = Math.max(before.maxVersions, settings.maxVersions) || DEFAULT_MAX_VERSIONS
  const full = currentVersion - before.oldestVersion >= max
  const oldestVersion = full ? currentVersion - max + 1 : before.oldestVersion
  const pruned = [...versions.keys()].filter((number) => number < oldestVersion)
  for (const number of pruned) versions.delete(number)
  return { meta: { ...before, currentVersion, oldestVersion, updatedAt: now, versions }, version, pruned }
}

export function deleteVersions(meta: Metadata, numbers: readonly number[], now: number): Metadata {
  return change(meta, numbers, (version) =>
    isReadable(version, now) ? { ...version, deleted: true, deletionAt: now } : version,
  )
}

export function undeleteVersions(
  meta: Metadata,
  numbers: readonly number[],
  settings: Settings,
  now: number,
): Metadata {
  const deletionAt = deletionTime(now, settings, meta)
  return change(meta, numbers, (version) => (version.destroyed ? version : { ...version, deleted: false, deletionAt }))
}

export function destroyVersions(meta: Metadata, numbers: readonly number[]): Metadata {
  return change(meta, numbers, (version) => ({ ...version, destroyed: true }))
}

function change(meta: Metadata, numbers: readonly number[], to: (version: Version) => Version): Metadata {
  const versions = new Map(meta.versions)
  for (const number of numbers) {
    const version = versions.get(number)
    if (version !== undefined) versions.set(number, to(version))
  }
  return { ...meta, versions }
}
