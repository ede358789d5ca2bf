import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { squarePng } from './png.ts'

/** Each chunk's type and data; its checksum is looked at. */
function chunksOf(png: Uint8Array): readonly (readonly [string, Buffer])[] {
  const bytes = Buffer.from(png)
  assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n')
  const chunks: [string, Buffer][] = []
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at)
    const data = bytes.subarray(at + 8, at + 8 + length)
    chunks.push([bytes.toString('latin1', at + 4, at + 8), data])
    assert.equal(bytes.readUInt32BE(at + 8 + length), crc32(bytes.subarray(at + 4, at + 8 + length)))
    at += length + 12
  }
  return chunks
}

test('a picture has the pixels that it was asked for', () => {
  const picture = fc
    .integer({ min: 1, max: 40 })
    .chain((size) =>
      fc.array(fc.boolean(), { minLength: size * size, maxLength: size * size }).map((pixels) => ({ size, pixels })),
    )
  fc.assert(
    fc.property(picture, ({ size, pixels }) => {
      const chunks = chunksOf(squarePng(size, (x, y) => pixels[y * size + x] === true))
      assert.deepEqual(
        chunks.map(([type]) => type),
        ['IHDR', 'IDAT', 'IEND'],
      )
      const [header, data] = chunks.map(([, content]) => content)
      assert.ok(header !== undefined && data !== undefined)
      assert.deepEqual([...header], [0, 0, 0, size, 0, 0, 0, size, 1, 0, 0, 0, 0])
      const rows = inflateSync(data)
      const width = 1 + Math.ceil(size / 8)
      assert.equal(rows.length, width * size)
      for (let y = 0; y < size; y++) {
        assert.equal(rows[y * width], 0)
        for (let x = 0; x < size; x++) {
          const isWhite = ((rows[y * width + 1 + (x >> 3)] ?? 0) & (0x80 >> (x & 7))) !== 0
          assert.equal(!isWhite, pixels[y * size + x])
        }
      }
    }),
  )
})
