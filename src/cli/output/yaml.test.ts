import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTree } from '../tree.ts'
import { yaml } from './yaml.ts'

const of = (text: string): string => yaml(readTree(text))

test('objects, lists and what is in them', () => {
  assert.equal(of('{"b":[1,"x"],"a":{"c":null},"d":[],"e":{}}'), 'a:\n  c: null\nb:\n- 1\n- x\nd: []\ne: {}\n')
  assert.equal(of('[{"a":1,"b":2},[3,4],{"c":[{"d":5}]}]'), '- a: 1\n  b: 2\n- - 3\n  - 4\n- c:\n  - d: 5\n')
  assert.equal(of('["a"]'), '- a\n')
  assert.equal(of('"a"'), 'a\n')
})

test('a string that would be read as something else is quoted', () => {
  for (const text of [
    '',
    'true',
    'no',
    'Y',
    'null',
    '~',
    '1',
    '-1.5',
    '1_000',
    '0x1F',
    '1e5',
    '.5',
    '12:30',
    '2026-11-22',
    '2026-11-22T10:00:00Z',
    '.inf',
  ]) {
    assert.equal(of(JSON.stringify(text)), `${JSON.stringify(text)}\n`)
  }
  for (const text of [
    'x',
    'yes please',
    '1.2.3',
    '9c7c34a0-cc50-9d6c',
    'v1',
    'a:b',
    'a#b',
    '-x',
    'map[version:2]',
    '/path',
    'é',
  ]) {
    assert.equal(of(JSON.stringify(text)), `${text}\n`)
  }
})

test('a string that YAML would take apart is in single quotes', () => {
  for (const text of ['@x', 'a: b', 'a #b', ' a', 'a ', '- x', '{a}', '*a', "'", '# no', 'a:', '%x', '!x', '[x']) {
    assert.equal(of(JSON.stringify(text)), `'${text.replaceAll("'", "''")}'\n`)
  }
})

test('control characters are escaped', () => {
  assert.equal(of('"a\\u001b[31m"'), '"a\\u001b[31m"\n')
  assert.equal(of('"a\\r\\nb"'), '"a\\r\\nb"\n')
})

test('lines stay lines', () => {
  assert.equal(of('{"k":"a\\nb\\n"}'), 'k: |\n  a\n  b\n')
  assert.equal(of('{"k":"a\\n\\nb"}'), 'k: |-\n  a\n\n  b\n')
  assert.equal(of('{"k":"a\\n\\n"}'), 'k: |+\n  a\n\n')
  assert.equal(of('{"k":"\\n# a\\nb\\n"}'), 'k: |2\n\n  # a\n  b\n')
  assert.equal(of('{"o":{"k":"a\\n  b\\n"}}'), 'o:\n  k: |\n    a\n      b\n')
  assert.equal(of('["a\\nb\\n"]'), '- |\n  a\n  b\n')
  assert.equal(of('{"k":"a \\nb"}'), 'k: "a \\nb"\n')
})

test('numbers keep their digits', () => {
  assert.equal(of('[9007199254740993,1.0,1e5,2.5E-3]'), '- 9007199254740993\n- 1.0\n- 1.0e+5\n- 2.5e-3\n')
})
