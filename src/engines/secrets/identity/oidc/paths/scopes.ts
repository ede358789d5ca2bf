import { badRequest, done, f, none, ok, replySchema, type PathDefinition } from '#framework'
import { checkedTemplate } from '../claims.ts'
import { assertUnused, providersUsingScope } from '../references.ts'
import { OPENID } from '../scope.ts'
import { scopes } from '../store.ts'
import { listPath, pathOfOne } from './named.ts'

const fields = {
  template: f
    .string('JSON with the claims of the scope, or its base64; `{{identity.entity.name}}` and the like are filled in.')
    .optional(),
  description: f.string('What the scope is for.').optional(),
}
const scopeReply = replySchema('A scope.', fields)

const kind = { noun: 'scope', all: scopes }

const list = listPath({ ...kind, help: 'Scopes say what a client may learn of a holder.', lists: 'scopes' })

const scope = pathOfOne({
  ...kind,
  help: 'A scope: claims that a client may ask for.',
  reads: 'a scope',
  reply: scopeReply,
  show: (found) => ok(scopeReply, found),
})
  .write({
    summary: 'Create or change a scope.',
    operationId: 'oidc-write-scope',
    fields,
    replies: { 204: none },
    run: async (c) => {
      const { name } = c.params
      if (name === OPENID) badRequest(`the "${OPENID}" scope name is reserved`)
      const before = await scopes.get(c.view, name)
      scopes.put(c.view, name, {
        description: c.in.description ?? before?.description ?? '',
        template: checkedTemplate(c.in.template ?? before?.template ?? ''),
      })
      return done()
    },
  })
  .delete({
    summary: 'Delete a scope that no provider refers to.',
    operationId: 'oidc-delete-scope',
    replies: { 204: none },
    run: async (c) => {
      const { name } = c.params
      assertUnused(`scope "${name}"`, 'providers', await providersUsingScope(c.view, name))
      scopes.delete(c.view, name)
      return done()
    },
  })

export const scopePaths: readonly PathDefinition[] = [list, scope]
