/** A commit too large for one transaction of etcd's, cut into pieces that are put beside the store before any of it counts. */
import type { Entry, WriteSet } from '../driver.ts'

type Write = readonly [key: string, value: Uint8Array | undefined]

const ABSENT = 0xffff_ffff

/** At most `maxBytes` each, which every single write must fit. */
export function piecesOf(writes: WriteSet, maxBytes: number): Buffer[] {
  const pieces: Buffer[] = []
  let parts: Uint8Array[] = []
  let length = 0
  for (const [key, value] of writes) {
    const write = encodeWrite(key, value)
    if (length + write.length > maxBytes && length > 0) {
      pieces.push(Buffer.concat(parts))
      parts = []
      length = 0
    }
    parts.push(write)
    length += write.length
  }
  pieces.push(Buffer.concat(parts))
  return pieces
}

export function* writesIn(piece: Buffer): Generator<Write> {
  for (let at = 0; at < piece.length;) {
    const keyLength = piece.readUInt32BE(at)
    const valueLength = piece.readUInt32BE(at + 4)
    at += 8
    const key = piece.toString('utf8', at, at + keyLength)
    at += keyLength
    if (valueLength === ABSENT) {
      yield [key, undefined]
    } else {
      yield [key, piece.subarray(at, at + valueLength)] satisfies Entry
      at += valueLength
    }
  }
}

function encodeWrite(key: string, value: Uint8Array | undefined): Buffer {
  const name = Buffer.from(key)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(name.length)
  head.writeUInt32BE(value === undefined ? ABSENT : value.byteLength, 4)
  return Buffer.concat(value === undefined ? [head, name] : [head, name, value])
}
