/** Ed25519 (RFC 8032). A private key is kept as Go has it: the seed and the public key, one after the other. */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { isLarge } from '../turn.ts'

const signing = promisify(sign)
const verifying = promisify(verify)

/** What stands before the 32 bytes in PKCS #8 and SubjectPublicKeyInfo (RFC 8410). */
const PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC = Buffer.from('302a300506032b6570032100', 'hex')
const SEED_BYTES = 32

export function privateFromSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE, seed]), format: 'der', type: 'pkcs8' })
}

export function publicOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' })
}

/** Seed and public key. */
export function pairFrom(key: KeyObject): Buffer {
  const seed = key.export({ format: 'der', type: 'pkcs8' }).subarray(-SEED_BYTES)
  return Buffer.concat([seed, rawPublic(publicOf(key))])
}

export function seedOf(pair: Uint8Array): Uint8Array {
  return pair.subarray(0, SEED_BYTES)
}

export function rawPublic(spki: Uint8Array): Uint8Array {
  return spki.subarray(PUBLIC.length)
}

export function spkiOf(raw: Uint8Array): Buffer {
  return Buffer.concat([PUBLIC, raw])
}

/** The message is gone through twice, so what is large goes to the thread pool. */
export function signEdwards(key: KeyObject, input: Uint8Array): Buffer | Promise<Buffer> {
  return isLarge(input.length) ? signing(null, input, key) : sign(null, input, key)
}

export function verifyEdwards(key: KeyObject, input: Uint8Array, signature: Uint8Array): boolean | Promise<boolean> {
  return isLarge(input.length) ? verifying(null, input, key, signature) : verify(null, input, key, signature)
}
