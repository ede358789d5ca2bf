/**
 * ML-KEM (FIPS 203) for what is longer than its shared key: the key is stretched with HKDF, bound to the encapsulation, and encrypts with
 * AES-256-GCM. What comes out is the encapsulation, nonce, ciphertext and tag.
 */
import { decapsulate, encapsulate, type KeyObject } from 'node:crypto'
import { transitErrors } from '../errors.ts'
import { keyTypeOf, type KeyType } from '../key-types.ts'
import { open, seal, type AeadKey } from './aead.ts'
import { hkdfExpand, hkdfExtract } from './derive.ts'

const LABEL = Buffer.from('coffer transit ml-kem aes-256-gcm')
const CIPHERTEXT_BYTES: Readonly<Record<string, number>> = {
  'ml-kem-512': 768,
  'ml-kem-768': 1088,
  'ml-kem-1024': 1568,
}

export async function sealToKem(
  key: KeyObject,
  plaintext: Uint8Array,
  associated: Uint8Array | undefined,
): Promise<Buffer> {
  const { sharedKey, ciphertext } = encapsulate(key)
  const sealed = await seal(cipher(), messageKey(sharedKey, ciphertext), plaintext, { associated, nonceKey: undefined })
  return Buffer.concat([ciphertext, sealed])
}

/** Throws `TRANSIT_CIPHERTEXT_LENGTH` or `TRANSIT_AUTHENTICATION`. */
export async function openFromKem(
  type: KeyType,
  key: KeyObject,
  sealed: Buffer,
  associated: Uint8Array | undefined,
): Promise<Buffer> {
  const length = encapsulationBytes(type)
  if (sealed.length < length) throw transitErrors.CIPHERTEXT_LENGTH()
  const encapsulation = sealed.subarray(0, length)
  const shared = decapsulate(key, encapsulation)
  return open(cipher(), messageKey(shared, encapsulation), sealed.subarray(length), associated)
}

/** The shared key itself, for clients that know what to do with it. */
export function encapsulated(key: KeyObject): { readonly shared: Buffer; readonly encapsulation: Buffer } {
  const { sharedKey, ciphertext } = encapsulate(key)
  return { shared: sharedKey, encapsulation: ciphertext }
}

/** What was tampered with gives another key, as FIPS 203 wants it. Throws `TRANSIT_CIPHERTEXT_LENGTH`. */
export function decapsulated(type: KeyType, key: KeyObject, encapsulation: Uint8Array): Buffer {
  if (encapsulation.length !== encapsulationBytes(type)) throw transitErrors.CIPHERTEXT_LENGTH()
  return decapsulate(key, encapsulation)
}

function encapsulationBytes({ name }: KeyType): number {
  return CIPHERTEXT_BYTES[name] ?? 0
}

function messageKey(shared: Uint8Array, encapsulation: Uint8Array): AeadKey {
  const bytes = hkdfExpand(hkdfExtract(shared), Buffer.concat([LABEL, encapsulation]), 32)
  return { object: bytes, bytes }
}

function cipher(): KeyType {
  const type = keyTypeOf('aes256-gcm96')
  if (type === undefined) throw new Error('no such cipher')
  return type
}
