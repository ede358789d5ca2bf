import { definePath, f, ok, replySchema, type PathDefinition } from '#framework'
import { freshBytes } from '../../../../lib/secure/random.ts'
import { namedBase64, toBase64 } from '../base64.ts'
import { encrypt } from '../encryption.ts'
import { transitErrors } from '../errors.ts'
import type { KeyRing } from '../key-ring.ts'
import { associatedOf } from './bound.ts'
import { associatedData, context, keyName, keyVersion } from './fields.ts'

const reply = replySchema('A new key for data.', {
  ciphertext: f.string('The key, encrypted with the named key.'),
  plaintext: f.string('The key itself, in base64; not with `wrapped`.'),
  key_version: f.int('Version of the named key.'),
})

const fields = {
  context,
  associated_data: associatedData,
  bits: f.int('Bits of the new key: 128, 256 or 512.').default(256),
  key_version: keyVersion,
  nonce: f.string('Without use: nonces are made here.').default(''),
}

const SIZES = [128, 256, 512]

export function datakeyPath(ring: KeyRing): PathDefinition {
  return definePath('datakey/{plaintext}/{name}', {
    help: 'Make a key for data.',
    params: { plaintext: '`plaintext` shows the new key, `wrapped` only gives it encrypted.', name: keyName },
    flags: { place: 'anywhere' },
  }).compute({
    summary: 'Make a key for data, encrypted with the named key.',
    fields,
    replies: { 200: reply },
    operationId: 'transit-generate-data-key',
    run: async (c) => {
      const { plaintext: way, name } = c.params
      if (way !== 'plaintext' && way !== 'wrapped') throw transitErrors.DATAKEY_PATH()
      const derivation = namedBase64(c.in.context, 'context')
      if (namedBase64(c.in.nonce, 'nonce').length > 0) throw transitErrors.NONCE()
      const loaded = await ring.require(c, name)
      if (!SIZES.includes(c.in.bits)) throw transitErrors.DATAKEY_BITS()
      const associated = associatedOf(loaded, c.in.associated_data, "'")
      const plaintext = freshBytes(c.in.bits / 8)
      const input = { plaintext, context: derivation, associated, keyVersion: c.in.key_version }
      const { ciphertext, keyVersion: version } = await encrypt(c.view, loaded, input)
      const shown = way === 'plaintext' ? { plaintext: toBase64(plaintext) } : {}
      return ok(reply, { ciphertext, key_version: version, ...shown })
    },
  })
}
