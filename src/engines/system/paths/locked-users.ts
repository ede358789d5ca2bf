import { definePath, done, f, none, okData, replySchema, type PathDefinition } from '#framework'
import type { Mount } from '../../../request/mount.ts'
import type { NamespaceLookup } from '../../../request/namespace-ports.ts'
import type { LockedUsersPort } from '../../../request/lockout-ports.ts'
import { systemErrors } from '../errors.ts'

interface LockedUserPorts {
  /** Asked for at each request: users are locked out only while the server is active. */
  lockedUsers(): LockedUsersPort
  mountOf(accessor: string): Mount | undefined
  readonly namespaces: NamespaceLookup
}

const ofMount = f.object({
  mount_accessor: f.string('Accessor of the auth method.'),
  counts: f.int('Its users that are locked out.'),
  alias_identifiers: f.list('Their names, or role ids.'),
})

const lockedReply = replySchema('Who is locked out.', {
  by_namespace: f.array(
    f.object({
      namespace_id: f.string('Id of the namespace.'),
      namespace_path: f.string('Its path.'),
      counts: f.int('Users in it that are locked out.'),
      mount_accessors: f.array(ofMount, 'The same by auth method, most first.'),
    }),
    'By namespace, most first.',
  ),
  total: f.int('Users that are locked out.'),
})

export function lockedUserPaths(ports: LockedUserPorts): readonly PathDefinition[] {
  return [
    definePath('locked-users', {
      help: 'Users that failed to log in too often and are refused for a while.',
      params: {},
      // Which locks still hold is the leader's to say.
      flags: { place: 'leader' },
    }).read({
      summary: 'List the users that are locked out.',
      fields: { mount_accessor: f.string('Only those of the auth method with this accessor.').default('') },
      replies: { 200: lockedReply },
      operationId: 'locked-users-list',
      run: async (c) => {
        const { namespace } = c.request
        const { mount_accessor: wanted } = c.in
        const found = await ports.lockedUsers().locked(c.view, wanted === '' ? undefined : wanted)
        const spaces = [namespace, ...ports.namespaces.below(namespace)]
        const placed = found.map((users) => {
          const of = ports.mountOf(users.mountAccessor)?.namespaceId
          // One of a namespace beside or above is as good as one that is not there.
          return spaces.some(({ id }) => id === of) ? { ...users, of } : { ...users, aliases: [], of: undefined }
        })
        const rows = spaces.map(({ id, path }) => {
          const own = placed.filter(({ of }) => of === id || (of === undefined && wanted !== '' && id === namespace.id))
          return { id, path, own, counts: own.reduce((sum, { aliases }) => sum + aliases.length, 0) }
        })
        const shown = rows.filter(({ id, own }) => id === namespace.id || own.length > 0)
        return okData({
          by_namespace: shown
            .toSorted((a, b) => b.counts - a.counts)
            .map(({ id, path, own, counts }) => ({
              namespace_id: id,
              namespace_path: path,
              counts,
              mount_accessors: own.map(({ mountAccessor, aliases }) => ({
                mount_accessor: mountAccessor,
                counts: aliases.length,
                alias_identifiers: aliases,
              })),
            })),
          total: rows.reduce((sum, { counts }) => sum + counts, 0),
        })
      },
    }),
    definePath('locked-users/{mount_accessor}/unlock/{alias_identifier+}', {
      help: 'Let a user log in again at once.',
      params: {
        mount_accessor: 'Accessor of the auth method.',
        alias_identifier: 'The name as it is listed.',
      },
    }).write({
      summary: 'Unlock a user.',
      replies: { 204: none },
      operationId: 'locked-users-unlock',
      run: async (c) => {
        const { mount_accessor: accessor, alias_identifier: alias } = c.params
        if (accessor === '') throw systemErrors.NO_ACCESSOR()
        // One of another namespace is as good as one that is not there.
        if (ports.mountOf(accessor)?.namespaceId === c.request.namespace.id)
          await ports.lockedUsers().unlock(c.view, accessor, alias)
        return done()
      },
    }),
  ]
}
