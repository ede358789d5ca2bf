import assert from 'node:assert/strict'
import { test } from 'node:test'
import { halfSipHash } from './half-siphash.ts'

/** `vectors_hsip64` of the reference code: of 0, 2, 4, … bytes 00 01 02 …, with the key 00 … 07. */
const vectors = [
  '218d1f59b9b83cc8',
  '064f39ef7c50eb57',
  'd5e78a175be52ea1',
  'ce3e91358aa2bc25',
  'edfee820bce4858c',
  '95b0469f06a6f2ee',
  '7bc71f9faef5c799',
  '3bb1a870eae8e658',
  '7336aad25f7bf3b5',
  'c9b2db2b9a3e42f9',
]

test('half siphash: the published vectors', () => {
  const key = { k0: 0x03020100, k1: 0x07060504 }
  for (const [i, expected] of vectors.entries()) {
    const text = Buffer.from(Array.from({ length: i * 2 }, (_, byte) => byte)).toString('utf16le')
    const { low, high } = halfSipHash(key, text)
    const bytes = Buffer.alloc(8)
    bytes.writeInt32LE(low, 0)
    bytes.writeInt32LE(high, 4)
    assert.equal(bytes.toString('hex'), expected, `${i * 2} bytes`)
  }
})
