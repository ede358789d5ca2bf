import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RawJson } from '../lib/json/index.ts'
import * as coerce from './coerce.ts'
import type { Input } from './field.ts'

/** Rows of an input (JSON text, or a query's string after `?`) and what becomes of it. */
type Rows = readonly (readonly [input: string, result: unknown])[]

function check(name: string, to: (input: Input) => unknown, rows: Rows): void {
  test(name, () => {
    for (const [input, result] of rows) {
      const given = input.startsWith('?') ? input.slice(1) : new RawJson(input)
      assert.deepEqual(to(given), result, `${input} should give ${JSON.stringify(result)}`)
    }
  })
}

suite("Vault's loose inputs", () => {
  check('texts', coerce.toText, [
    ['"a"', 'a'],
    ['"\\u0041"', 'A'],
    ['?a b', 'a b'],
    ['12345678901234567890', '12345678901234567890'],
    ['1.50', '1.50'],
    ['-0', '-0'],
    ['true', '1'],
    ['false', '0'],
    ['{}', undefined],
    ['[]', undefined],
  ])

  check('whole numbers', coerce.toInteger, [
    ['5', 5],
    ['"5"', 5],
    ['?5', 5],
    ['?-5', -5],
    ['?+5', 5],
    ['?', 0],
    ['""', 0],
    ['true', 1],
    ['3.0', 3],
    ['3e2', 300],
    ['-0', 0],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', undefined],
    ['99999999999999999999', undefined],
    ['1e400', undefined],
    ['1.5', undefined],
    ['?1.5', undefined],
    ['?1e0', undefined],
    ['?abc', undefined],
    ['?NaN', undefined],
    ['?Infinity', undefined],
    ['?0x10', undefined],
    ['[]', undefined],
    ['{}', undefined],
  ])

  check('booleans', coerce.toBoolean, [
    ['true', true],
    ['false', false],
    ['1', true],
    ['0', false],
    ['5', true],
    ['"true"', true],
    ['"T"', true],
    ['"FALSE"', false],
    ['""', false],
    ['?1', true],
    ['"yes"', undefined],
    ['"tRuE"', undefined],
    ['[]', undefined],
    ['{}', undefined],
  ])

  check('durations', coerce.toDuration, [
    ['90', 90],
    ['"90"', 90],
    ['"1h30m"', 5400],
    ['"1d"', 86400],
    ['"1.5s"', 1],
    ['""', 0],
    ['?5m', 300],
    ['-5', undefined],
    ['"-5s"', undefined],
    ['true', undefined],
    ['1.5', undefined],
    ['"x"', undefined],
    ['9000000000000', undefined],
    ['{}', undefined],
  ])

  check('durations that may be negative', coerce.toSignedDuration, [
    ['"-5s"', -5],
    ['-5', -5],
    ['"5s"', 5],
    ['"x"', undefined],
  ])

  check('lists with commas', coerce.toStrings, [
    ['"a, b"', ['a', 'b']],
    ['?a,b', ['a', 'b']],
    ['["a"," b "]', ['a', 'b']],
    ['["a,b"]', ['a,b']],
    ['""', []],
    ['" "', []],
    ['[]', []],
    ['"a"', ['a']],
    ['5', ['5']],
    ['[12345678901234567890,true]', ['12345678901234567890', '1']],
    ['["__proto__"]', ['__proto__']],
    ['[["a"]]', undefined],
    ['[{}]', undefined],
    ['[null]', undefined],
    ['{}', undefined],
  ])

  check('lists', coerce.toList, [
    ['"a, b"', ['a, b']],
    ['["a,b"]', ['a,b']],
    ['""', []],
    ['[]', []],
    ['{}', undefined],
  ])

  check('lists of whole numbers', coerce.toIntegers, [
    ['[1,"2"]', [1, 2]],
    ['"1,2"', [1, 2]],
    ['" 1 , 2 "', [1, 2]],
    ['3', [3]],
    ['""', []],
    ['[]', []],
    ['{}', []],
    ['true', [1]],
    ['[-1]', [-1]],
    ['["x"]', undefined],
    ['[1.5]', undefined],
    ['[[1]]', undefined],
    ['[99999999999999999999]', undefined],
    ['{"a":1}', undefined],
  ])

  check('names with texts', (input) => coerce.toPairs(input) && [...(coerce.toPairs(input) ?? [])], [
    ['{"a":"b"}', [['a', 'b']]],
    [
      '{"n":12345678901234567890,"t":true,"x":null}',
      [
        ['n', '12345678901234567890'],
        ['t', '1'],
        ['x', ''],
      ],
    ],
    [
      '{"__proto__":"p","constructor":"c"}',
      [
        ['__proto__', 'p'],
        ['constructor', 'c'],
      ],
    ],
    [
      '{"b":"1","a":"2"}',
      [
        ['b', '1'],
        ['a', '2'],
      ],
    ],
    ['"{\\"a\\":\\"b\\"}"', [['a', 'b']]],
    [
      '["a=b","c=d=e"]',
      [
        ['a', 'b'],
        ['c', 'd=e'],
      ],
    ],
    [
      '?a=b,c=d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['""', []],
    ['{}', []],
    ['[]', []],
    ['{"a":{}}', undefined],
    ['{"a":["b"]}', undefined],
    ['"{bad"', undefined],
    ['["a"]', undefined],
    ['["=b"]', undefined],
    ['[1]', undefined],
  ])

  test('objects keep their text', () => {
    const text = '{"b":1.0,"a":{"__proto__":9007199254740993}}'
    assert.equal(coerce.toRawObject(new RawJson(text))?.text, text)
    assert.equal(coerce.toRawObject(' {"a" : 1} ')?.text, '{"a" : 1}')
    assert.equal(coerce.toRawObject(new RawJson('[ ]'))?.text, '{}')
    for (const other of ['"x"', '5', 'true', '[1]', '"{}"'])
      assert.equal(coerce.toRawObject(new RawJson(other)), undefined)
    for (const other of ['', 'x', '{bad', '[]']) assert.equal(coerce.toRawObject(other), undefined)
  })

  test('any JSON keeps its text', () => {
    assert.equal(coerce.toRaw(new RawJson('1.0')).text, '1.0')
    assert.equal(coerce.toRaw('a"b').text, '"a\\"b"')
  })
})
