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
import { checkedTemplate } from '../claims.ts'
import { providersUsingScope } from '../references.ts'
import { keysSchema } from '../replies.ts'
import { OPENID } from '../scope.ts'
import { scopes } from '../store.ts'

const fields = {
  template: f
    .string('JSON with the claims of the scope, or its base64; `{{identity.entity.name}}` and the like are filled in.')
    .optional(),
  description: f.string('What the scope is for.').optional(),
}
const scopeReply = replySchema('A scope.', fields)

const list = definePath('oidc/scope', { help: 'Scopes say what a client may learn of a holder.', params: {} }).list({
  summary: 'List scopes.',
  operationId: 'oidc-list-scopes',
  replies: { 200: keysSchema },
  run: async (c) => listing(await scopes.list(c.view)),
})

const scope = definePath('oidc/scope/{name}', {
  help: 'A scope: claims that a client may ask for.',
  params: { name: f.name('Name of the scope.') },
  exists: (c) => scopes.has(c.view, c.params),
})
  .read({
    summary: 'Read a scope.',
    operationId: 'oidc-read-scope',
    replies: { 200: scopeReply },
    run: async (c) => {
      const found = await scopes.get(c.view, c.params)
      return found === undefined ? absent() : ok(scopeReply, found)
    },
  })
  .write({
    summary: 'Create or change a scope.',
    operationId: 'oidc-write-scope',
    fields,
    replies: { 204: none },
    run: async (c) => {
      if (c.params.name === OPENID) badRequest(`the "${OPENID}" scope name is reserved`)
      const before = await scopes.get(c.view, c.params)
      scopes.put(c.view, c.params, {
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
      const used = await providersUsingScope(c.view, name)
      if (used.length > 0)
        badRequest(
          `unable to delete scope "${name}" because it is currently referenced by these providers: ${used.join(', ')}`,
        )
      scopes.delete(c.view, c.params)
      return done()
    },
  })

export const scopePaths: readonly PathDefinition[] = [list, scope]
