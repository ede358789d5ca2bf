/** A picture in black and white as a PNG file (W3C PNG, third edition): one bit a pixel, one IDAT chunk. */
import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const GREYSCALE = 0

/** A square of `size` pixels. @param isBlack asked for each pixel. */
export function squarePng(size: number, isBlack: (x: number, y: number) => boolean): Uint8Array {
  // A filter byte, 0 for none, stands before each row.
  const rowLength = 1 + Math.ceil(size / 8)
  const rows = Buffer.alloc(rowLength * size)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (isBlack(x, y)) continue
      const at = y * rowLength + 1 + (x >> 3)
      rows[at] = (rows[at] ?? 0) | (0x80 >> (x & 7))
    }
  }
  return Buffer.concat([SIGNATURE, chunk('IHDR', header(size)), chunk('IDAT', deflateSync(rows)), chunk('IEND')])
}

function header(size: number): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(size, 0)
  data.writeUInt32BE(size, 4)
  // Bits a sample, colour type; then the one compression, the one set of filters, and no interlacing.
  data.set([1, GREYSCALE, 0, 0, 0], 8)
  return data
}

function chunk(type: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const out = Buffer.alloc(data.length + 12)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, 'latin1')
  out.set(data, 8)
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length)
  return out
}
