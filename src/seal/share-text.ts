/** Shares as text: hex and base64, as `sys/init` gives them and `sys/unseal` takes either. */
import { sealErrors } from '../errors/seal.ts'
import { ownBytes } from '../lib/secure/random.ts'
import { KEY_BYTES } from './envelope.ts'
import { SHARE_OVERHEAD } from './shamir.ts'

/** Bytes of a share, as Vault bounds them. */
export const MIN_SHARE_BYTES = 16
export const MAX_SHARE_BYTES = KEY_BYTES + SHARE_OVERHEAD

/**
 * Reads a share. Text that is both hex and base64 is hex where that gives a length that a share can have, else base64.
 * Throws `SEAL_NOT_A_KEY`.
 */
export function decodeShare(text: string): Uint8Array {
  if (text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text)) {
    const length = text.length / 2
    if (length >= MIN_SHARE_BYTES && length <= MAX_SHARE_BYTES) return decode(text, 'hex')
  }
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) throw sealErrors.NOT_A_KEY()
  return decode(text, 'base64')
}

/** Decoded by way of Node's shared pool, which is wiped at once. */
function decode(text: string, encoding: 'hex' | 'base64'): Uint8Array {
  const pooled = Buffer.from(text, encoding)
  const own = ownBytes(pooled.length)
  own.set(pooled)
  pooled.fill(0)
  return own
}
