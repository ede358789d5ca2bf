import { absent, definePath, done, f, none, ok, replySchema } from '#framework'
import { approleErrors } from '../errors.ts'
import { changedRole } from '../role-input.ts'
import { putRole } from '../roles.ts'
import { roles } from '../store.ts'

const reply = replySchema('What the role is called at a log-in.', { role_id: f.string('The role id.') })

export const roleId = definePath('role/{role_name}/role-id', {
  help: 'What a role is called at a log-in.',
  params: { role_name: f.lowerName('Name of the role.') },
})
  .read({
    summary: 'Read the role id.',
    replies: { 200: reply },
    operationId: 'app-role-read-role-id',
    run: async (c) => {
      const role = await roles.get(c.view, { name: c.params.role_name })
      return role === undefined ? absent() : ok(reply, { role_id: role.role_id })
    },
  })
  .write({
    summary: 'Choose the role id.',
    fields: { role_id: f.string('The role id.').default('') },
    replies: { 204: none },
    operationId: 'app-role-write-role-id',
    run: async (c) => {
      const name = c.params.role_name
      const role = await roles.get(c.view, { name })
      if (role === undefined) throw approleErrors.NO_ROLE()
      if (c.in.role_id === '') throw approleErrors.MISSING({ field: 'role_id' })
      const changed = changedRole(role, { role_id: c.in.role_id })
      await putRole(c.view, { mountUuid: c.mount.uuid, name }, changed, role)
      return done()
    },
  })
