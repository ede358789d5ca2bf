/**
 * Keys on their way between servers: a fresh AES key under RSA-OAEP, and the key itself under that one by AES key wrap with padding
 * (RFC 5649), one after the other. PKCS #11 calls it CKM_RSA_AES_KEY_WRAP.
 */
import { constants, createCipheriv, createDecipheriv, privateDecrypt, publicEncrypt, type KeyObject } from 'node:crypto'
import type { Pkcs8 } from '../../../../lib/secure/openssl-heap.ts'
import { freshBytes } from '../../../../lib/secure/random.ts'
import { transitErrors } from '../errors.ts'

const CIPHER = 'id-aes256-wrap-pad'
/** The alternative initial value of RFC 5649. */
const INITIAL = Buffer.from('a65959a6', 'hex')
const EPHEMERAL_BYTES = 32
/** Of a wrapping key of 4096 bits. */
const ENCRYPTED_BYTES = 512

const HASHES: Readonly<Record<string, string>> = {
  SHA1: 'sha1',
  SHA224: 'sha224',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
}

/** OpenSSL's name of a hash function. Throws `TRANSIT_IMPORT_HASH`. */
export function oaepHash(name: string): string {
  const hash = HASHES[name.toUpperCase()]
  if (hash === undefined) throw transitErrors.IMPORT_HASH()
  return hash
}

export function wrapKey(destination: KeyObject, secret: Uint8Array, hash: string): Buffer {
  const ephemeral = freshBytes(EPHEMERAL_BYTES)
  const options = { key: destination, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }
  return Buffer.concat([publicEncrypt(options, ephemeral), wrapPadded(ephemeral, secret)])
}

/** AES key wrap with padding, by a key of 256 bits. */
export function wrapPadded(key: Uint8Array, secret: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, INITIAL)
  return Buffer.concat([cipher.update(secret), cipher.final()])
}

/** Throws where it was not wrapped with this key. */
export function unwrapPadded(key: Uint8Array, wrapped: Uint8Array): Buffer {
  const decipher = createDecipheriv(CIPHER, key, INITIAL)
  return Buffer.concat([decipher.update(wrapped), decipher.final()])
}

/** Throws `TRANSIT_IMPORT_SHORT`, `TRANSIT_IMPORT_EPHEMERAL`, or `TRANSIT_IMPORT_UNWRAP` whatever else is wrong. */
export function unwrapKey(wrappingKey: Pkcs8, wrapped: Buffer, hash: string): Buffer {
  if (wrapped.length <= ENCRYPTED_BYTES) throw transitErrors.IMPORT_SHORT()
  const ephemeral = ephemeralOf(wrappingKey, wrapped.subarray(0, ENCRYPTED_BYTES), hash)
  if (ephemeral.length !== EPHEMERAL_BYTES) throw transitErrors.IMPORT_EPHEMERAL()
  try {
    return unwrapPadded(ephemeral, wrapped.subarray(ENCRYPTED_BYTES))
  } catch (error) {
    throw transitErrors.IMPORT_UNWRAP(undefined, { cause: error })
  } finally {
    ephemeral.fill(0)
  }
}

function ephemeralOf(key: Pkcs8, encrypted: Uint8Array, hash: string): Buffer {
  try {
    return privateDecrypt({ ...key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, encrypted)
  } catch (error) {
    throw transitErrors.IMPORT_UNWRAP(undefined, { cause: error })
  }
}
