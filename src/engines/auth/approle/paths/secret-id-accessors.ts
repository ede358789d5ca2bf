import { definePath, done, f, none, okData, type PathDefinition, type ReadView } from '#framework'
import { approleErrors } from '../errors.ts'
import { secretIdReply, shownSecretId } from '../replies.ts'
import { findByAccessor, removeSecretId } from '../secret-ids.ts'
import { roleOf } from './secret-ids.ts'

const params = { role_name: f.lowerName('Name of the role.') }
const accessor = f.string('Accessor of a secret id of this role.').default('')

const lookup = definePath('role/{role_name}/secret-id-accessor/lookup', {
  help: 'What is known of a secret id, by its accessor.',
  params,
}).compute({
  summary: 'Look up a secret id by its accessor.',
  fields: { secret_id_accessor: accessor },
  replies: { 200: secretIdReply },
  flags: { place: 'anywhere' },
  operationId: 'app-role-look-up-secret-id-by-accessor',
  run: async (c) => {
    const { found } = await find(c.view, c.params.role_name, c.in.secret_id_accessor, c.clock.now())
    return okData(shownSecretId(found.entry))
  },
})

const destroy = definePath('role/{role_name}/secret-id-accessor/destroy', {
  help: 'Destroy a secret id, by its accessor.',
  params,
})
  .write({
    summary: 'Destroy a secret id by its accessor.',
    fields: { secret_id_accessor: accessor },
    replies: { 204: none },
    operationId: 'app-role-destroy-secret-id-by-accessor',
    run: async (c) => {
      const { role, found } = await find(c.view, c.params.role_name, c.in.secret_id_accessor, c.clock.now())
      removeSecretId(c.view, role.uuid, found)
      return done()
    },
  })
  .delete({
    summary: 'Destroy a secret id by its accessor.',
    fields: { secret_id_accessor: accessor },
    replies: { 204: none },
    operationId: 'app-role-destroy-secret-id-by-accessor2',
    run: async (c) => {
      const { role, found } = await find(c.view, c.params.role_name, c.in.secret_id_accessor, c.clock.now())
      removeSecretId(c.view, role.uuid, found)
      return done()
    },
  })

export const accessorPaths: readonly PathDefinition[] = [lookup, destroy]

/** One of another role is none here. */
async function find(view: ReadView, name: string, given: string, now: number) {
  if (given === '') throw approleErrors.MISSING({ field: 'secret_id_accessor' })
  const role = await roleOf(view, name)
  const found = await findByAccessor(view, role, given, now)
  if (found === undefined) throw approleErrors.NO_ACCESSOR()
  return { role, found }
}
