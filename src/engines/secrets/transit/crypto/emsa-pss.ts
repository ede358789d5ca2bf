/** The encoding of RSASSA-PSS (RFC 8017, 9.1), for hashes that the client made. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { HashFunction } from './hashes.ts'

const TRAILER = 0xbc

export function emsaPssEncode(digest: Uint8Array, hash: HashFunction, saltBytes: number, bits: number): Buffer {
  const length = Math.ceil(bits / 8)
  const salt = randomBytes(saltBytes)
  const seed = seedOf(digest, hash, salt)
  const block = Buffer.alloc(length - hash.bytes - 1)
  block[block.length - saltBytes - 1] = 1
  block.set(salt, block.length - saltBytes)
  mask(block, seed, hash)
  block[0] = (block[0] ?? 0) & topMask(length, bits)
  return Buffer.concat([block, seed, Buffer.from([TRAILER])])
}

/** `saltBytes` undefined takes any length. What is verified is public, so nothing is hidden from a clock. */
export function emsaPssVerify(
  digest: Uint8Array,
  recovered: Uint8Array,
  hash: HashFunction,
  saltBytes: number | undefined,
  bits: number,
): boolean {
  const length = Math.ceil(bits / 8)
  // Of a modulus of 8n + 1 bits there is a byte in front, which must be zero.
  if (recovered.length > length && recovered.subarray(0, recovered.length - length).some((byte) => byte !== 0))
    return false
  const encoded = Buffer.from(recovered.subarray(recovered.length - length))
  const blockLength = length - hash.bytes - 1
  if (blockLength < 1 || encoded[length - 1] !== TRAILER) return false
  const block = encoded.subarray(0, blockLength)
  const seed = encoded.subarray(blockLength, length - 1)
  if (((block[0] ?? 0) & ~topMask(length, bits) & 0xff) !== 0) return false
  mask(block, seed, hash)
  block[0] = (block[0] ?? 0) & topMask(length, bits)
  const one = block.findIndex((byte) => byte !== 0)
  if (one === -1 || block[one] !== 1) return false
  const salt = block.subarray(one + 1)
  if (saltBytes !== undefined && salt.length !== saltBytes) return false
  return timingSafeEqual(seedOf(digest, hash, salt), seed)
}

function seedOf(digest: Uint8Array, hash: HashFunction, salt: Uint8Array): Buffer {
  return createHash(hash.engine).update(new Uint8Array(8)).update(digest).update(salt).digest()
}

function topMask(length: number, bits: number): number {
  return 0xff >> (8 * length - bits)
}

/** MGF1, exclusive-or in place. */
function mask(block: Uint8Array, seed: Uint8Array, hash: HashFunction): void {
  const counter = Buffer.alloc(4)
  for (let at = 0, round = 0; at < block.length; round++) {
    counter.writeUInt32BE(round)
    for (const byte of createHash(hash.engine).update(seed).update(counter).digest()) {
      if (at >= block.length) break
      block[at] = (block[at] ?? 0) ^ byte
      at++
    }
  }
}
