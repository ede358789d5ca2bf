/** CMAC with AES (NIST SP 800-38B, RFC 4493), on OpenSSL's CBC. */
import { createCipheriv, type KeyObject } from 'node:crypto'

const BLOCK = 16
const REDUCTION = 0x87

/** `cipher` is `aes-128-cbc` or `aes-256-cbc`. */
export function cmac(cipher: string, key: KeyObject, message: Uint8Array): Buffer {
  const single = doubled(encrypted(cipher, key, Buffer.alloc(BLOCK)))
  const whole = message.length > 0 && message.length % BLOCK === 0
  const blocks = Math.max(1, Math.ceil(message.length / BLOCK))
  const text = Buffer.alloc(blocks * BLOCK)
  text.set(message)
  if (!whole) text[message.length] = 0x80
  const last = whole ? single : doubled(single)
  for (const [i, byte] of last.entries()) {
    const at = text.length - BLOCK + i
    text[at] = (text[at] ?? 0) ^ byte
  }
  return encrypted(cipher, key, text).subarray(-BLOCK)
}

function encrypted(cipher: string, key: KeyObject, text: Uint8Array): Buffer {
  const cbc = createCipheriv(cipher, key, Buffer.alloc(BLOCK)).setAutoPadding(false)
  return Buffer.concat([cbc.update(text), cbc.final()])
}

/** In GF(2^128). */
function doubled(block: Uint8Array): Buffer {
  const out = Buffer.alloc(BLOCK)
  for (let i = 0; i < BLOCK; i++) out[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7)
  // As long for either bit.
  out[BLOCK - 1] = (out[BLOCK - 1] ?? 0) ^ (REDUCTION & -((block[0] ?? 0) >> 7))
  return out
}
