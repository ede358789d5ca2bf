import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromBase32, toBase32 } from './base32.ts'

/** RFC 4648, section 10. */
const VECTORS = [
  ['', ''],
  ['f', 'MY======'],
  ['fo', 'MZXQ===='],
  ['foo', 'MZXW6==='],
  ['foob', 'MZXW6YQ='],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI======'],
] as const

test('the vectors of RFC 4648, padded or not, in either case', () => {
  for (const [text, encoded] of VECTORS) {
    const bare = encoded.replaceAll('=', '')
    assert.equal(toBase32(Buffer.from(text)), bare)
    for (const spelt of [encoded, bare, encoded.toLowerCase(), bare.toLowerCase()]) {
      assert.deepEqual(fromBase32(spelt), Uint8Array.from(Buffer.from(text)), spelt)
    }
  }
})

test('what is written is read again', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(fromBase32(toBase32(bytes)), bytes)))
})

test('what is none says where', () => {
  const wrong = [
    ['A', 1],
    ['ABC', 3],
    ['AB1', 2],
    ['0189', 0],
    ['GEZD GNBV', 4],
    ['GEZD=GNB', 4],
    ['========', 0],
    ['GEZDGNBV========', 8],
    ['MY=', 2],
    // Folded to upper case these would be letters of the alphabet.
    ['ı', 0],
    ['ſ', 0],
  ] as const
  for (const [text, wrongAt] of wrong) assert.deepEqual(fromBase32(text), { wrongAt }, text)
})
