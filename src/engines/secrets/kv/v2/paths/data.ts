import { definePath, done, f, okData, RawJson } from '#framework'
import { deleteVersions, kvErrors } from '../domain.ts'
import { kvEvent } from '../events.ts'
import { nothingToPatch, secretOut, secretReply, versionInfo, versionOut } from '../replies.ts'
import { changeMetadata, patchSecret, readSecret, writeSecret } from '../secret.ts'
import { metadata } from '../store.ts'

const options = f
  .object({
    cas: f
      .json(
        'Number of the version that is replaced: the write fails if it is not the current one; 0 only makes a new secret.',
      )
      .orNull(),
  })
  .optional()

export const data = definePath('data/{path+}', {
  help: 'Write, patch, read and delete the data of a secret.',
  description:
    'Each write makes a new version and leaves the earlier ones as they are. Deleting the current version hides it: it can be ' +
    'brought back with undelete. A version with all its data goes for good with destroy.',
  params: { path: 'Where the secret is.' },
  exists: (c) => metadata.has(c.view, c.params),
})
  .read({
    summary: 'Read a version of a secret.',
    fields: { version: f.int('The version; 0 stands for the current one.').default(0) },
    replies: { 200: secretReply, 404: secretReply },
    run: async (c) => {
      const secret = await readSecret(c.view, c.params.path, c.in.version, c.clock.now())
      return secretOut(secret, 'data', secret.data ?? null)
    },
  })
  .write({
    summary: 'Write a new version of a secret.',
    fields: { data: f.map('The secret. Any JSON object; it comes back byte for byte.').sensitive().orNull(), options },
    replies: { 200: versionInfo },
    run: async (c) => {
      const written = await writeSecret(c.view, c.params.path, given(c.in.data), c.in.options?.cas, c.clock.now())
      const dataPath = `data/${c.params.path}`
      c.emit(kvEvent('data-write', dataPath, { dataPath, meta: written.meta }))
      return okData(versionOut(written))
    },
  })
  .patch({
    summary: 'Write a new version that differs from the current one by a JSON merge patch.',
    fields: { data: f.map('What changes: a null takes a name away.').sensitive().orNull(), options },
    replies: { 200: versionInfo, 404: versionInfo },
    run: async (c) => {
      const patched = await patchSecret(c.view, c.params.path, given(c.in.data), c.in.options?.cas, c.clock.now())
      if (patched === undefined) return nothingToPatch()
      if ('gone' in patched) return okData(versionOut(patched.gone), { status: 404 })
      const dataPath = `data/${c.params.path}`
      c.emit(kvEvent('data-patch', dataPath, { dataPath, meta: patched.written.meta }))
      return okData(versionOut(patched.written))
    },
  })
  .delete({
    summary: 'Delete the current version of a secret; it can be brought back.',
    replies: {},
    run: async (c) => {
      const { path } = c.params
      const now = c.clock.now()
      const meta = await changeMetadata(c.view, path, (before) => deleteVersions(before, [before.currentVersion], now))
      if (meta !== undefined) c.emit(kvEvent('data-delete', `data/${path}`, { meta }))
      return done()
    },
  })

/** Data that is null is data, as in Vault. */
function given(sent: RawJson | null | undefined): RawJson {
  if (sent === undefined) throw kvErrors.NO_DATA()
  return sent ?? new RawJson('null')
}
