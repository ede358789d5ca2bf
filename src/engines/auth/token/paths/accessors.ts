import { definePath, listing, replySchema, f, type PathDefinition } from '#framework'
import type { TokenEnginePorts } from '../ports.ts'

const keysReply = replySchema('Accessors of all tokens of the namespace.', { keys: f.list('The accessors.') })

export function accessorPaths(ports: TokenEnginePorts): readonly PathDefinition[] {
  return [
    definePath('accessors', {
      help: 'Accessors of all tokens. Whoever has them can revoke everybody’s token, so this needs sudo.',
      params: {},
      flags: { sudo: true },
    }).list({
      summary: 'List token accessors.',
      replies: { 200: keysReply },
      run: async (c) => {
        const { accessors, damaged } = await ports.tokens().accessors(c.view, c.request.namespace.id)
        if (damaged > 0) c.warn(`${damaged} accessor entries could not be read; auth/token/tidy removes them`)
        return listing(accessors)
      },
    }),
  ]
}
