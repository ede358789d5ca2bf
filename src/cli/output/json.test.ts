import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readTree, textOf } from '../tree.ts'
import { prettyJson, sorted } from './json.ts'

test('numbers go out as they came in', () => {
  const text = '[9007199254740993,1.0,-0,1E400,0.10]'
  assert.equal(prettyJson(readTree(text)).replace(/\s/g, ''), text)
})

test('keys that are special to JavaScript are keys like others', () => {
  assert.equal(textOf(sorted(readTree('{"b":1,"__proto__":{"x":2},"a":[]}'))), '{"__proto__":{"x":2},"a":[],"b":1}')
})

test('what would end a script element is escaped', () => {
  assert.equal(prettyJson(readTree('"<a>&\\u2028"')), '"\\u003ca\\u003e\\u0026\\u2028"')
})

test('any JSON survives, two spaces a level and keys sorted', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = prettyJson(sorted(readTree(JSON.stringify(value))))
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    }),
  )
  assert.equal(
    prettyJson(sorted(readTree('{"b":{},"a":[1,{"c":null}]}'))),
    '{\n  "a": [\n    1,\n    {\n      "c": null\n    }\n  ],\n  "b": {}\n}',
  )
})
