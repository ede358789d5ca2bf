import { badRequest, done, f, none, ok, replySchema, type PathDefinition } from '#framework'
import { base62 } from '../../../../../lib/secure/random.ts'
import { checkedTemplate } from '../claims.ts'
import { firstPairs, startedKey } from '../material.ts'
import { roles } from '../store.ts'
import { listPath, pathOfOne } from './named.ts'

const fields = {
  key: f.string('The named key that signs the tokens.').optional(),
  template: f
    .string('JSON with the claims to add, or its base64; `{{identity.entity.name}}` and the like are filled in.')
    .optional(),
  ttl: f.duration('How long a token is valid.').optional(),
  client_id: f.string('The `aud` of the tokens; made up if not given.').optional(),
}
const roleReply = replySchema('A role.', fields)

const DAY = 86_400
const CLIENT_ID_LENGTH = 26

const kind = { noun: 'role', all: roles }

const list = listPath({ ...kind, help: 'Roles say what identity tokens contain.', lists: 'roles' })

const role = pathOfOne({
  ...kind,
  help: 'A role, for which identity tokens are made.',
  reads: 'a role',
  reply: roleReply,
  show: ({ clientId, key, template, ttl }) => ok(roleReply, { client_id: clientId, key, template, ttl }),
})
  .write({
    summary: 'Create or change a role.',
    operationId: 'oidc-write-role',
    fields,
    replies: { 204: none },
    prepare: async (c) => firstPairs(c.view, c.in.key ?? ''),
    run: async (c, prepared) => {
      const before = await roles.get(c.view, c.params.name)
      const name = c.in.key ?? before?.key ?? ''
      if (name === '') badRequest('the key parameter is required')
      const template = checkedTemplate(c.in.template ?? before?.template ?? '')
      const ttl = c.in.ttl ?? before?.ttl ?? DAY
      const key = await startedKey(c.view, name, prepared, c.clock.now())
      if (key === undefined) return badRequest(`cannot find key "${name}"`)
      if (ttl > key.verificationTtl)
        badRequest("a role's token ttl cannot be longer than the verification_ttl of the key it references")
      const clientId = (c.in.client_id ?? before?.clientId ?? '') || base62(CLIENT_ID_LENGTH)
      roles.put(c.view, c.params.name, { key: name, template, ttl, clientId })
      return done()
    },
  })
  .delete({
    summary: 'Delete a role.',
    operationId: 'oidc-delete-role',
    replies: { 204: none },
    run: (c) => {
      roles.delete(c.view, c.params.name)
      return done()
    },
  })

export const rolePaths: readonly PathDefinition[] = [list, role]
