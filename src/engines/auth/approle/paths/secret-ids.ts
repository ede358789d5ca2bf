import {
  definePath,
  done,
  f,
  listing,
  none,
  okData,
  pageFields,
  pageOf,
  replySchema,
  type HandlerCall,
  type PathDefinition,
  type ReadView,
  type Reply,
  type WriteView,
} from '#framework'
import { uuid } from '../../../../lib/secure/random.ts'
import { approleErrors } from '../errors.ts'
import { madeReply, secretIdReply, shownSecretId } from '../replies.ts'
import { secretIdFields, secretIdInit } from '../secret-id-input.ts'
import { accessorsOf, addSecretId, findSecretId, removeSecretId } from '../secret-ids.ts'
import { MAX_HASHED, roles, type Role } from '../store.ts'

const params = { role_name: f.lowerName('Name of the role.') }
const secretId = f.string('The secret id.').default('').sensitive()

const generate = definePath('role/{role_name}/secret-id', { help: 'The secret ids of a role.', params })
  .list({
    summary: 'List the accessors of the secret ids of a role.',
    fields: pageFields,
    replies: { 200: replySchema('The secret ids.', { keys: f.list('Their accessors.') }) },
    operationId: 'app-role-list-secret-ids',
    run: async (c) => {
      const role = await roleOf(c.view, c.params.role_name)
      return listing(await accessorsOf(c.view, role, pageOf(c.in)))
    },
  })
  .write({
    summary: 'Make a secret id.',
    fields: secretIdFields,
    replies: { 200: madeReply },
    operationId: 'app-role-write-secret-id',
    run: (c) => make(c, uuid()),
  })

const custom = definePath('role/{role_name}/custom-secret-id', {
  help: 'A secret id of one’s own choice.',
  description: 'It is only as hard to guess as it was made.',
  params,
}).write({
  summary: 'Make a secret id of one’s own choice.',
  fields: { ...secretIdFields, secret_id: secretId },
  replies: { 200: madeReply },
  operationId: 'app-role-write-custom-secret-id',
  run: (c) => make(c, c.in.secret_id.trim()),
})

const lookup = definePath('role/{role_name}/secret-id/lookup', {
  help: 'What is known of a secret id.',
  params,
}).compute({
  summary: 'Look up a secret id.',
  fields: { secret_id: secretId },
  replies: { 200: secretIdReply, 204: none },
  flags: { place: 'anywhere' },
  operationId: 'app-role-look-up-secret-id',
  run: async (c) => {
    const found = await find(c, c.in.secret_id)
    return found === undefined ? done() : okData(shownSecretId(found.entry))
  },
})

const destroy = definePath('role/{role_name}/secret-id/destroy', { help: 'Destroy a secret id.', params })
  .write({
    summary: 'Destroy a secret id.',
    fields: { secret_id: secretId },
    replies: { 204: none },
    operationId: 'app-role-destroy-secret-id',
    run: (c) => remove(c, c.in.secret_id),
  })
  .delete({
    summary: 'Destroy a secret id.',
    fields: { secret_id: secretId },
    replies: { 204: none },
    operationId: 'app-role-destroy-secret-id2',
    run: (c) => remove(c, c.in.secret_id),
  })

export const secretIdPaths: readonly PathDefinition[] = [generate, custom, lookup, destroy]

type Call<V, F extends object> = Omit<HandlerCall<'role/{role_name}', Record<never, never>, V>, 'in'> & {
  readonly in: F
}

async function make(c: Call<WriteView, Parameters<typeof secretIdInit>[1]>, id: string): Promise<Reply> {
  if (id === '') throw approleErrors.MISSING({ field: 'secret_id' })
  if (Buffer.byteLength(id) > MAX_HASHED) throw approleErrors.LONG({ max: MAX_HASHED })
  const name = c.params.role_name
  const role = await roles.get(c.view, { name })
  if (role === undefined) throw approleErrors.ROLE_NOT_FOUND({ name })
  const init = secretIdInit(role, c.in)
  // A mount lends nothing for longer than it lets tokens live.
  const lifetime = Math.min(init.ttl, c.limits.maxTtl)
  const entry = await addSecretId(c.view, role, id, init, { now: c.clock.now(), lifetime })
  return okData({
    secret_id: id,
    secret_id_accessor: entry.accessor,
    secret_id_num_uses: entry.num_uses,
    secret_id_ttl: lifetime,
  })
}

async function find(c: Call<ReadView, object>, id: string) {
  if (id === '') throw approleErrors.MISSING({ field: 'secret_id' })
  const role = await roleOf(c.view, c.params.role_name)
  return findSecretId(c.view, role, id.trim(), c.clock.now())
}

async function remove(c: Call<WriteView, object>, id: string): Promise<Reply> {
  const found = await find(c, id)
  const role = await roleOf(c.view, c.params.role_name)
  if (found !== undefined) removeSecretId(c.view, role.uuid, found)
  return done()
}

export async function roleOf(view: ReadView, name: string): Promise<Role> {
  const role = await roles.get(view, { name })
  if (role === undefined) throw approleErrors.ROLE_UNKNOWN({ name })
  return role
}
