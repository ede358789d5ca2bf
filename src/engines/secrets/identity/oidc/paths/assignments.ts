import {
  absent,
  badRequest,
  definePath,
  done,
  f,
  listing,
  none,
  ok,
  replySchema,
  type PathDefinition,
} from '#framework'
import { clientsUsingAssignment } from '../references.ts'
import { keysSchema } from '../replies.ts'
import { ALLOW_ALL, assignments } from '../store.ts'

const fields = {
  entity_ids: f.strings('Ids of the entities that may log in.').optional(),
  group_ids: f.strings('Ids of the groups whose members may log in.').optional(),
}
const assignmentReply = replySchema('An assignment.', fields)

const list = definePath('oidc/assignment', { help: 'Assignments say who may log in to a client.', params: {} }).list({
  summary: 'List assignments.',
  operationId: 'oidc-list-assignments',
  replies: { 200: keysSchema },
  run: async (c) => listing(await assignments.list(c.view)),
})

const assignment = definePath('oidc/assignment/{name}', {
  help: 'An assignment: entities and groups that may log in to a client.',
  params: { name: f.name('Name of the assignment.') },
  exists: async (c) => (await assignments.get(c.view, c.params.name)) !== undefined,
})
  .read({
    summary: 'Read an assignment.',
    operationId: 'oidc-read-assignment',
    replies: { 200: assignmentReply },
    run: async (c) => {
      const found = await assignments.get(c.view, c.params.name)
      if (found === undefined) return absent()
      return ok(assignmentReply, { entity_ids: found.entityIds, group_ids: found.groupIds })
    },
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
      const used = await clientsUsingAssignment(c.view, name)
      if (used.length > 0)
        badRequest(
          `unable to delete assignment "${name}" because it is currently referenced by these clients: ${used.join(', ')}`,
        )
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
  return [...new Set(lower)].filter((id) => id !== '')
}
