/**
 * How a key that an auto-unseal seal encrypted is stored. The key service never sees the key: it wraps a data key of this entry alone,
 * which encrypts the key here, bound to where it stands.
 *
 *     version (1) | type: length (1), text | key id: length (2), text | data key: length (2), bytes | envelope (the rest)
 */
import { sealErrors } from '../../errors/seal.ts'
import type { WrappedDataKey } from './key-service.ts'

export interface WrappedKey {
  /** The seal's type. */
  readonly type: string
  readonly dataKey: WrappedDataKey
  readonly envelope: Uint8Array
}

const VERSION = 2

export function encodeWrappedKey({ type, dataKey, envelope }: WrappedKey): Uint8Array {
  const lengthOf = (bytes: number, length: number): Uint8Array => {
    const out = Buffer.alloc(bytes)
    out.writeUIntBE(length, 0, bytes)
    return out
  }
  const typeText = Buffer.from(type)
  const keyId = Buffer.from(dataKey.keyId)
  return Uint8Array.from(
    Buffer.concat([
      lengthOf(1, VERSION),
      lengthOf(1, typeText.length),
      typeText,
      lengthOf(2, keyId.length),
      keyId,
      lengthOf(2, dataKey.ciphertext.length),
      dataKey.ciphertext,
      envelope,
    ]),
  )
}

/** Throws `SEAL_CORRUPT` for what `encodeWrappedKey` cannot have written, such as a key of a Shamir seal. */
export function decodeWrappedKey(stored: Uint8Array): WrappedKey {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  let at = 1
  const take = (lengthBytes: number): Buffer => {
    if (at + lengthBytes > bytes.length) throw corrupt()
    const end = at + lengthBytes + bytes.readUIntBE(at, lengthBytes)
    if (end > bytes.length) throw corrupt()
    const taken = bytes.subarray(at + lengthBytes, end)
    at = end
    return taken
  }
  if (bytes[0] !== VERSION) throw corrupt()
  const type = take(1).toString()
  const keyId = take(2).toString()
  return { type, dataKey: { keyId, ciphertext: take(2) }, envelope: bytes.subarray(at) }
}

function corrupt() {
  return sealErrors.CORRUPT({ what: 'key of the seal' })
}
