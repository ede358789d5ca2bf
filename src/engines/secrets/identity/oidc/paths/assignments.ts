import { badRequest, done, f, none, ok, replySchema, type PathDefinition } from '#framework'
import { once } from '../once.ts'
import { assertUnused, clientsUsingAssignment } from '../references.ts'
import { ALLOW_ALL, assignments } from '../store.ts'
import { listPath, pathOfOne } from './named.ts'

const fields = {
  entity_ids: f.strings('Ids of the entities that may log in.').optional(),
  group_ids: f.strings('Ids of the groups whose members may log in.').optional(),
}
const assignmentReply = replySchema('An assignment.', fields)

const kind = { noun: 'assignment', all: assignments }

const list = listPath({ ...kind, help: 'Assignments say who may log in to a client.', lists: 'assignments' })

const assignment = pathOfOne({
  ...kind,
  help: 'An assignment: entities and groups that may log in to a client.',
  reads: 'an assignment',
  reply: assignmentReply,
  show: ({ entityIds, groupIds }) => ok(assignmentReply, { entity_ids: entityIds, group_ids: groupIds }),
})
  .write({
    summary: 'Create or change an assignment.',
    operationId: 'oidc-write-assignment',
    fields,
    replies: { 204: none },
    run: async (c) => {
      const { name } = c.params
      if (name === ALLOW_ALL) badRequest(`modification of assignment "${name}" not allowed`)
      const before = await assignments.get(c.view, name)
      assignments.put(c.view, name, {
        entityIds: ids(c.in.entity_ids ?? before?.entityIds ?? []),
        groupIds: ids(c.in.group_ids ?? before?.groupIds ?? []),
      })
      return done()
    },
  })
  .delete({
    summary: 'Delete an assignment that no client refers to.',
    operationId: 'oidc-delete-assignment',
    replies: { 204: none },
    run: async (c) => {
      const { name } = c.params
      if (name === ALLOW_ALL) badRequest(`deletion of assignment "${name}" not allowed`)
      assertUnused(`assignment "${name}"`, 'clients', await clientsUsingAssignment(c.view, name))
      assignments.delete(c.view, name)
      return done()
    },
  })

export const assignmentPaths: readonly PathDefinition[] = [list, assignment]

/** UUIDs, each once; a namespace after a dot keeps its case. */
function ids(given: readonly string[]): readonly string[] {
  const lower = given.map((id) => {
    const [uuid = '', ...namespace] = id.split('.')
    return [uuid.toLowerCase(), ...namespace].join('.')
  })
  return once(lower)
}
