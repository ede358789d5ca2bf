import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { decodeQR } from 'qr/decode.js'
import { barcode } from './barcode.ts'

const ADDRESS = 'otpauth://totp/Acme:bob?algorithm=SHA1&digits=6&issuer=Acme&period=30&secret=GEZDGNBVGY3TQOJQ'

/** Read as a camera would: from the pixels, with white paper around. */
function scanned(png: Buffer, size: number): string {
  const data = png.subarray(png.indexOf('IDAT') + 4)
  const rows = inflateSync(data)
  const width = 1 + Math.ceil(size / 8)
  const paper = size + 40
  const pixels = new Uint8Array(paper * paper * 3).fill(255)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const isWhite = ((rows[y * width + 1 + (x >> 3)] ?? 0) & (0x80 >> (x & 7))) !== 0
      if (!isWhite) pixels.fill(0, ((y + 20) * paper + x + 20) * 3, ((y + 20) * paper + x + 21) * 3)
    }
  }
  return decodeQR({ width: paper, height: paper, data: pixels }, { timeLimit: 10_000 })
}

test('a phone reads the text from the picture', async () => {
  for (const size of [200, 203, 411]) {
    const picture = await barcode(ADDRESS, size)
    assert.ok(typeof picture === 'string')
    assert.equal(scanned(Buffer.from(picture, 'base64'), size), ADDRESS)
  }
})

test('a picture of too few pixels, and a text too long for any, are told', async () => {
  const picture = await barcode(ADDRESS, 10)
  assert.ok(typeof picture === 'object' && 'tooSmall' in picture && picture.tooSmall > 10)
  assert.equal(typeof (await barcode(ADDRESS, picture.tooSmall)), 'string')
  assert.equal(typeof (await barcode('a'.repeat(2331), 200)), 'string')
  assert.deepEqual(await barcode('a'.repeat(2332), 200), { tooLong: true })
})
