/**
 * A key version as stored: what is not secret as JSON, then the secrets as they are, so that they never become strings, which nobody
 * could wipe.
 *
 *     4 bytes   length of the JSON
 *     JSON      times, numbers, and the lengths of the pieces that follow
 *     pieces    secret, public key, HMAC key, certificates
 */
import { fromUtf8, toUtf8, type JsonValue, type RecordCodec } from '#framework'
import type { KeyVersion } from './key.ts'

/** -1 is the length of a piece that is absent. */
const ABSENT = -1

export const versionCodec: RecordCodec<KeyVersion> = {
  encode: ({ createdAt, secret, publicKey, hmacKey, convergentVersion, certificateChain }) => {
    const pieces = [secret, publicKey, hmacKey, ...certificateChain]
    const lengths = pieces.map((piece) => piece?.length ?? ABSENT)
    const head = toUtf8(JSON.stringify([createdAt, convergentVersion, ...lengths]))
    const size = new Uint8Array(4)
    new DataView(size.buffer).setUint32(0, head.length)
    return joined([size, head, ...pieces.filter((piece) => piece !== undefined)])
  },
  decode: (bytes) => {
    const from = 4 + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
    const [createdAt = 0, convergentVersion = 0, ...lengths] = numbers(JSON.parse(fromUtf8(bytes.subarray(4, from))))
    const [secret, publicKey, hmacKey, ...chain] = cut(bytes, from, lengths)
    return {
      createdAt,
      convergentVersion,
      secret,
      publicKey,
      hmacKey,
      certificateChain: chain.filter((piece) => piece !== undefined),
    }
  },
}

function cut(bytes: Uint8Array, from: number, lengths: readonly number[]): (Uint8Array | undefined)[] {
  let at = from
  return lengths.map((length) => {
    if (length === ABSENT) return undefined
    at += length
    if (at > bytes.length) throw new Error('a stored key version is cut short')
    return bytes.slice(at - length, at)
  })
}

function numbers(value: JsonValue): readonly number[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'number'))
    throw new Error('a stored key version has another form than this program writes')
  return value
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}
