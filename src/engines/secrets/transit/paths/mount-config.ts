/** What holds for the whole mount. */
import { definePath, f, ok, replySchema, type PathDefinition } from '#framework'
import { transitErrors } from '../errors.ts'
import { config } from '../store.ts'

const upsertReply = replySchema('What holds for all keys.', { disable_upsert: f.bool('Encrypting makes no keys.') })

export const keysConfig = definePath('config/keys', { help: 'What holds for all keys of the mount.', params: {} })
  .read({
    summary: 'Read what holds for all keys.',
    replies: { 200: upsertReply },
    operationId: 'transit-read-keys-configuration',
    run: async (c) => ok(upsertReply, { disable_upsert: await config.disableUpsert(c.view) }),
  })
  .write({
    summary: 'Set what holds for all keys.',
    fields: {
      disable_upsert: f.bool('Encrypting with a key that does not exist fails instead of making it.').default(false),
    },
    replies: { 200: upsertReply },
    operationId: 'transit-configure-keys',
    run: (c) => {
      config.setDisableUpsert(c.view, c.in.disable_upsert)
      return ok(upsertReply, { disable_upsert: c.in.disable_upsert })
    },
  })

const cacheReply = replySchema('How many keys are kept in memory.', {
  size: f.int('How many; 0 leaves it to the server.'),
})
const LEAST = 10

export const cacheConfig: PathDefinition = definePath('cache-config', {
  help: 'How many keys are kept in memory.',
  description:
    'Each thread of each node keeps at most as many keys of this mount parsed. One that is not kept is read anew.',
  params: {},
})
  .read({
    summary: 'Read how many keys are kept in memory.',
    replies: { 200: cacheReply },
    operationId: 'transit-read-cache-configuration',
    run: async (c) => ok(cacheReply, { size: await config.cacheSize(c.view) }),
  })
  .write({
    summary: 'Set how many keys are kept in memory.',
    fields: { size: f.int('How many, at least 10; 0 leaves it to the server.').default(0) },
    replies: { 200: cacheReply },
    operationId: 'transit-configure-cache',
    run: (c) => {
      const { size } = c.in
      if (size !== 0 && size < LEAST) throw transitErrors.CACHE_SIZE({ min: LEAST })
      config.setCacheSize(c.view, size)
      return ok(cacheReply, { size })
    },
  })
