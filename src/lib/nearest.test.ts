import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nearest, editDistance } from './nearest.ts'

test('a slip of the finger is recognised, another word is not', () => {
  const known = ['get', 'put', 'list', 'metadata', 'enable-versioning']
  assert.equal(nearest('gett', known), 'get')
  assert.equal(nearest('lsit', known), 'list')
  assert.equal(nearest('meta-data', known), 'metadata')
  assert.equal(nearest('enableversioning', known), 'enable-versioning')
  assert.equal(nearest('frobnicate', known), undefined)
  assert.equal(nearest('', known), undefined)
})

test('the distance is a metric that counts single edits as one', () => {
  assert.equal(editDistance('list', 'lsit'), 1)
  assert.equal(editDistance('', 'abc'), 3)
  const word = fc.string({ maxLength: 8 })
  fc.assert(
    fc.property(word, word, fc.nat(8), (a, b, at) => {
      assert.equal(editDistance(a, b), editDistance(b, a))
      assert.equal(editDistance(a, b) === 0, a === b)
      assert.equal(editDistance(a, `${a.slice(0, at)}x${a.slice(at)}`), 1)
    }),
  )
})
