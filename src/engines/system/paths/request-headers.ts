import { definePath, done, f, none, okData, replySchema, type PathDefinition } from '#framework'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'

const rule = f.object({ hmac: f.bool('Its values are hashed.') }, 'How it is written.')
const listReply = replySchema('Request headers in audit entries.', {
  headers: f.map('Each header by its name, in lower case, with whether its values are hashed (`hmac`).'),
})
const headerReply = replySchema('A request header in audit entries, by its name as asked for.', {}, { members: rule })

export function requestHeadersPaths({ audit }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('config/auditing/request-headers', {
      help: 'Request headers that stand in audit entries.',
      params: {},
      flags: { sudo: true, rootNamespaceOnly: true },
    }).read({
      summary: 'List the request headers that stand in audit entries.',
      replies: { 200: listReply },
      run: async (c) => okData({ headers: await audit.headers(c.view) }, { flatten: true }),
    }),
    definePath('config/auditing/request-headers/{header}', {
      help: 'A request header that stands in audit entries.',
      params: { header: 'Name of the header, in any case.' },
      flags: { sudo: true, rootNamespaceOnly: true },
    })
      .read({
        summary: 'Tell how a request header stands in audit entries.',
        replies: { 200: headerReply },
        run: async (c) => {
          const { header } = c.params
          const found = (await audit.headers(c.view)).get(header.toLowerCase())
          if (found === undefined) throw systemErrors.NO_HEADER()
          return okData(new Map([[header, { hmac: found.hmac }]]), { flatten: true })
        },
      })
      .write({
        summary: 'Put a request header in audit entries.',
        fields: { hmac: f.bool('Hash its values.').default(false) },
        replies: { 204: none },
        run: async (c) => {
          await audit.putHeader(c.view, c.params.header, c.in.hmac)
          return done()
        },
      })
      .delete({
        summary: 'Leave a request header out of audit entries.',
        replies: { 204: none },
        run: async (c) => {
          await audit.deleteHeader(c.view, c.params.header)
          return done()
        },
      }),
  ]
}
