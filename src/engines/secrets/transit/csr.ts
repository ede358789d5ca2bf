/** Requests for certificates (PKCS #10, RFC 2986) of a key version. */
import { ed25519Pair } from '../../../lib/secure/ed25519.ts'
import { passingKey, pkcs8 } from '../../../lib/secure/openssl-heap.ts'
import { BIT_STRING, der, elements, INTEGER, SEQUENCE } from './crypto/der.ts'
import { seedOf, signEdwards } from './crypto/ed25519.ts'
import { signEcdsa } from './crypto/ecdsa.ts'
import { toAsn1 } from './crypto/ecdsa-form.ts'
import { hashOf } from './crypto/hashes.ts'
import { signPostQuantum } from './crypto/post-quantum.ts'
import { signRsa } from './crypto/rsa.ts'
import { transitErrors } from './errors.ts'
import type { KeyType } from './key-types.ts'
import type { KeyVersion } from './key.ts'
import { pemBlocks, pemOf } from './pem.ts'

const ATTRIBUTES = 0xa0
const VERSION = der(INTEGER, Buffer.from([0]))

interface Template {
  readonly subject: Uint8Array
  readonly attributes: Uint8Array
}

const EMPTY: Template = { subject: der(SEQUENCE), attributes: der(ATTRIBUTES) }

/** In PEM. `template` is one whose subject and attributes are taken over, in PEM; empty for none. */
export async function createCsr(type: KeyType, version: KeyVersion, template: string): Promise<string> {
  const { secret, publicKey } = version
  const { subject, attributes } = template === '' ? EMPTY : templateOf(template)
  if (secret === undefined || publicKey === undefined)
    throw transitErrors.CSR({ why: 'private key not imported for key version selected' })
  const info = der(SEQUENCE, VERSION, subject, publicKey, attributes)
  const signature = await signed(type, secret, info)
  const unused = Buffer.from([0])
  return pemOf(
    'CERTIFICATE REQUEST',
    der(SEQUENCE, info, algorithmOf(type, publicKey), der(BIT_STRING, unused, signature)),
  )
}

/** Throws `TRANSIT_CSR_PEM` or `TRANSIT_CSR`. */
function templateOf(pem: string): Template {
  const [block] = pemBlocks(pem)
  if (block === undefined) throw transitErrors.CSR_PEM()
  const [request] = elements(block.der) ?? []
  const [info] = (request && elements(request.contents)) ?? []
  const [version, subject, key, attributes] = (info && elements(info.contents)) ?? []
  if (version?.tag !== INTEGER || subject?.tag !== SEQUENCE || key?.tag !== SEQUENCE)
    throw transitErrors.CSR({ why: 'the template is no request for a certificate' })
  return { subject: subject.whole, attributes: attributes?.tag === ATTRIBUTES ? attributes.whole : EMPTY.attributes }
}

/** The hash that fits the curve, as others choose it. */
const CURVE_HASHES: Readonly<Record<string, { readonly hash: string; readonly oid: string }>> = {
  'P-256': { hash: 'sha2-256', oid: '2a8648ce3d040302' },
  'P-384': { hash: 'sha2-384', oid: '2a8648ce3d040303' },
  'P-521': { hash: 'sha2-512', oid: '2a8648ce3d040304' },
}
const RSA_SHA256 = '2a864886f70d01010b'
const OBJECT_IDENTIFIER = 0x06
const NULL = Buffer.from([5, 0])

function algorithmOf(type: KeyType, publicKey: Uint8Array): Uint8Array {
  const oid = (hex: string) => der(OBJECT_IDENTIFIER, Buffer.from(hex, 'hex'))
  if (type.family === 'rsa') return der(SEQUENCE, oid(RSA_SHA256), NULL)
  if (type.family === 'ecdsa') return der(SEQUENCE, oid(CURVE_HASHES[type.engine]?.oid ?? ''))
  // Where there is one way to sign, key and signature are named alike.
  const [spki] = elements(Buffer.from(publicKey)) ?? []
  const [algorithm] = (spki && elements(spki.contents)) ?? []
  if (algorithm === undefined) throw transitErrors.DAMAGED()
  return algorithm.whole
}

async function signed(type: KeyType, secret: Uint8Array, info: Buffer): Promise<Uint8Array> {
  const key = pkcs8(secret)
  switch (type.family) {
    case 'rsa':
      return signRsa(key, type.bits, info, {
        padding: 'pkcs1v15',
        hash: hashOf('sha2-256'),
        saltLength: 'auto',
        prehashed: false,
      })
    case 'ecdsa': {
      const hash = hashOf(CURVE_HASHES[type.engine]?.hash ?? '')
      return toAsn1(await signEcdsa(key, info, { curve: type.engine, hash, prehashed: false }))
    }
    case 'ed25519':
      return signEdwards(ed25519Pair(seedOf(secret)), info)
    default:
      return signPostQuantum(passingKey(key), info, new Uint8Array(0))
  }
}
