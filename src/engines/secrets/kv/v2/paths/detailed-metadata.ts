import { setImmediate as nextTurn } from 'node:timers/promises'
import { definePath, listing, pageFields, pageOf, type JsonOut, type ReadView, type Reply } from '#framework'
import { detailedKeysReply, metadataOut } from '../replies.ts'
import { metadata } from '../store.ts'

/** Secrets looked up between two turns of the event loop. */
const KEYS_PER_TURN = 128

export const detailedMetadata = definePath('detailed-metadata/{path*}', {
  help: 'List secrets together with their metadata.',
  params: { path: 'The folder.' },
})
  .list({
    summary: 'List secrets and folders in a folder, with the metadata of each secret.',
    fields: pageFields,
    replies: { 200: detailedKeysReply },
    run: async (c) => detailed(c.view, c.params.path, await metadata.list(c.view, c.params.path, pageOf(c.in))),
  })
  .scan({
    summary: 'List all secrets below a folder, however deep, with their metadata.',
    fields: pageFields,
    replies: { 200: detailedKeysReply },
    run: async (c) => detailed(c.view, c.params.path, await metadata.scan(c.view, c.params.path, pageOf(c.in))),
  })

async function detailed(view: ReadView, folder: string, names: readonly string[]): Promise<Reply> {
  const info = new Map<string, JsonOut>()
  for (const [i, name] of names.entries()) {
    if (i % KEYS_PER_TURN === KEYS_PER_TURN - 1) await nextTurn()
    const meta = name.endsWith('/') ? undefined : await metadata.get(view, { path: folder + name })
    info.set(name, meta === undefined ? {} : metadataOut(meta))
  }
  return listing(names, { key_info: info })
}
