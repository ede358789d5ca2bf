import { absent, definePath, done, f, listing, none, okData, pageFields, pageOf, type CallContext } from '#framework'
import { newCustomMetadata, parseCustomMetadata, patchCustomMetadata } from '../custom-metadata.ts'
import { assertMetadataCas, newMetadata, type Metadata, type Settings } from '../domain.ts'
import { kvEvent } from '../events.ts'
import { casRequired, maxVersions, metadataCasRequired, settled } from '../fields.ts'
import { keysReply, metadataOut, metadataReply, nothingToPatch, rootOnlyLists } from '../replies.ts'
import { removeSecret } from '../secret.ts'
import { metadata, settings } from '../store.ts'

const fields = {
  max_versions: maxVersions,
  cas_required: casRequired,
  metadata_cas_required: metadataCasRequired,
  delete_version_after: f
    .duration('How long a version lives; 0 leaves it to the mount. The shorter time counts.')
    .orNull(),
  custom_metadata: f.map('Notes about the secret: at most 64 names of 128 bytes, with texts of 512 bytes.').orNull(),
  metadata_cas: f.int('Number of the metadata that is changed; 0 only makes new metadata.').orNull(),
}

interface Wishes {
  readonly max_versions: number | null | undefined
  readonly cas_required: boolean | null | undefined
  readonly metadata_cas_required: boolean | null | undefined
  readonly delete_version_after: number | null | undefined
}

function withWishes(meta: Metadata, wishes: Wishes): Metadata {
  return {
    ...meta,
    maxVersions: settled(wishes.max_versions, meta.maxVersions, 0),
    casRequired: settled(wishes.cas_required, meta.casRequired, false),
    metadataCasRequired: settled(wishes.metadata_cas_required, meta.metadataCasRequired, false),
    deleteVersionAfter: settled(wishes.delete_version_after, meta.deleteVersionAfter, 0),
  }
}

function wishesNothing(wishes: Wishes & { readonly custom_metadata: unknown }): boolean {
  const { max_versions, cas_required, metadata_cas_required, delete_version_after, custom_metadata } = wishes
  return [max_versions, cas_required, metadata_cas_required, delete_version_after, custom_metadata].every(
    (wish) => wish === undefined,
  )
}

function warnOverruled(c: Pick<CallContext, 'warn'>, wishes: Wishes, rules: Settings): void {
  const warn = (name: string) =>
    c.warn(`"${name}" set to false, but is mandated by backend config. This value will be ignored.`)
  if (rules.casRequired && (wishes.cas_required === false || wishes.cas_required === null)) warn('cas_required')
  if (rules.metadataCasRequired && (wishes.metadata_cas_required === false || wishes.metadata_cas_required === null)) {
    warn('metadata_cas_required')
  }
}

export const secretMetadata = definePath('metadata/{path*}', {
  help: 'Read, write, patch and list metadata of secrets, or remove a secret with all its versions.',
  params: { path: 'Where the secret is; for a list, the folder.' },
  exists: (c) => metadata.has(c.view, c.params),
})
  .read({
    summary: 'Read the metadata of a secret and of its versions.',
    replies: { 200: metadataReply },
    run: async (c) => {
      if (c.params.path === '') return rootOnlyLists()
      return okData(metadataOut((await metadata.get(c.view, c.params)) ?? absent()))
    },
  })
  .write({
    summary: 'Write metadata of a secret, which need not exist yet. What is left out stays as it is.',
    fields,
    replies: { 204: none },
    run: async (c) => {
      if (c.params.path === '') return rootOnlyLists()
      if (wishesNothing(c.in)) return done()
      const custom = c.in.custom_metadata === undefined ? undefined : newCustomMetadata(c.in.custom_metadata)
      const rules = await settings.get(c.view)
      warnOverruled(c, c.in, rules)
      const before = await metadata.get(c.view, c.params)
      assertMetadataCas(settled(c.in.metadata_cas, undefined, 0), rules, before)
      const now = c.clock.now()
      const meta = withWishes(before ?? newMetadata(now), c.in)
      const after = {
        ...meta,
        customMetadata: custom ?? meta.customMetadata,
        metadataVersion: meta.metadataVersion + 1,
        updatedAt: now,
      }
      metadata.put(c.view, c.params, after)
      const dataPath = `metadata/${c.params.path}`
      c.emit(kvEvent('metadata-write', dataPath, { dataPath, meta: after }))
      return done()
    },
  })
  .patch({
    summary: 'Change metadata of a secret by a JSON merge patch.',
    fields,
    replies: { 204: none },
    run: async (c) => {
      if (c.params.path === '') return rootOnlyLists()
      if (wishesNothing(c.in)) return done()
      if (c.in.custom_metadata !== undefined) parseCustomMetadata(c.in.custom_metadata)
      const rules = await settings.get(c.view)
      const before = await metadata.get(c.view, c.params)
      if (before === undefined) return nothingToPatch()
      assertMetadataCas(settled(c.in.metadata_cas, undefined, 0), rules, before)
      warnOverruled(c, c.in, rules)
      const { customMetadata } = before
      const after = {
        ...withWishes(before, c.in),
        customMetadata:
          c.in.custom_metadata === undefined
            ? customMetadata
            : patchCustomMetadata(customMetadata, c.in.custom_metadata),
        metadataVersion: before.metadataVersion + 1,
        updatedAt: c.clock.now(),
      }
      metadata.put(c.view, c.params, after)
      const dataPath = `metadata/${c.params.path}`
      c.emit(kvEvent('metadata-patch', dataPath, { dataPath, meta: after }))
      return done()
    },
  })
  .delete({
    summary: 'Remove a secret: its metadata and all its versions, for good.',
    replies: { 204: none },
    run: async (c) => {
      if (c.params.path === '') return rootOnlyLists()
      const meta = await removeSecret(c.view, c.params.path)
      if (meta !== undefined) c.emit(kvEvent('metadata-delete', `metadata/${c.params.path}`, { meta }))
      return done()
    },
  })
  .list({
    summary: 'List secrets and folders in a folder.',
    fields: pageFields,
    replies: { 200: keysReply },
    run: async (c) => listing(await metadata.list(c.view, c.params.path, pageOf(c.in))),
  })
  .scan({
    summary: 'List all secrets below a folder, however deep.',
    fields: pageFields,
    replies: { 200: keysReply },
    run: async (c) => listing(await metadata.scan(c.view, c.params.path, pageOf(c.in))),
  })
