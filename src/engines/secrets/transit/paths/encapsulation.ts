/** ML-KEM itself, for clients that agree on keys with others who know nothing of this server. */
import { definePath, f, ok, replySchema, type PathDefinition } from '#framework'
import { keyObjectOf } from '../../../../lib/secure/openssl-heap.ts'
import { fromBase64, toBase64 } from '../base64.ts'
import { decapsulated, encapsulated } from '../crypto/kem.ts'
import { transitErrors } from '../errors.ts'
import { assertUsable, versionFor, type Key } from '../key.ts'
import type { KeyRing } from '../key-ring.ts'
import { parseVersioned, versioned } from '../text-form.ts'
import { keyName, keyVersion } from './fields.ts'

const encapsulateReply = replySchema('A shared key and its encapsulation.', {
  ciphertext: f.string('The encapsulation, with the version of the key.'),
  shared_key: f.string('The key that both sides have now, 32 bytes in base64.'),
  key_version: f.int('Version of the key.'),
})
const decapsulateReply = replySchema('A shared key.', { shared_key: f.string('The key, 32 bytes in base64.') })

const flags = { place: 'anywhere' } as const

export function encapsulationPaths(ring: KeyRing): readonly PathDefinition[] {
  return [
    definePath('encapsulate/{name}', { help: 'Agree on a key by ML-KEM.', params: { name: keyName }, flags }).compute({
      summary: 'Make a key that only who has the private key can learn from the encapsulation.',
      fields: { key_version: keyVersion },
      replies: { 200: encapsulateReply },
      operationId: 'transit-encapsulate',
      run: async (c) => {
        const loaded = await ring.require(c, c.params.name)
        assertEncapsulates(loaded.key, 'encapsulation')
        const version = await loaded.version(c.view, versionFor(loaded.key, c.in.key_version, 'encryption'))
        const { shared, encapsulation } = encapsulated(version.publicKey)
        return ok(encapsulateReply, {
          ciphertext: versioned(version.number, toBase64(encapsulation)),
          shared_key: toBase64(shared),
          key_version: version.number,
        })
      },
    }),
    definePath('decapsulate/{name}', { help: 'Agree on a key by ML-KEM.', params: { name: keyName }, flags }).compute({
      summary: 'Learn the key from an encapsulation. One that was tampered with gives another key.',
      fields: { ciphertext: f.string('The encapsulation, with the version of the key.').default('') },
      replies: { 200: decapsulateReply },
      operationId: 'transit-decapsulate',
      run: async (c) => {
        const loaded = await ring.require(c, c.params.name)
        assertEncapsulates(loaded.key, 'decapsulation')
        const { version: number, text } = parseVersioned(c.in.ciphertext, loaded.key, 'ciphertext')
        const { privateKey } = await loaded.version(c.view, number)
        if (privateKey === undefined) throw transitErrors.NO_PRIVATE_TO_DECRYPT()
        return ok(decapsulateReply, {
          shared_key: toBase64(decapsulated(loaded.key.type, keyObjectOf(privateKey), fromBase64(text))),
        })
      },
    }),
  ]
}

function assertEncapsulates(key: Key, what: string): void {
  assertUsable(key)
  if (key.type.family !== 'ml-kem') throw transitErrors.NOT_FOR({ type: key.type.name, what })
}
