/**
 * Authenticated encryption, nonce first and tag last. AES-GCM is OpenSSL's. The others are libsodium's: made for many short messages, and
 * OpenSSL has no XChaCha20.
 */
import { createCipheriv, createDecipheriv, createHmac, type KeyObject } from 'node:crypto'
import sodium from 'sodium-native'
import { pooledBytes } from '../../../../lib/secure/random.ts'
import { transitErrors } from '../errors.ts'
import type { KeyType } from '../key-types.ts'
import { inPieces, isLarge } from '../turn.ts'

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
export async function seal(
  type: KeyType,
  key: AeadKey,
  plaintext: Uint8Array,
  { associated, nonceKey }: SealOptions,
): Promise<Buffer> {
  const { nonceBytes } = type
  const out = Buffer.allocUnsafe(nonceBytes + plaintext.length + TAG_BYTES)
  const nonce = nonceKey === undefined ? pooledBytes(nonceBytes) : await nonceOf(nonceKey, plaintext, nonceBytes)
  out.set(nonce)
  const body = out.subarray(nonceBytes)
  const cipher = sodiumCipher(type)
  if (cipher === undefined) await sealGcm(gcmOf(type), key, nonce, plaintext, associated, body)
  else cipher.encrypt(body, plaintext, associated ?? null, null, nonce, key.bytes)
  return out
}

/** Throws `TRANSIT_CIPHERTEXT_LENGTH` or `TRANSIT_AUTHENTICATION`, which says no more than that. */
export async function open(
  type: KeyType,
  key: AeadKey,
  sealed: Buffer,
  associated: Uint8Array | undefined,
): Promise<Buffer> {
  const { nonceBytes } = type
  if (sealed.length < nonceBytes) throw transitErrors.CIPHERTEXT_LENGTH()
  if (sealed.length < nonceBytes + TAG_BYTES) throw transitErrors.AUTHENTICATION()
  const nonce = sealed.subarray(0, nonceBytes)
  const body = sealed.subarray(nonceBytes)
  const cipher = sodiumCipher(type)
  try {
    if (cipher === undefined) return await openGcm(gcmOf(type), key, nonce, body, associated)
    const plaintext = Buffer.allocUnsafe(body.length - TAG_BYTES)
    cipher.decrypt(plaintext, null, body, associated ?? null, nonce, key.bytes)
    return plaintext
  } catch (error) {
    throw transitErrors.AUTHENTICATION(undefined, { cause: error })
  }
}

const XCHACHA = {
  encrypt: sodium.crypto_aead_xchacha20poly1305_ietf_encrypt,
  decrypt: sodium.crypto_aead_xchacha20poly1305_ietf_decrypt,
}
const CHACHA = {
  encrypt: sodium.crypto_aead_chacha20poly1305_ietf_encrypt,
  decrypt: sodium.crypto_aead_chacha20poly1305_ietf_decrypt,
}

/** Undefined for those of OpenSSL. */
function sodiumCipher({ engine }: KeyType): typeof XCHACHA | undefined {
  return engine === 'xchacha20-poly1305' ? XCHACHA : engine === 'chacha20-poly1305' ? CHACHA : undefined
}

function gcmOf({ engine }: KeyType): 'aes-128-gcm' | 'aes-256-gcm' {
  return engine === 'aes-128-gcm' ? 'aes-128-gcm' : 'aes-256-gcm'
}

async function sealGcm(
  cipher: 'aes-128-gcm' | 'aes-256-gcm',
  key: AeadKey,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array | undefined,
  out: Uint8Array,
): Promise<void> {
  const gcm = createCipheriv(cipher, key.object, nonce)
  if (associated !== undefined) gcm.setAAD(associated)
  if (isLarge(plaintext.length)) await inPieces(plaintext, (piece, at) => out.set(gcm.update(piece), at))
  else out.set(gcm.update(plaintext))
  gcm.final()
  out.set(gcm.getAuthTag(), plaintext.length)
}

async function openGcm(
  cipher: 'aes-128-gcm' | 'aes-256-gcm',
  key: AeadKey,
  nonce: Uint8Array,
  body: Uint8Array,
  associated: Uint8Array | undefined,
): Promise<Buffer> {
  const gcm = createDecipheriv(cipher, key.object, nonce, { authTagLength: TAG_BYTES })
  if (associated !== undefined) gcm.setAAD(associated)
  const end = body.length - TAG_BYTES
  gcm.setAuthTag(body.subarray(end))
  const ciphertext = body.subarray(0, end)
  if (!isLarge(end)) {
    const plaintext = gcm.update(ciphertext)
    gcm.final()
    return plaintext
  }
  const plaintext = Buffer.allocUnsafe(end)
  await inPieces(ciphertext, (piece, at) => plaintext.set(gcm.update(piece), at))
  gcm.final()
  return plaintext
}

async function nonceOf(nonceKey: Uint8Array, plaintext: Uint8Array, bytes: number): Promise<Buffer> {
  const hmac = createHmac('sha256', nonceKey)
  await inPieces(plaintext, (piece) => void hmac.update(piece))
  return hmac.digest().subarray(0, bytes)
}
