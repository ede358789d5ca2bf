/** Single versions: deleted, brought back, destroyed. A secret or a version that is not there is passed over. */
import { definePath, done, f, none } from '#framework'
import { deleteVersions, destroyVersions, kvErrors, undeleteVersions } from '../domain.ts'
import { kvEvent } from '../events.ts'
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
    const { path } = c.params
    const meta = await changeMetadata(c.view, path, (before) => deleteVersions(before, versions, c.clock.now()))
    if (meta !== undefined)
      c.emit(kvEvent('delete', `delete/${path}`, { meta, versions: ['deleted_versions', versions] }))
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
    const { path } = c.params
    const meta = await changeMetadata(c.view, path, (before) =>
      undeleteVersions(before, versions, rules, c.clock.now()),
    )
    const told = { dataPath: `data/${path}`, versions: ['undeleted_versions', versions] } as const
    if (meta !== undefined) c.emit(kvEvent('undelete', `undelete/${path}`, { ...told, meta }))
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
    const { path } = c.params
    const meta = await changeMetadata(c.view, path, (before) => {
      for (const number of versions) if (before.versions.has(number)) versionData.delete(c.view, path, number)
      return destroyVersions(before, versions)
    })
    if (meta !== undefined)
      c.emit(kvEvent('destroy', `destroy/${path}`, { meta, versions: ['destroyed_versions', versions] }))
    return done()
  },
})

function named(versions: readonly number[]): readonly number[] {
  if (versions.length === 0) throw kvErrors.NO_VERSIONS()
  return versions
}
