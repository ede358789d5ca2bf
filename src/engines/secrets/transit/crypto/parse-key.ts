/** Key material from outside, checked against the type that it is to be. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { passingKey, pkcs8 } from '../../../../lib/secure/openssl-heap.ts'
import { transitErrors } from '../errors.ts'
import { hmacKeyBytes, isSymmetric, type KeyType } from '../key-types.ts'
import { pemBlocks } from '../pem.ts'
import { materialOf, type Material } from './generate.ts'

/** Bytes of a symmetric key, PKCS #8 of others. Throws `TRANSIT_IMPORT_…`. */
export function privateMaterial(type: KeyType, secret: Uint8Array): Material {
  if (isSymmetric(type)) {
    assertSize(type, secret.length)
    return { secret: Uint8Array.from(secret), publicKey: undefined }
  }
  const key = parsedPrivate(secret)
  assertType(type, key)
  return materialOf(type, key)
}

/** SubjectPublicKeyInfo in PEM. Throws `TRANSIT_IMPORT_…`. */
export function publicMaterial(type: KeyType, pem: string): Material {
  if (isSymmetric(type)) throw transitErrors.IMPORT_PUBLIC()
  const key = parsedPublic(pem)
  assertType(type, key)
  return { secret: undefined, publicKey: Uint8Array.from(key.export({ format: 'der', type: 'spki' })) }
}

function assertSize(type: KeyType, bytes: number): void {
  const { min, max } = hmacKeyBytes
  const fits = type.family === 'hmac' ? bytes >= min && bytes <= max : bytes === type.keyBytes
  if (!fits) throw transitErrors.IMPORT_SIZE({ bytes, type: type.name })
}

/** Three times what the largest keys have; larger ones OpenSSL would take into its locked heap before their type is known. */
const MOST_BYTES = 16_384

function parsedPrivate(der: Uint8Array): KeyObject {
  try {
    if (der.length > MOST_BYTES) throw new RangeError('a key of no known type has so many bytes')
    return passingKey(pkcs8(der))
  } catch (error) {
    throw transitErrors.IMPORT_PARSE({ what: 'asymmetric key: it is no PKCS #8 of a known type' }, { cause: error })
  }
}

function parsedPublic(pem: string): KeyObject {
  const [block] = pemBlocks(pem)
  if (block === undefined) throw transitErrors.IMPORT_PARSE({ what: 'public key: not in PEM format' })
  try {
    return createPublicKey({ key: block.der, format: 'der', type: 'spki' })
  } catch (error) {
    throw transitErrors.IMPORT_PARSE({ what: 'public key: it is no key of a known type' }, { cause: error })
  }
}

function assertType(type: KeyType, key: KeyObject): void {
  const { asymmetricKeyType: found, asymmetricKeyDetails: details } = key
  const fits =
    type.family === 'rsa'
      ? found === 'rsa' && details?.modulusLength === type.bits
      : type.family === 'ecdsa'
        ? found === 'ec' && details?.namedCurve === CURVES[type.engine]
        : found === type.name
  if (!fits) throw transitErrors.IMPORT_TYPE({ type: type.name })
}

/** OpenSSL's names. */
const CURVES: Readonly<Record<string, string>> = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' }
