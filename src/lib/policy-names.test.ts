import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyNameProblem, policyNames } from './policy-names.ts'

test('names are folded, trimmed, sorted, unique', () => {
  assert.deepEqual(policyNames([' B', 'a', 'A ', '', '  ', 'b']), ['a', 'b'])
})

test('whatever reads as root is root or refused', () => {
  for (const name of ['Root', ' ROOT ', '\troot', 'root\n']) assert.deepEqual(policyNames([name]), ['root'])
  for (const name of [
    'ｒｏｏｔ',
    'ro\u200bot',
    'ＲＯＯＴ',
    'r oot',
    '../root',
    'ns1/../x',
    'a\u0000b',
    'x'.repeat(256),
    'a/b',
    '..',
    '\ud800',
  ]) {
    assert.notEqual(policyNameProblem(policyNames([name])[0] ?? ''), undefined, JSON.stringify(name))
  }
  for (const name of ['root', 'user..aaa', '__proto__', 'constructor', 'ключ'])
    assert.equal(policyNameProblem(name), undefined)
})
