/** The few functions of libsodium that are used. Lengths are checked by the library, which throws. */
declare module 'sodium-native' {
  interface Sodium {
    /** Memory with guard pages around it, excluded from core dumps and locked against swapping where the limit allows. */
    sodium_malloc(size: number): Buffer
    sodium_free(buffer: Buffer): void
    randombytes_buf(buffer: Uint8Array): void
    sodium_memzero(buffer: Uint8Array): void
    sodium_mprotect_readonly(buffer: Buffer): void
    sodium_mprotect_readwrite(buffer: Buffer): void
    /** Returns the length of the ciphertext. `nonceSecret` is always null. */
    crypto_aead_xchacha20poly1305_ietf_encrypt(
      ciphertext: Uint8Array,
      message: Uint8Array,
      additional: Uint8Array | null,
      nonceSecret: null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number
    /** Throws when the ciphertext does not authenticate. */
    crypto_aead_xchacha20poly1305_ietf_decrypt(
      message: Uint8Array,
      nonceSecret: null,
      ciphertext: Uint8Array,
      additional: Uint8Array | null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number
    readonly crypto_pwhash_ALG_ARGON2ID13: number
    /** Argon2id on a thread of its own. The salt has 16 bytes; `memory` is in bytes. Resolves when `out` is filled. */
    crypto_pwhash_async(
      out: Uint8Array,
      password: Uint8Array,
      salt: Uint8Array,
      passes: number,
      memory: number,
      algorithm: number,
      done: (error: Error | null) => void,
    ): void
    /** Returns the length of the ciphertext. `nonceSecret` is always null. */
    crypto_aead_chacha20poly1305_ietf_encrypt(
      ciphertext: Uint8Array,
      message: Uint8Array,
      additional: Uint8Array | null,
      nonceSecret: null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number
    /** Throws when the ciphertext does not authenticate. */
    crypto_aead_chacha20poly1305_ietf_decrypt(
      message: Uint8Array,
      nonceSecret: null,
      ciphertext: Uint8Array,
      additional: Uint8Array | null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number
    /** `secretKey` gets the seed and the public key. */
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
  }
  const sodium: Sodium
  export default sodium
}
