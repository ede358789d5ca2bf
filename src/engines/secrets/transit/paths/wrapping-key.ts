import { definePath, f, ok, replySchema } from '#framework'
import { transitErrors } from '../errors.ts'
import { pemOf } from '../pem.ts'
import { wrappingKey } from '../store.ts'
import { newWrappingKey, settledWrappingKey } from '../wrapping-key.ts'

const reply = replySchema('A public key.', { public_key: f.string('The public key, in PEM.') })

export const wrappingKeyPath = definePath('wrapping_key', {
  help: 'The public key under which keys are imported.',
  params: {},
}).readWriting({
  summary: 'Read the RSA key of 4096 bits under which keys for import are wrapped. It is made on first use.',
  replies: { 200: reply },
  operationId: 'transit-read-wrapping-key',
  prepare: async (c) => ((await wrappingKey.get(c.view)) === undefined ? newWrappingKey(c.clock.now()) : undefined),
  run: async (c, fresh) => {
    const { publicKey } = await settledWrappingKey(c.view, fresh)
    if (publicKey === undefined) throw transitErrors.DAMAGED()
    return ok(reply, { public_key: pemOf('PUBLIC KEY', publicKey) })
  },
})
