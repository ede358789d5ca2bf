/**
 * Authenticated encryption, nonce first and tag last. AES-GCM is OpenSSL's. The others are libsodium's: made for many short messages, and
 * OpenSSL has no XChaCha20.
 */
import { createCipheriv, createDecipheriv, createHmac, type KeyObject } from 'node:crypto'
import sodium from 'sodium-native'
import { pooledBytes } from '../../../../lib/secure/random.ts'
import { transitErrors } from '../errors.ts'
import type { KeyType } from '../key-types.ts'

const TAG_BYTES = 16

/** OpenSSL takes it as a `KeyObject`, libsodium as bytes. */
export interface AeadKey {
  readonly object: KeyObject | Uint8Array
  readonly bytes: Uint8Array
}

export interface SealOptions {
  readonly associated: Uint8Array | undefined
  /** Convergent: the nonce follows from the plaintext. */
  readonly nonceKey: Uint8Array | undefined
}

/** Returns nonce, ciphertext and tag. */
export function seal(
  type: KeyType,
  key: AeadKey,
  plaintext: Uint8Array,
  { associated, nonceKey }: SealOptions,
): Buffer {
  const { nonceBytes } = type
  const out = Buffer.allocUnsafe(nonceBytes + plaintext.length + TAG_BYTES)
  const nonce = nonceKey === undefined ? pooledBytes(nonceBytes) : nonceOf(nonceKey, plaintext).subarray(0, nonceBytes)
  out.set(nonce)
  const body = out.subarray(nonceBytes)
  if (type.engine === 'xchacha20-poly1305')
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(body, plaintext, associated ?? null, null, nonce, key.bytes)
  else if (type.engine === 'chacha20-poly1305')
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(body, plaintext, associated ?? null, null, nonce, key.bytes)
  else sealGcm(gcmOf(type), key, nonce, plaintext, associated, body)
  return out
}

/** Throws `TRANSIT_CIPHERTEXT_LENGTH` or `TRANSIT_AUTHENTICATION`, which says no more than that. */
export function open(type: KeyType, key: AeadKey, sealed: Buffer, associated: Uint8Array | undefined): Buffer {
  const { nonceBytes } = type
  if (sealed.length < nonceBytes) throw transitErrors.CIPHERTEXT_LENGTH()
  if (sealed.length < nonceBytes + TAG_BYTES) throw transitErrors.AUTHENTICATION()
  const nonce = sealed.subarray(0, nonceBytes)
  const body = sealed.subarray(nonceBytes)
  try {
    if (type.engine !== 'xchacha20-poly1305' && type.engine !== 'chacha20-poly1305')
      return openGcm(gcmOf(type), key, nonce, body, associated)
    const plaintext = Buffer.allocUnsafe(body.length - TAG_BYTES)
    const decrypt =
      type.engine === 'xchacha20-poly1305'
        ? sodium.crypto_aead_xchacha20poly1305_ietf_decrypt
        : sodium.crypto_aead_chacha20poly1305_ietf_decrypt
    decrypt(plaintext, null, body, associated ?? null, nonce, key.bytes)
    return plaintext
  } catch (error) {
    throw transitErrors.AUTHENTICATION(undefined, { cause: error })
  }
}

function gcmOf({ engine }: KeyType): 'aes-128-gcm' | 'aes-256-gcm' {
  return engine === 'aes-128-gcm' ? 'aes-128-gcm' : 'aes-256-gcm'
}

function sealGcm(
  cipher: 'aes-128-gcm' | 'aes-256-gcm',
  key: AeadKey,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array | undefined,
  out: Uint8Array,
): void {
  const gcm = createCipheriv(cipher, key.object, nonce)
  if (associated !== undefined) gcm.setAAD(associated)
  out.set(gcm.update(plaintext))
  gcm.final()
  out.set(gcm.getAuthTag(), plaintext.length)
}

function openGcm(
  cipher: 'aes-128-gcm' | 'aes-256-gcm',
  key: AeadKey,
  nonce: Uint8Array,
  body: Uint8Array,
  associated: Uint8Array | undefined,
): Buffer {
  const gcm = createDecipheriv(cipher, key.object, nonce, { authTagLength: TAG_BYTES })
  if (associated !== undefined) gcm.setAAD(associated)
  const end = body.length - TAG_BYTES
  gcm.setAuthTag(body.subarray(end))
  const plaintext = gcm.update(body.subarray(0, end))
  gcm.final()
  return plaintext
}

function nonceOf(nonceKey: Uint8Array, plaintext: Uint8Array): Buffer {
  return createHmac('sha256', nonceKey).update(plaintext).digest()
}
