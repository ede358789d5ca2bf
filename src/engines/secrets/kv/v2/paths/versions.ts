/** Single versions: deleted, brought back, destroyed. A secret or a version that is not there is passed over. */
import { definePath, done, f, none } from '#framework'
import { deleteVersions, destroyVersions, kvErrors, undeleteVersions } from '../domain.ts'
import { changeMetadata } from '../secret.ts'
import { settings, versionData } from '../store.ts'

const params = { path: 'Where the secret is.' }
const fields = { versions: f.ints('Their numbers.').default([]) }
const replies = { 204: none }

export const deletion = definePath('delete/{path+}', {
  help: 'Delete versions of a secret so that they can be brought back.',
  params,
}).write({
  summary: 'Delete versions; their data stays and can be brought back.',
  fields,
  replies,
  run: async (c) => {
    const versions = named(c.in.versions)
    await changeMetadata(c.view, c.params.path, (meta) => deleteVersions(meta, versions, c.clock.now()))
    return done()
  },
})

export const undeletion = definePath('undelete/{path+}', {
  help: 'Bring deleted versions of a secret back.',
  params,
}).write({
  summary: 'Bring deleted versions back.',
  fields,
  replies,
  run: async (c) => {
    const versions = named(c.in.versions)
    const rules = await settings.get(c.view)
    await changeMetadata(c.view, c.params.path, (meta) => undeleteVersions(meta, versions, rules, c.clock.now()))
    return done()
  },
})

export const destruction = definePath('destroy/{path+}', {
  help: 'Remove the data of versions of a secret for good.',
  params,
}).write({
  summary: 'Remove the data of versions for good.',
  fields,
  replies,
  run: async (c) => {
    const versions = named(c.in.versions)
    await changeMetadata(c.view, c.params.path, (meta) => {
      for (const number of versions) if (meta.versions.has(number)) versionData.delete(c.view, c.params.path, number)
      return destroyVersions(meta, versions)
    })
    return done()
  },
})

function named(versions: readonly number[]): readonly number[] {
  if (versions.length === 0) throw kvErrors.NO_VERSIONS()
  return versions
}
