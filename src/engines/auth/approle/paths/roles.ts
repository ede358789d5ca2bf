import { absent, definePath, done, f, namesOf, none, okData, replySchema, type PathDefinition } from '#framework'
import { approleErrors } from '../errors.ts'
import { roleReply, shownRole } from '../replies.ts'
import { assertPeriod, changedRole, isConstrained, newRole, roleFields } from '../role-input.ts'
import { deleteRole, putRole } from '../roles.ts'
import { roles } from '../store.ts'

const list = definePath('role', { help: 'The roles.', params: {} }).list({
  summary: 'List the roles.',
  operationId: 'app-role-list-roles',
  ...namesOf(roles, replySchema('The roles.', { keys: f.list('Their names.') })),
})

const role = definePath('role/{role_name}', {
  help: 'A role: what stands behind a log-in, and what its tokens may do.',
  params: { role_name: f.lowerName('Name of the role. Upper and lower case are one.') },
  exists: (c) => roles.has(c.view, { name: c.params.role_name }),
})
  .read({
    summary: 'Read a role.',
    replies: { 200: roleReply },
    operationId: 'app-role-read-role',
    run: async (c) => {
      const found = await roles.get(c.view, { name: c.params.role_name })
      if (found === undefined) return absent()
      if (!isConstrained(found))
        c.warn('Role does not have any constraints set on it. Updates to this role will require a constraint to be set')
      return okData(shownRole(found))
    },
  })
  .write({
    summary: 'Make or change a role; what is left out stays.',
    fields: roleFields,
    replies: { 204: none, 200: replySchema('Stored, with warnings.', {}) },
    operationId: 'app-role-write-role',
    run: async (c) => {
      const name = c.params.role_name
      const before = await roles.get(c.view, { name })
      if (before !== undefined && c.in.local_secret_ids !== undefined) throw approleErrors.LOCAL_LATER()
      const warnings: string[] = []
      const type = tokenTypeOf(c.in.token_type, warnings)
      const changed = changedRole(before ?? newRole(), { ...c.in, token_type: type })
      if (c.in.period !== undefined) assertPeriod(changed.token_period, c.limits.maxTtl)
      if (changed.token_max_ttl > c.limits.maxTtl)
        warnings.push(
          "token_max_ttl is greater than the backend mount's maximum TTL value; issued tokens' max TTL value will be truncated",
        )
      await putRole(c.view, { mountUuid: c.mount.uuid, name }, changed, before)
      return warnings.length === 0 ? done() : { status: 200, warnings }
    },
  })
  .delete({
    summary: 'Delete a role; its secret ids are good no more.',
    replies: { 204: none },
    operationId: 'app-role-delete-role',
    run: async (c) => {
      await deleteRole(c.view, c.mount.uuid, c.params.role_name)
      return done()
    },
  })

export const rolePaths: readonly PathDefinition[] = [list, role]

/** Of the four types that mounts know two mean nothing here. */
function tokenTypeOf(given: string | undefined, warnings: string[]): string | undefined {
  if (given !== 'default-service' && given !== 'default-batch') return given
  const type = given.slice('default-'.length)
  warnings.push(`${given} has no useful meaning; adjusting to ${type}`)
  return type
}
