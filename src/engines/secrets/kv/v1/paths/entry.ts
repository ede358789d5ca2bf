import { absent, definePath, done, listing, none, pageFields, pageOf, RawJson, stringify } from '#framework'
import { kvV1Errors, leaseDurationOf } from '../domain.ts'
import { entryOut, entryReply, keysReply } from '../replies.ts'
import { assertNotUpgraded, entries } from '../store.ts'

export const entry = definePath('{path*}', {
  help: 'Write, read, list and delete secrets.',
  description:
    'A secret is the JSON object of the request. Its member "ttl" tells readers after how long they should read it again; nothing ' +
    'happens to the secret then.',
  params: { path: 'Where the secret is; for a list, the folder.' },
  exists: (c) => entries.has(c.view, c.params),
})
  .read({
    summary: 'Read a secret.',
    replies: { 200: entryReply },
    run: async (c) => entryOut((await entries.get(c.view, c.params)) ?? absent(), c.limits.defaultTtl),
  })
  .write({
    summary: 'Write a secret in place of the one that is there.',
    replies: { 204: none },
    run: async (c) => {
      const { body } = c.request
      if (c.params.path === '') throw kvV1Errors.NO_PATH()
      if (body.size === 0) throw kvV1Errors.NO_DATA()
      await assertNotUpgraded(c.view)
      entries.put(c.view, c.params, { leaseDuration: leaseDurationOf(body), data: new RawJson(stringify(body)) })
      const { path } = c.params
      c.emit({ type: 'kv-v1/write', path, dataPath: path, modified: true })
      return done()
    },
  })
  .delete({
    summary: 'Delete a secret.',
    replies: { 204: none },
    run: async (c) => {
      await assertNotUpgraded(c.view)
      entries.delete(c.view, c.params)
      c.emit({ type: 'kv-v1/delete', path: c.params.path, modified: true })
      return done()
    },
  })
  .list({
    summary: 'List secrets and folders in a folder.',
    fields: pageFields,
    replies: { 200: keysReply },
    run: async (c) => listing(await entries.list(c.view, c.params.path, pageOf(c.in))),
  })
  .scan({
    summary: 'List all secrets below a folder, however deep.',
    fields: pageFields,
    replies: { 200: keysReply },
    run: async (c) => listing(await entries.scan(c.view, c.params.path, pageOf(c.in))),
  })
