/** Ed25519 (RFC 8032). A private key is kept as Go has it: the seed and the public key, one after the other. */
import { sign, verify, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { ed25519Sign } from '../../../../lib/secure/ed25519.ts'
import { passingKey, pkcs8, withPassingKeys } from '../../../../lib/secure/openssl-heap.ts'
import { isLarge } from '../turn.ts'

const signing = promisify(sign)
const verifying = promisify(verify)

/** What stands before the 32 bytes in PKCS #8 and SubjectPublicKeyInfo (RFC 8410). */
const PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC = Buffer.from('302a300506032b6570032100', 'hex')
const SEED_BYTES = 32
/** Of OpenSSL's locked heap. */
const HELD_BYTES = 32

export function pkcs8FromSeed(seed: Uint8Array): Buffer {
  return Buffer.concat([PRIVATE, seed])
}

/** As in its PKCS #8. */
export function seedIn(pkcs8: Uint8Array): Uint8Array {
  return pkcs8.subarray(-SEED_BYTES)
}

export function seedOf(pair: Uint8Array): Uint8Array {
  return pair.subarray(0, SEED_BYTES)
}

/** Of a pair. */
export function publicIn(pair: Uint8Array): Uint8Array {
  return pair.subarray(SEED_BYTES)
}

export function rawPublic(spki: Uint8Array): Uint8Array {
  return spki.subarray(PUBLIC.length)
}

export function spkiOf(raw: Uint8Array): Buffer {
  return Buffer.concat([PUBLIC, raw])
}

/** `pair` is of `ed25519Pair`. The message is gone through twice, so what is large goes to the thread pool. */
export function signEdwards(pair: Uint8Array, input: Uint8Array): Buffer | Promise<Buffer> {
  if (!isLarge(input.length)) return ed25519Sign(pair, input)
  return withPassingKeys(HELD_BYTES, () => signing(null, input, passingKey(pkcs8(pkcs8FromSeed(seedOf(pair))))))
}

export function verifyEdwards(key: KeyObject, input: Uint8Array, signature: Uint8Array): boolean | Promise<boolean> {
  return isLarge(input.length) ? verifying(null, input, key, signature) : verify(null, input, key, signature)
}
