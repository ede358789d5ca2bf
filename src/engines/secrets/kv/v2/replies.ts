/** What the paths answer, member for member as Vault does. */
import { f, replySchema, type JsonOut, type Reply } from '#framework'
import { formatDuration } from '../../../../lib/duration.ts'
import type { Metadata, Settings } from './domain.ts'
import type { Secret, Written } from './secret.ts'

const versionFields = {
  created_time: f.time('When the version was written.'),
  custom_metadata: f.pairs('What clients noted about the secret.').optional(),
  deletion_time: f.time('When it was or will be deleted; empty if it stays.'),
  destroyed: f.bool('Its data is gone for good.'),
  version: f.int('Its number.'),
}

export const versionInfo = replySchema('A version of a secret.', versionFields)

export const secretReply = replySchema('A version of a secret with its data.', {
  data: f.map('The data as it was written; null where the version is deleted or destroyed.'),
  metadata: f.object(versionFields, 'The version.'),
})

export const subkeysReply = replySchema('The names in a secret.', {
  subkeys: f.map('The names at every level, with null for each value.'),
  metadata: f.object(versionFields, 'The version.'),
})

export const configReply = replySchema('What holds for every secret of the mount.', {
  cas_required: f.bool('Every write must say which version it replaces.'),
  delete_version_after: f.string('How long a version lives.'),
  max_versions: f.int('How many versions of a secret are kept; 0 is the default of 10.'),
  metadata_cas_required: f.bool('Every change of metadata must say which state it replaces.'),
})

export const metadataReply = replySchema('The metadata of a secret and of its versions.', {
  cas_required: f.bool('Every write must say which version it replaces.'),
  created_time: f.time('When the secret was made.'),
  current_metadata_version: f.int('Number of the last change of metadata.'),
  current_version: f.int('Number of the last version; 0 if there is none.'),
  custom_metadata: f.pairs('What clients noted about the secret.').optional(),
  delete_version_after: f.string('How long a version lives.'),
  max_versions: f.int('How many versions are kept; 0 leaves it to the mount.'),
  metadata_cas_required: f.bool('Every change of metadata must say which state it replaces.'),
  oldest_version: f.int('Number of the oldest version kept.'),
  updated_time: f.time('When the secret or its metadata was last written.'),
  versions: f.map('Each version by its number.'),
})

export const keysReply = replySchema('Names, folders with a slash at the end.', { keys: f.strings('The names.') })

export const detailedKeysReply = replySchema('Names with their metadata.', {
  keys: f.strings('The names.'),
  key_info: f.map('Metadata by name; an empty object for a folder.'),
})

function time(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString()
}

function noted(custom: ReadonlyMap<string, string>): ReadonlyMap<string, string> | null {
  return custom.size === 0 ? null : custom
}

export function versionOut({ number, version, meta }: Written) {
  return {
    created_time: time(version.createdAt),
    custom_metadata: noted(meta.customMetadata),
    deletion_time: time(version.deletionAt),
    destroyed: version.destroyed,
    version: number,
  }
}

/** A version under `name`; 404 with its metadata where it is deleted or destroyed. */
export function secretOut(secret: Secret, name: 'data' | 'subkeys', value: JsonOut): Reply {
  const reply: Reply = { data: { [name]: value, metadata: versionOut(secret) } }
  return secret.data === undefined ? { ...reply, status: 404 } : reply
}

export function configOut(settings: Settings) {
  return {
    cas_required: settings.casRequired,
    delete_version_after: formatDuration(settings.deleteVersionAfter),
    max_versions: settings.maxVersions,
    metadata_cas_required: settings.metadataCasRequired,
  }
}

export function metadataOut(meta: Metadata) {
  const versions = new Map<string, JsonOut>()
  for (const [number, { createdAt, deletionAt, destroyed }] of meta.versions) {
    versions.set(String(number), { created_time: time(createdAt), deletion_time: time(deletionAt), destroyed })
  }
  return {
    cas_required: meta.casRequired,
    created_time: time(meta.createdAt),
    current_metadata_version: meta.metadataVersion,
    current_version: meta.currentVersion,
    custom_metadata: noted(meta.customMetadata),
    delete_version_after: formatDuration(meta.deleteVersionAfter),
    max_versions: meta.maxVersions,
    metadata_cas_required: meta.metadataCasRequired,
    oldest_version: meta.oldestVersion,
    updated_time: time(meta.updatedAt),
    versions,
  }
}

/** 404 without a body: a patch finds nothing to change. The clients tell it from an error by that. */
export function nothingToPatch(): Reply {
  return { status: 404, raw: { contentType: 'application/json', body: '' } }
}

/** 404 that says why, for operations that no secret can be meant by. */
export function misdirected(warning: string): Reply {
  return { status: 404, warnings: [warning] }
}

export function rootOnlyLists(): Reply {
  return misdirected('Non-listing operations on the root of a K/V v2 mount are not supported.')
}
