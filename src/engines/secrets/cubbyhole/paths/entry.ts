import { absent, definePath, done, listing, none, okData, pageFields, pageOf, RawJson, stringify } from '#framework'
import { cubbyholeErrors, drawerOf } from '../domain.ts'
import { entryReply, keysReply } from '../replies.ts'
import { cubbyhole } from '../store.ts'

export const entry = definePath('{path*}', {
  help: "Write, read, list and delete secrets in the token's own cubbyhole.",
  description: 'Every token sees its own cubbyhole and no other. It is removed with the token.',
  params: { path: 'Where the secret is; for a list, the folder.' },
  exists: (c) => c.caller?.type === 'service' && cubbyhole.has(c.view, drawerOf(c), c.params.path),
})
  .read({
    summary: 'Read a secret.',
    replies: { 200: entryReply },
    run: async (c) => {
      const drawer = drawerOf(c)
      if (c.params.path === '') throw cubbyholeErrors.NO_PATH()
      return okData((await cubbyhole.get(c.view, drawer, c.params.path)) ?? absent())
    },
  })
  .write({
    summary: 'Write a secret in place of the one that is there.',
    replies: { 204: none },
    run: (c) => {
      const drawer = drawerOf(c)
      const { body } = c.request
      if (c.params.path === '') throw cubbyholeErrors.NO_PATH()
      if (body.size === 0) throw cubbyholeErrors.NO_DATA()
      cubbyhole.put(c.view, drawer, c.params.path, new RawJson(stringify(body)))
      return done()
    },
  })
  .delete({
    summary: 'Delete a secret.',
    replies: { 204: none },
    run: (c) => {
      cubbyhole.delete(c.view, drawerOf(c), c.params.path)
      return done()
    },
  })
  .list({
    summary: 'List secrets and folders in a folder.',
    fields: pageFields,
    replies: { 200: keysReply },
    run: async (c) => listing(await cubbyhole.list(c.view, drawerOf(c), c.params.path, pageOf(c.in))),
  })
