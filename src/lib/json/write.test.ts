import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonError, mapStrings, mergePatch, parseTree, RawJson, stringify } from './index.ts'
import type { JsonOut, JsonTree, JsonValue } from './index.ts'

const anyText = fc.string({ unit: 'binary' })

test('stringify writes what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(stringify(JSON.parse(JSON.stringify(value))), JSON.stringify(value))
    }),
  )
  fc.assert(fc.property(anyText, (text) => stringify(text) === JSON.stringify(text)))
  assert.equal(stringify({ a: undefined, b: [Number.NaN, -0, 1e21], c: null }), '{"b":[null,0,1e+21],"c":null}')
})

test('raw JSON and maps go out as they are', () => {
  const raw = new RawJson('{ "n": 1.0, "n": 9007199254740993 }')
  const value: JsonOut = {
    data: raw,
    list: [raw],
    map: new Map<string, JsonOut | undefined>([
      ['__proto__', 1],
      ['10', 2],
      ['9', undefined],
    ]),
  }
  assert.equal(stringify(value), `{"data":${raw.text},"list":[${raw.text}],"map":{"__proto__":1,"10":2}}`)
})

test('a cycle is an error, not a dead stack', () => {
  const cycle: JsonOut[] = []
  cycle.push(cycle)
  assert.throws(() => stringify(cycle), JsonError)
})

function mapped(value: JsonValue, fn: (s: string) => string): JsonValue {
  if (typeof value === 'string') return fn(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => mapped(item, fn))
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapped(v, fn)]))
}

test('mapStrings changes string values alone', () => {
  const mark = (s: string): string => `<${s}>`
  const values = fc.jsonValue({ stringUnit: 'binary' })
  fc.assert(
    fc.property(values, fc.constantFrom(undefined, 2), (value, space) => {
      const plain = JSON.parse(JSON.stringify(value))
      const text = JSON.stringify(value, null, space)
      assert.equal(mapStrings(text, mark), JSON.stringify(mapped(plain, mark), null, space))
      assert.equal(
        mapStrings(text, (s) => s),
        text,
      )
    }),
  )
})

test('mapStrings leaves kept keys, numbers and deep nesting alone', () => {
  const text = '{"keep" : {"a":"x","b":["y"]}, "map":{"keep":"z"}, "n":1.0, "e\\"":"\\\\", "k\\u0065ep":"q"}'
  const want = '{"keep" : {"a":"x","b":["y"]}, "map":{"keep":"#"}, "n":1.0, "e\\"":"#", "k\\u0065ep":"q"}'
  assert.equal(
    mapStrings(text, () => '#', { keepKeys: new Set(['keep']) }),
    want,
  )
  const deep = `${'['.repeat(100_000)}"a"${']'.repeat(100_000)}`
  assert.equal(
    mapStrings(deep, () => 'b'),
    deep.replace('a', 'b'),
  )
  assert.throws(() => mapStrings('{"a":"b', () => ''), JsonError)
})

test('merge patch: the examples of RFC 7396 appendix A', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ]
  for (const [target, patch, want] of rows) assert.equal(mergePatch(new RawJson(target), new RawJson(patch)).text, want)
})

test('merge patch keeps order, source text and hostile keys', () => {
  const target = new RawJson('{"z":1.0,"__proto__":{"x":9007199254740993},"a":{ "deep" : 1e400 }}')
  const patch = new RawJson('{"z":-0,"__proto__":{"y":1.10},"n":{"m":null,"o":1}}')
  const want = '{"z":-0,"__proto__":{"x":9007199254740993,"y":1.10},"a":{ "deep" : 1e400 },"n":{"o":1}}'
  assert.equal(mergePatch(target, patch).text, want)
})

test('merge patch does not recurse', () => {
  const deep = (leaf: string): RawJson => new RawJson(`${'{"a":'.repeat(1500)}${leaf}${'}'.repeat(1500)}`)
  assert.equal(mergePatch(deep('{"x":1}'), deep('{"y":2}')).text, deep('{"x":1,"y":2}').text)
})

function flat(tree: JsonTree): string {
  if (tree.kind === 'array') return `[${tree.items.map(flat).join(',')}]`
  if (tree.kind !== 'object') return tree.text
  return `{${[...tree.entries].map(([k, v]) => `${JSON.stringify(k)}:${flat(v)}`).join(',')}}`
}

test('a tree keeps order and source text', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      assert.equal(flat(parseTree(JSON.stringify(value, null, 2))), JSON.stringify(value))
    }),
  )
  const text = '{"b":1.0,"a":["\\u0041",-0,true,null,{}],"":[]}'
  assert.equal(flat(parseTree(text)), text)
  assert.throws(() => parseTree('['.repeat(600) + ']'.repeat(600)), { code: 'depth' })
})
