import { definePath, done, f, none, ok, replySchema, type PathDefinition } from '#framework'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'

const corsReply = replySchema('Which pages of other origins may send requests from a browser.', {
  enabled: f.bool('Some may.'),
  allowed_origins: f.list('Their origins; `*` for all.').optional(),
  allowed_headers: f.list('Headers they may send.').optional(),
})

export function corsPaths({ cors }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('config/cors', {
      help: 'Requests from pages of other origins (CORS).',
      params: {},
      flags: { sudo: true, rootNamespaceOnly: true },
    })
      .read({
        summary: 'Tell which origins may send requests from a browser.',
        replies: { 200: corsReply },
        run: () => {
          const { enabled, allowedOrigins, allowedHeaders } = cors.get()
          const more = { allowed_origins: allowedOrigins, allowed_headers: allowedHeaders }
          return ok(corsReply, enabled ? { enabled, ...more } : { enabled }, { flatten: true })
        },
      })
      .write({
        summary: 'Let pages of some origins send requests from a browser.',
        fields: {
          allowed_origins: f.strings('Their origins, or `*` alone for all.').default([]),
          allowed_headers: f.strings("Headers they may send besides the server's own.").default([]),
        },
        replies: { 204: none },
        run: async (c) => {
          const { allowed_origins: allowedOrigins, allowed_headers: allowedHeaders } = c.in
          if (allowedOrigins.length === 0) throw systemErrors.NO_ORIGIN()
          if (allowedOrigins.length > 1 && allowedOrigins.includes('*')) throw systemErrors.LONE_WILDCARD()
          await cors.put(c.view, { enabled: true, allowedOrigins, allowedHeaders })
          return done()
        },
      })
      .delete({
        summary: 'Let no page of another origin send requests.',
        replies: { 204: none },
        run: async (c) => {
          await cors.delete(c.view)
          return done()
        },
      }),
  ]
}
