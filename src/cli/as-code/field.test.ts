import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sameValue, shapeOf, types } from './field.ts'
import type { Value } from './value.ts'

const map = (members: Record<string, Value>): Value => new Map(Object.entries(members))

describe('kinds of values', () => {
  const same: readonly (readonly [keyof typeof types, Value, Value])[] = [
    ['seconds', '1h', 3600],
    ['seconds', '60m', '3600s'],
    ['seconds', '1d', '24h'],
    ['seconds', '', 0],
    ['seconds', 'system', null],
    ['names', 'B,a', ['a', 'b']],
    ['names', ['a', 'a'], ['A']],
    ['set', ['b', 'a'], 'a, b'],
    ['set', [], null],
    ['list', 'x', ['x']],
    ['cidrs', ['10.0.0.1/32', '::1/128'], ['::1', '10.0.0.1']],
    ['flag', 'true', true],
    ['flag', null, false],
    ['whole', '7', 7],
    ['number', '1.50', 1.5],
    ['map', map({ version: 2, b: true }), map({ b: 'true', version: '2' })],
    ['map', null, map({})],
    ['document', 'a\r\nb\n', 'a\nb'],
    ['name', ' Apps ', 'apps'],
  ]
  for (const [type, a, b] of same)
    it(`${type}: two ways to say one thing`, () => {
      assert.ok(sameValue(types[type], a, b))
      assert.ok(sameValue(types[type], b, a))
    })

  const different: readonly (readonly [keyof typeof types, Value, Value])[] = [
    ['seconds', '1h', 3601],
    ['list', ['a', 'b'], ['b', 'a']],
    ['set', ['a'], ['a', 'b']],
    ['set', ['A'], ['a']],
    ['cidrs', ['10.0.0.0/8'], ['10.0.0.0/16']],
    ['flag', true, false],
    ['text', 'a', 'A'],
    ['map', map({ a: '1' }), map({ a: '2' })],
    ['document', 'a\n\nb', 'a\nb'],
  ]
  for (const [type, a, b] of different) it(`${type}: two things`, () => assert.ok(!sameValue(types[type], a, b)))

  const refused: readonly (readonly [keyof typeof types, Value])[] = [
    ['seconds', 'soon'],
    ['seconds', true],
    ['flag', 'yes'],
    ['whole', '1.5'],
    ['number', 'x'],
    ['names', map({})],
    ['map', 'a=b'],
    ['text', ['a']],
  ]
  for (const [type, value] of refused)
    it(`${type} takes no ${JSON.stringify(value)}`, () => assert.equal(types[type].normal(value), undefined))

  it('takes the shape of an answer for a field that no table knows', () => {
    assert.ok(sameValue(shapeOf(3600, '1h'), '1h', 3600))
    assert.ok(sameValue(shapeOf(5, '5'), '5', 5))
    assert.ok(sameValue(shapeOf(true, 'true'), 'true', true))
    assert.ok(sameValue(shapeOf(['a'], 'a'), 'a', ['a']))
    assert.ok(sameValue(shapeOf('a', 'a'), 'a', 'a'))
    assert.ok(!sameValue(shapeOf('a', 'b'), 'b', 'a'))
    assert.ok(sameValue(shapeOf(map({ a: '1' }), map({ a: 1 })), map({ a: 1 }), map({ a: '1' })))
  })
})
