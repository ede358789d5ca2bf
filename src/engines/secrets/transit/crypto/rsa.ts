/**
 * RSA: OAEP with SHA-256, and signatures by PSS and PKCS #1. What needs the private key runs in the thread pool, but for hashes that the
 * client made: OpenSSL's binding signs messages only, so those are encoded here and signed as they are. Keys that are not parsed work here,
 * too, for ten milliseconds at most, and are freed at once: waiting in the pool they would fill OpenSSL's locked heap.
 */
import {
  constants,
  createSign,
  KeyObject,
  privateDecrypt,
  privateEncrypt,
  publicDecrypt,
  publicEncrypt,
  sign,
  verify,
  webcrypto,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { Pkcs8, PrivateKey } from '../../../../lib/secure/openssl-heap.ts'
import { transitErrors } from '../errors.ts'
import { inPieces, isLarge } from '../turn.ts'
import { emsaPssEncode, emsaPssVerify } from './emsa-pss.ts'
import type { HashFunction } from './hashes.ts'

const signing = promisify(sign)
const verifying = promisify(verify)

export interface RsaScheme {
  readonly padding: 'pss' | 'pkcs1v15'
  /** Undefined only for hashes without their name, by PKCS #1. */
  readonly hash: HashFunction | undefined
  readonly saltLength: 'auto' | 'hash' | number
  readonly prehashed: boolean
}

export function encryptOaep(key: KeyObject, plaintext: Uint8Array): Buffer {
  try {
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, plaintext)
  } catch (error) {
    throw transitErrors.RSA_TOO_LONG(undefined, { cause: error })
  }
}

/** Throws `TRANSIT_RSA_DECRYPTION`, whatever is wrong. */
export async function decryptOaep(key: PrivateKey, ciphertext: Uint8Array): Promise<Buffer> {
  if (!(key instanceof KeyObject)) return decryptOaepWith(key, ciphertext)
  const cryptoKey = key.toCryptoKey({ name: 'RSA-OAEP', hash: 'SHA-256' }, false, ['decrypt'])
  try {
    return Buffer.from(await webcrypto.subtle.decrypt({ name: 'RSA-OAEP' }, cryptoKey, Uint8Array.from(ciphertext)))
  } catch (error) {
    throw transitErrors.RSA_DECRYPTION(undefined, { cause: error })
  }
}

function decryptOaepWith(key: Pkcs8, ciphertext: Uint8Array): Buffer {
  try {
    return privateDecrypt({ ...key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, ciphertext)
  } catch (error) {
    throw transitErrors.RSA_DECRYPTION(undefined, { cause: error })
  }
}

/** `bits` are those of the modulus. */
export async function signRsa(key: PrivateKey, bits: number, input: Uint8Array, scheme: RsaScheme): Promise<Buffer> {
  const { hash, padding, prehashed } = scheme
  if (hash !== undefined && !prehashed) return signMessage(key, input, hash, paddingOf(bits, scheme))
  if (hash !== undefined) assertLength(input, hash)
  if (padding === 'pkcs1v15')
    return privateEncrypt({ ...partsOf(key), padding: constants.RSA_PKCS1_PADDING }, digestInfo(hash, input))
  if (hash === undefined) throw transitErrors.HASH_NONE()
  const encoded = emsaPssEncode(input, hash, saltBytes(bits, scheme), bits - 1)
  return privateEncrypt({ ...partsOf(key), padding: constants.RSA_NO_PADDING }, padded(encoded, Math.ceil(bits / 8)))
}

async function signMessage(
  key: PrivateKey,
  input: Uint8Array,
  { engine }: HashFunction,
  padding: Padding,
): Promise<Buffer> {
  if (key instanceof KeyObject) return signing(engine, input, { key, ...padding })
  const signer = createSign(engine)
  await inPieces(input, (piece) => signer.update(piece))
  return signer.sign({ ...key, ...padding })
}

function partsOf(key: PrivateKey): Pkcs8 | { readonly key: KeyObject } {
  return key instanceof KeyObject ? { key } : key
}

export async function verifyRsa(
  key: KeyObject,
  input: Uint8Array,
  signature: Uint8Array,
  scheme: RsaScheme,
): Promise<boolean> {
  const { hash, padding, prehashed } = scheme
  if (signature.length !== modulusBytes(key)) return false
  if (hash !== undefined && !prehashed) {
    const padded = { key, ...paddingOf(modulusBits(key), scheme) }
    return isLarge(input.length)
      ? verifying(hash.engine, input, padded, signature)
      : verify(hash.engine, input, padded, signature)
  }
  if (hash !== undefined && input.length !== hash.bytes) return false
  const opened = recovered(key, padding, signature)
  if (opened === undefined) return false
  if (padding === 'pkcs1v15') return opened.equals(digestInfo(hash, input))
  if (hash === undefined) throw transitErrors.HASH_NONE()
  const salt = scheme.saltLength === 'auto' ? undefined : saltBytes(modulusBits(key), scheme)
  return emsaPssVerify(input, opened, hash, salt, modulusBits(key) - 1)
}

function recovered(key: KeyObject, padding: RsaScheme['padding'], signature: Uint8Array): Buffer | undefined {
  const way = padding === 'pkcs1v15' ? constants.RSA_PKCS1_PADDING : constants.RSA_NO_PADDING
  try {
    return publicDecrypt({ key, padding: way }, signature)
  } catch {
    // What is no signature by this key at all.
    return undefined
  }
}

interface Padding {
  readonly padding: number
  readonly saltLength?: number
}

function paddingOf(bits: number, scheme: RsaScheme): Padding {
  if (scheme.padding === 'pkcs1v15') return { padding: constants.RSA_PKCS1_PADDING }
  const saltLength =
    scheme.saltLength === 'auto'
      ? constants.RSA_PSS_SALTLEN_AUTO
      : scheme.saltLength === 'hash'
        ? constants.RSA_PSS_SALTLEN_DIGEST
        : saltBytes(bits, scheme)
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
}

/** As long as there is room for, unless the client says more. Throws `TRANSIT_SALT_LENGTH_RANGE`. */
function saltBytes(bits: number, { hash, saltLength }: RsaScheme): number {
  const hashBytes = hash?.bytes ?? 0
  const most = Math.ceil((bits - 1) / 8) - 2 - hashBytes
  const bytes = saltLength === 'auto' ? most : saltLength === 'hash' ? hashBytes : saltLength
  if (bytes > most) throw transitErrors.SALT_LENGTH_RANGE()
  return bytes
}

function digestInfo(hash: HashFunction | undefined, input: Uint8Array): Buffer {
  return hash === undefined ? Buffer.from(input) : Buffer.concat([hash.digestInfo, input])
}

function assertLength(input: Uint8Array, hash: HashFunction): void {
  if (input.length !== hash.bytes) throw transitErrors.DIGEST_LENGTH()
}

function modulusBits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0
}

function modulusBytes(key: KeyObject): number {
  return Math.ceil(modulusBits(key) / 8)
}

/** With zeros in front, as long as the modulus. */
function padded(encoded: Buffer, bytes: number): Buffer {
  return encoded.length === bytes ? encoded : Buffer.concat([Buffer.alloc(bytes - encoded.length), encoded])
}
