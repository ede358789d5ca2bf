import { keyObjectOf } from '../../../../lib/secure/openssl-heap.ts'
import { createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import { definePath, done, f, none, type PathDefinition } from '#framework'
import { hkdfExpand, hkdfExtract } from '../crypto/derive.ts'
import { transitErrors } from '../errors.ts'
import { importNew } from '../importing.ts'
import { assertUsable, newKey, versionFor } from '../key.ts'
import { agrees } from '../key-types.ts'
import type { KeyRing } from '../key-ring.ts'
import { pemBlocks } from '../pem.ts'
import { keys } from '../store.ts'
import { keyName, typeNamed } from './fields.ts'

/** A key that two sides agree on (ECDH) without either having sent it. */
export function deriveKeyPath(ring: KeyRing): PathDefinition {
  return definePath('derive-key/{name}', {
    help: 'Agree on a key with someone else.',
    params: { name: keyName },
  }).write({
    summary: 'Make a key of an ECDSA key of this mount and the public key of someone else, by ECDH and HKDF.',
    fields: {
      key_derivation_algorithm: f.string('`ecdh`.').default('ecdh'),
      peer_public_key: f.string("The other side's public key, in PEM.").default(''),
      base_key_name: f.name("Name of one's own key."),
      base_key_version: f.int('Version of it; 0 for the latest.').default(0),
      derived_key_type: f.string('Type of the new key, one that encrypts.').default('aes256-gcm96'),
    },
    replies: { 204: none },
    operationId: 'transit-derive-key',
    prepare: async (c) => {
      if (c.in.key_derivation_algorithm !== 'ecdh') throw transitErrors.AGREEMENT_ALGORITHM()
      if (c.in.peer_public_key === '') throw transitErrors.AGREEMENT_NO_PEER()
      const type = typeNamed(c.in.derived_key_type.toLowerCase())
      if (type.family !== 'aead') throw transitErrors.UPSERT_TYPE({ type: type.name })
      const base = await ring.require(c, c.in.base_key_name, 'specified base key')
      assertUsable(base.key)
      if (!agrees(base.key.type)) throw transitErrors.NOT_FOR({ type: base.key.type.name, what: 'key agreement' })
      const { privateKey } = await base.version(c.view, versionFor(base.key, c.in.base_key_version, 'derivation'))
      if (privateKey === undefined) throw transitErrors.NO_PRIVATE_TO_SIGN()
      const shared = agreed(keyObjectOf(privateKey), peerKey(c.in.peer_public_key))
      const secret = Uint8Array.from(hkdfExpand(hkdfExtract(shared), new Uint8Array(0), type.keyBytes))
      return { wished: newKey(c.params.name, { type, imported: true }), material: { secret, publicKey: undefined } }
    },
    run: async (c, { wished, material }) => {
      if ((await keys.bytes(c.view, wished.name)) !== undefined) throw transitErrors.AGREEMENT_EXISTS()
      importNew(c.view, wished, material, c.clock.now())
      return done()
    },
  })
}

function peerKey(pem: string): KeyObject {
  const [block] = pemBlocks(pem)
  try {
    return createPublicKey({ key: block?.der ?? Buffer.alloc(0), format: 'der', type: 'spki' })
  } catch (error) {
    throw transitErrors.AGREEMENT_PEER(undefined, { cause: error })
  }
}

function agreed(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const curve = privateKey.asymmetricKeyDetails?.namedCurve
  if (publicKey.asymmetricKeyType !== 'ec' || publicKey.asymmetricKeyDetails?.namedCurve !== curve)
    throw transitErrors.AGREEMENT_CURVE()
  return diffieHellman({ privateKey, publicKey })
}
