import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDepth, assertMetadata, assertNamespaceName } from './namespace-rules.ts'

test('names', () => {
  for (const name of ['a', 'team-a', 'Team_A', 'a.b', '..a', 'mounts', 'roots', 'syste', 'é', '__proto__', '日本'])
    assert.doesNotThrow(() => assertNamespaceName(name), name)
  for (const name of [
    'root',
    'ROOT',
    'rOOt',
    'ｒｏｏｔ',
    'ro\u200bot',
    'sys',
    'Sys',
    'auth',
    'audit',
    'identity',
    'cubbyhole',
    'CUBBYHOLE',
  ])
    assert.throws(() => assertNamespaceName(name), { code: 'NAMESPACE_RESERVED' }, name)
  assert.throws(() => assertNamespaceName('a/b'), { code: 'NAMESPACE_NESTED' })
  for (const name of [
    '',
    '.',
    '..',
    ' a',
    'a ',
    'a b',
    'a*',
    '+',
    'a+b',
    '{{x}}',
    'a\\b',
    'a%2fb',
    'a,b',
    'a\u0000',
    'a\u202eb',
    '\ud800',
    'a\u00a0b',
    'x'.repeat(129),
  ])
    assert.throws(() => assertNamespaceName(name), { code: 'NAMESPACE_NAME' }, JSON.stringify(name))
})

test('depth', () => {
  assert.doesNotThrow(() => assertDepth('a/'.repeat(10)))
  assert.throws(() => assertDepth('a/'.repeat(11)), { code: 'NAMESPACE_DEPTH' })
})

test('metadata', () => {
  assert.doesNotThrow(() => assertMetadata(new Map([['k'.repeat(128), 'v'.repeat(512)]])))
  const many = new Map(Array.from({ length: 65 }, (_, i) => [`k${i}`, 'v'] as const))
  for (const bad of [
    many,
    new Map([['', 'v']]),
    new Map([['k'.repeat(129), 'v']]),
    new Map([['k', 'v'.repeat(513)]]),
    new Map([['k', 'a\u0000']]),
  ])
    assert.throws(() => assertMetadata(bad), { code: 'NAMESPACE_METADATA' })
})
