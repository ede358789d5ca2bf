import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, counterAt, hasCodeLength, isCodeOf, type Algorithm, type TotpKey } from './codes.ts'

function keyOf(algorithm: Algorithm, size: number): TotpKey {
  const secret = Buffer.from('1234567890'.repeat(7).slice(0, size))
  return { secret, algorithm, digits: 8, period: 30 }
}

/** RFC 6238, appendix B (with the keys of its erratum 2866). */
const VECTORS = [
  [59, '94287082', '46119246', '90693936'],
  [1111111109, '07081804', '68084774', '25091201'],
  [1111111111, '14050471', '67062674', '99943326'],
  [1234567890, '89005924', '91819424', '93441116'],
  [2000000000, '69279037', '90698825', '38618901'],
  [20000000000, '65353130', '77737706', '47863826'],
] as const

const KEYS = [keyOf('SHA1', 20), keyOf('SHA256', 32), keyOf('SHA512', 64)]

test('the vectors of RFC 6238', async () => {
  for (const [seconds, ...codes] of VECTORS) {
    for (const [i, key] of KEYS.entries()) {
      assert.equal(await codeOf(key, counterAt(seconds * 1000, key.period)), codes[i], `${key.algorithm} at ${seconds}`)
    }
  }
})

test('a code is good in its period, and in those beside it where they count', async () => {
  const key = keyOf('SHA1', 20)
  const code = await codeOf(key, 1000)
  const good = async (counter: number, skew: number) => isCodeOf(key, code, counter * 30_000 + 29_999, skew)
  assert.deepEqual(await Promise.all([998, 999, 1000, 1001, 1002].map((at) => good(at, 1))), [
    false,
    true,
    true,
    true,
    false,
  ])
  assert.deepEqual(await Promise.all([999, 1000, 1001].map((at) => good(at, 0))), [false, true, false])
  assert.equal(await isCodeOf(key, await codeOf(key, 0), 0, 1), true)
})

test('nothing is made a code by trimming or folding', () => {
  for (const text of [
    ' 123456',
    '123456 ',
    '123 456',
    '１２３４５６',
    '+123456',
    '123456\n',
    '12345',
    '',
    ' 12345',
    '12345\t',
  ])
    assert.equal(hasCodeLength(text, 6), false, JSON.stringify(text))
  assert.equal(hasCodeLength('123456', 6), true)
})
