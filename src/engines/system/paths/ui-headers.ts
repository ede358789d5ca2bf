import { absent, definePath, done, f, listing, none, ok, replySchema, type PathDefinition } from '#framework'
import type { UiHeadersPort } from '../../../request/inspect-ports.ts'
import { inspectErrors } from '../../../errors/inspect.ts'

const listReply = replySchema('The headers.', { keys: f.list('Their names.') })
const headerReply = replySchema('A header.', {
  value: f.string('Its first value, where `multivalue` is not set.').optional(),
  values: f.list('All of its values, where it is.').optional(),
})
const changedReply = replySchema('It is set.', {})

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** What a header's value may hold; a line break would begin another header. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

export function uiHeaderPaths({ uiHeaders }: { readonly uiHeaders: UiHeadersPort }): readonly PathDefinition[] {
  const flags = { sudo: true, rootNamespaceOnly: true }
  return [
    definePath('config/ui/headers', {
      help: 'Headers of the answers to paths below `/ui`.',
      params: {},
      flags,
    }).list({
      summary: 'List the headers of answers below `/ui`.',
      replies: { 200: listReply },
      run: () => listing(uiHeaders.names()),
    }),
    definePath('config/ui/headers/{header}', {
      help: 'A header of the answers to paths below `/ui`.',
      params: { header: 'Name of the header, in any case.' },
      flags,
    })
      .read({
        summary: 'Read a header of answers below `/ui`.',
        fields: { multivalue: f.bool('Give all values in `values`, not the first in `value`.').default(false) },
        replies: { 200: headerReply },
        run: (c) => {
          const values = uiHeaders.values(c.params.header) ?? absent()
          return ok(headerReply, c.in.multivalue ? { values } : { value: values[0] ?? '' })
        },
      })
      .write({
        summary: 'Set a header of answers below `/ui`.',
        fields: {
          values: f.strings('Its values.').default([]),
          multivalue: f.bool('Ignored: all values are kept.').default(false),
        },
        replies: { 200: changedReply },
        run: (c) => {
          const { header } = c.params
          const { values } = c.in
          if (values.length === 0) throw inspectErrors.UI_HEADER_EMPTY()
          if (header.toLowerCase().startsWith('x-vault-')) throw inspectErrors.UI_HEADER_OWN()
          if (!TOKEN.test(header)) throw inspectErrors.UI_HEADER_NAME()
          if (!values.every((value) => VALUE.test(value))) throw inspectErrors.UI_HEADER_VALUE()
          if (header.toLowerCase() === 'content-security-policy')
            c.warn('overriding default Content-Security-Policy which is secure by default, proceed with caution')
          uiHeaders.put(c.view, header, values)
          return { status: 200, data: undefined }
        },
      })
      .delete({
        summary: 'Leave a header out of answers below `/ui`.',
        replies: { 204: none },
        run: (c) => {
          uiHeaders.delete(c.view, c.params.header)
          return done()
        },
      }),
  ]
}
