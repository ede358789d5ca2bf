import { definePath, f, ok, replySchema, type PathDefinition } from '#framework'
import { inspectErrors } from '../../../errors/inspect.ts'
import type { ActivityPathPorts } from './activity.ts'

const total = f.object({ total: f.int('How many.') })
const entitiesReply = replySchema('Entities.', { counters: f.object({ entities: total }) })
const tokensReply = replySchema('Tokens.', { counters: f.object({ service_tokens: total }) })

export function counterPaths({ activity }: ActivityPathPorts): readonly PathDefinition[] {
  return [
    definePath('internal/counters/entities', {
      help: 'How many entities there are, in the namespace and below it.',
      params: {},
    }).read({
      summary: 'Count the entities.',
      replies: { 200: entitiesReply },
      run: async (c) =>
        ok(entitiesReply, { counters: { entities: { total: await activity.entities(c.view, c.request.namespace) } } }),
    }),
    definePath('internal/counters/tokens', {
      help: 'How many service tokens there are, in the namespace and below it.',
      params: {},
    }).read({
      summary: 'Count the service tokens.',
      replies: { 200: tokensReply },
      run: async (c) =>
        ok(tokensReply, {
          counters: { service_tokens: { total: await activity.tokens(c.view, c.request.namespace) } },
        }),
    }),
    definePath('internal/counters/requests', {
      help: 'Requests are not counted any more; metrics tell of them.',
      params: {},
    }).read({
      summary: 'Nothing any more.',
      replies: {},
      run: () => {
        throw inspectErrors.REMOVED()
      },
    }),
  ]
}
