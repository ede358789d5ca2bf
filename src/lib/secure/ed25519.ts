/**
 * Signing by Ed25519 (RFC 8032) with libsodium: OpenSSL's binding signs with key objects only, which have their share of its locked
 * heap until they are collected. The signatures are the same.
 */
import sodium from 'sodium-native'

const SEED_BYTES = 32
const PUBLIC_BYTES = 32
const SIGNATURE_BYTES = 64

/** The seed and the public key, one after the other. */
export function ed25519Pair(seed: Uint8Array): Buffer {
  const pair = Buffer.alloc(SEED_BYTES + PUBLIC_BYTES)
  sodium.crypto_sign_seed_keypair(Buffer.alloc(PUBLIC_BYTES), pair, Buffer.from(seed))
  return pair
}

/** `pair` is of `ed25519Pair`: with another public key signatures would tell the private one. */
export function ed25519Sign(pair: Uint8Array, message: Uint8Array): Buffer {
  const signature = Buffer.alloc(SIGNATURE_BYTES)
  sodium.crypto_sign_detached(signature, message, pair)
  return signature
}
