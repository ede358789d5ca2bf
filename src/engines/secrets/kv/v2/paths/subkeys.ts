import { definePath, f } from '#framework'
import { secretOut, subkeysReply } from '../replies.ts'
import { readSecret } from '../secret.ts'
import { subkeysOf } from '../subkeys.ts'

export const subkeys = definePath('subkeys/{path+}', {
  help: 'Read the names in a secret without their values.',
  params: { path: 'Where the secret is.' },
}).read({
  summary: 'Read the names in a version of a secret, with null for each value.',
  fields: {
    version: f.int('The version; 0 stands for the current one.').default(0),
    depth: f.int('How many levels to show; 0 shows all.').default(0),
  },
  replies: { 200: subkeysReply, 404: subkeysReply },
  run: async (c) => {
    const secret = await readSecret(c.view, c.params.path, c.in.version, c.clock.now())
    return secretOut(secret, 'subkeys', secret.data === undefined ? null : subkeysOf(secret.data, c.in.depth))
  },
})
