/** Keys that follow from a version's key and a context. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'

const HASH = 'sha256'
const HASH_BYTES = 32

/** The first half of HKDF (RFC 5869) without a salt: it depends on the key alone, so it is kept. */
export function hkdfExtract(key: Uint8Array): KeyObject {
  return createSecretKey(createHmac(HASH, new Uint8Array(HASH_BYTES)).update(key).digest())
}

/** The second half. That of `node:crypto` takes no context of more than 1024 bytes. */
export function hkdfExpand(extracted: KeyObject, context: Uint8Array, bytes: number): Buffer {
  const rounds = Math.ceil(bytes / HASH_BYTES)
  const out: Buffer[] = []
  let last: Buffer = Buffer.alloc(0)
  for (let round = 1; round <= rounds; round++) {
    last = createHmac(HASH, extracted)
      .update(last)
      .update(context)
      .update(Buffer.from([round]))
      .digest()
    out.push(last)
  }
  return rounds === 1 ? last.subarray(0, bytes) : Buffer.concat(out).subarray(0, bytes)
}

/** NIST SP 800-108 in counter mode, as the first versions of Vault had it: 32 bytes. Only for keys that were brought along from then. */
export function counterMode(key: KeyObject, context: Uint8Array): Buffer {
  const frame = Buffer.alloc(4)
  const length = Buffer.from([0, 0, 1, 0])
  return createHmac(HASH, key).update(frame).update(context).update(length).digest()
}
