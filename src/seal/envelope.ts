/**
 * How bytes are encrypted at rest: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under a random 192-bit nonce, bound to the
 * storage key they stand under.
 *
 *     version (1 byte) | key term (4 bytes, big endian) | nonce (24 bytes) | ciphertext | tag (16 bytes)
 *
 * Version, term and storage key are authenticated too, so no entry passes for another or for one of another key.
 */
import sodium from 'sodium-native'
import { storageErrors } from '../errors/storage.ts'
import { RandomPool } from '../lib/secure/random.ts'

const VERSION = 1
const HEADER_BYTES = 5
const NONCE_BYTES = 24
const TAG_BYTES = 16
const PREFIX_BYTES = HEADER_BYTES + NONCE_BYTES
const OVERHEAD_BYTES = PREFIX_BYTES + TAG_BYTES
export const KEY_BYTES = 32

const nonces = new RandomPool()
/** Header and storage key of the entry at work; storage keys are shorter than this. Nothing here outlives a call. */
const additional = Buffer.alloc(16 * 1024)
/** Views of `additional` by their length: making a view costs as much as encrypting a hundred bytes. */
const additionalViews: (Buffer | undefined)[] = []
const nonceAtWork = new Uint8Array(NONCE_BYTES)

export function sealEnvelope(key: Uint8Array, term: number, storageKey: string, plaintext: Uint8Array): Uint8Array {
  const out = new Uint8Array(plaintext.length + OVERHEAD_BYTES)
  out[0] = VERSION
  out[1] = term >>> 24
  out[2] = term >>> 16
  out[3] = term >>> 8
  out[4] = term
  nonces.fill(nonceAtWork)
  for (let i = 0; i < NONCE_BYTES; i++) out[HEADER_BYTES + i] = nonceAtWork[i] ?? 0
  const bound = additionalOf(out, storageKey)
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    out.subarray(PREFIX_BYTES),
    plaintext,
    bound,
    null,
    nonceAtWork,
    key,
  )
  return out
}

/** The key term of a stored entry. Throws `STORAGE_TAMPERED` for what cannot be one. */
export function termOf(stored: Uint8Array): number {
  if (stored.length < OVERHEAD_BYTES || stored[0] !== VERSION) throw tampered('not an encrypted entry')
  return (((stored[1] ?? 0) << 24) | ((stored[2] ?? 0) << 16) | ((stored[3] ?? 0) << 8) | (stored[4] ?? 0)) >>> 0
}

/** Bytes of the stored form of a plaintext of this length. */
export function envelopeLength(plaintext: number): number {
  return plaintext + OVERHEAD_BYTES
}

/** Bytes of the plaintext of a stored entry. */
export function plaintextLength(stored: Uint8Array): number {
  return Math.max(stored.length - OVERHEAD_BYTES, 0)
}

/** Decrypts into `target`, which is `plaintextLength` long. Throws `STORAGE_TAMPERED`; the target holds nothing then. */
export function openEnvelope(key: Uint8Array, storageKey: string, stored: Uint8Array, target: Uint8Array): void {
  for (let i = 0; i < NONCE_BYTES; i++) nonceAtWork[i] = stored[HEADER_BYTES + i] ?? 0
  const bound = additionalOf(stored, storageKey)
  try {
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      target,
      null,
      stored.subarray(PREFIX_BYTES),
      bound,
      nonceAtWork,
      key,
    )
  } catch (error) {
    sodium.sodium_memzero(target)
    throw tampered('the authentication tag does not fit', error)
  }
}

export function tampered(reason: string, cause?: unknown) {
  return storageErrors.TAMPERED(undefined, { cause: new Error(reason, { cause }) })
}

function additionalOf(entry: Uint8Array, storageKey: string): Buffer {
  if (storageKey.length * 3 > additional.length - HEADER_BYTES)
    throw storageErrors.KEY_TOO_LONG({ max: additional.length / 4 })
  for (let i = 0; i < HEADER_BYTES; i++) additional[i] = entry[i] ?? 0
  const length = HEADER_BYTES + additional.write(storageKey, HEADER_BYTES, 'utf8')
  return (additionalViews[length] ??= additional.subarray(0, length))
}
