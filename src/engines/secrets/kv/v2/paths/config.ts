import { definePath, done, f, none, ok } from '#framework'
import { NEVER, type Settings } from '../domain.ts'
import { kvEvent } from '../events.ts'
import { casRequired, maxVersions, metadataCasRequired, settled } from '../fields.ts'
import { configOut, configReply } from '../replies.ts'
import { settings } from '../store.ts'

export const config = definePath('config', {
  help: 'Configure what holds for every secret of the mount.',
  params: {},
})
  .read({
    summary: 'Read what holds for every secret of the mount.',
    replies: { 200: configReply },
    run: async (c) => ok(configReply, configOut(await settings.get(c.view))),
  })
  .write({
    summary: 'Set what holds for every secret of the mount. What is left out stays as it is.',
    fields: {
      max_versions: maxVersions,
      cas_required: casRequired,
      metadata_cas_required: metadataCasRequired,
      delete_version_after: f
        .signedDuration(
          'How long a version lives; 0 leaves it to the secret, less than 0 keeps every version for good.',
        )
        .optional(),
    },
    replies: { 204: none },
    run: async (c) => {
      const before = await settings.get(c.view)
      const lifetime = c.in.delete_version_after ?? before.deleteVersionAfter
      const after: Settings = {
        maxVersions: settled(c.in.max_versions, before.maxVersions, 0),
        casRequired: settled(c.in.cas_required, before.casRequired, false),
        metadataCasRequired: settled(c.in.metadata_cas_required, before.metadataCasRequired, false),
        deleteVersionAfter: lifetime < 0 ? NEVER : lifetime,
      }
      settings.put(c.view, after)
      c.emit(kvEvent('config-write', 'config', { dataPath: 'config' }))
      return done()
    },
  })
