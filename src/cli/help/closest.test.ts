import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { closest, distance } from './closest.ts'

test('a slip of the finger is recognised, another word is not', () => {
  const known = ['get', 'put', 'list', 'metadata', 'enable-versioning']
  assert.equal(closest('gett', known), 'get')
  assert.equal(closest('lsit', known), 'list')
  assert.equal(closest('meta-data', known), 'metadata')
  assert.equal(closest('enableversioning', known), 'enable-versioning')
  assert.equal(closest('frobnicate', known), undefined)
  assert.equal(closest('', known), undefined)
})

test('the distance is a metric that counts single edits as one', () => {
  assert.equal(distance('list', 'lsit'), 1)
  assert.equal(distance('', 'abc'), 3)
  const word = fc.string({ maxLength: 8 })
  fc.assert(
    fc.property(word, word, fc.nat(8), (a, b, at) => {
      assert.equal(distance(a, b), distance(b, a))
      assert.equal(distance(a, b) === 0, a === b)
      assert.equal(distance(a, `${a.slice(0, at)}x${a.slice(at)}`), 1)
    }),
  )
})
