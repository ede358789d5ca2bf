import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertUntried, withTried, type TriedCode } from './tried-codes.ts'

const right: TriedCode = { code: '111111', valid: true, until: 90 }

test('a code that was tried is refused until nobody could take it any more', () => {
  assert.throws(() => assertUntried([right], '111111', 89), /code already used/)
  assert.doesNotThrow(() => assertUntried([right], '111111', 90))
  assert.doesNotThrow(() => assertUntried([right], '222222', 89))
})

test('wrong codes never push a right one out, however many come', () => {
  let tried: readonly TriedCode[] = withTried([], right, 0)
  for (let i = 0; i < 1000; i++) tried = withTried(tried, { code: `wrong ${i}`, valid: false, until: 90 }, 0)
  assert.equal(tried.length, 33)
  assert.throws(() => assertUntried(tried, '111111', 0))
  assert.throws(() => assertUntried(tried, 'wrong 999', 0))
  assert.deepEqual(withTried(tried, { code: '2', valid: true, until: 180 }, 90), [
    { code: '2', valid: true, until: 180 },
  ])
})
