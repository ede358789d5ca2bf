import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RawJson, stringify } from '../lib/json/index.ts'
import { writeData, type DataRule } from './data.ts'
import { Hmac } from './hmac.ts'
import { clear, hashing } from './redactor.ts'

const hmac = new Hmac('3f1c2d')
const redactor = hashing(hmac, true)
const plain: DataRule = { clear: new Set(), sensitive: new Set(), elide: false }

/** What Vault's rule says, over parsed values: strings hashed, all else kept. */
function expected(value: unknown): unknown {
  if (typeof value === 'string') return hmac.string(value)
  if (Array.isArray(value)) return value.map(expected)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expected(member)]))
}

const objects = fc
  .dictionary(fc.string({ unit: 'binary', minLength: 1 }), fc.jsonValue({ maxDepth: 5 }), { noNullPrototype: true })
  .filter((object) => Object.keys(object).length > 0)

test('every string is hashed and everything else kept, in JSON text and in values alike', () => {
  fc.assert(
    fc.property(objects, (object) => {
      // Through JSON, as -0 and lone surrogates do not survive it.
      const value: unknown = JSON.parse(JSON.stringify(object))
      assert.deepEqual(JSON.parse(writeData(new RawJson(JSON.stringify(object)), plain, redactor)), expected(value))
      const members = new Map(
        Object.entries(object).map(([name, member]) => [name, new RawJson(JSON.stringify(member))]),
      )
      assert.deepEqual(JSON.parse(writeData(members, plain, redactor)), expected(value))
    }),
  )
})

test('white space and indentation of a client change nothing and make no second line', () => {
  fc.assert(
    fc.property(objects, (object) => {
      const text = JSON.stringify(object, undefined, '\t')
      for (const one of [redactor, clear]) {
        const line = writeData(new RawJson(text), plain, one)
        assert.ok(!line.includes('\n'))
        assert.deepEqual(JSON.parse(line), JSON.parse(writeData(new RawJson(JSON.stringify(object)), plain, one)))
      }
    }),
  )
})

test('numbers keep their digits', () => {
  const data = new RawJson('{"a":9007199254740993,"b":1.0,"c":[1e400,-0]}')
  assert.equal(writeData(data, plain, redactor), data.text)
})

test('names that JavaScript minds are names like others', () => {
  const text = '{"__proto__":{"constructor":"x"},"toString":"y"}'
  const want = `{"__proto__":{"constructor":"${hmac.string('x')}"},"toString":"${hmac.string('y')}"}`
  assert.equal(writeData(new RawJson(text), plain, redactor), want)
})

test('bytes are hashed as bytes', () => {
  // A JSON value has none; an engine in JavaScript could still put some there.
  const data: ReadonlyMap<string, never> = new Map([['blob', Buffer.from('canary') as never]])
  assert.equal(writeData(data, plain, redactor), `{"blob":"${hmac.string('canary')}"}`)
})

const rule: DataRule = { clear: new Set(['user']), sensitive: new Set(['data']), elide: false }

test('exempt keys are the nearest ones, past lists and at any depth, as in Vault', () => {
  const text = '{"user":"a","list":[{"user":["b",{"x":"h1"},"c"],"y":"h2"}],"user":"d"}'
  const [h1, h2] = [hmac.string('h1'), hmac.string('h2')]
  const want = `{"user":"d","list":[{"user":["b",{"x":"${h1}"},"c"],"y":"${h2}"}]}`
  assert.equal(writeData(new RawJson(text), rule, redactor), want)
  const built = { user: 'd', list: [{ user: ['b', { x: 'h1' }, 'c'], y: 'h2' }] }
  assert.equal(writeData(built, rule, redactor), want)
})

test('a member declared sensitive is hashed whole, whatever is exempt', () => {
  const sensitive = { ...rule, clear: new Set(['user', 'data']) }
  const data = { data: { user: 'a', data: 'b' }, user: 'c' }
  const want = `{"data":{"user":"${hmac.string('a')}","data":"${hmac.string('b')}"},"user":"c"}`
  assert.equal(writeData(data, sensitive, redactor), want)
  assert.equal(writeData(new RawJson(stringify(data)), sensitive, redactor), want)
})

test('a long list becomes its length where that is asked for', () => {
  const elide = { ...plain, elide: true }
  const data = { keys: ['a', 'b'], key_info: { a: { n: 1 } }, other: ['x'] }
  const want = `{"keys":2,"key_info":1,"other":["${hmac.string('x')}"]}`
  assert.equal(writeData(data, elide, redactor), want)
  assert.equal(writeData(new RawJson(stringify(data)), elide, redactor), want)
  assert.equal(writeData({ keys: 'no list' }, elide, redactor), `{"keys":"${hmac.string('no list')}"}`)
})

test('text as deep as a body may be, and deeper, needs no stack', () => {
  const deep = `${'['.repeat(50_000)}"canary"${']'.repeat(50_000)}`
  const line = writeData({ a: new RawJson(deep) }, plain, redactor)
  assert.ok(line.includes(hmac.string('canary')) && !line.includes('canary'))
})

test('text cut short shows nothing of its last string', () => {
  assert.throws(
    () => writeData({ a: new RawJson('["canary') }, plain, redactor),
    (error: Error) => !error.message.includes('canary'),
  )
})

test('escapes are decoded before hashing, and keys that look like strings are kept', () => {
  const text = '{"k\\"ey":"va\\\\\\"lue\\u0041","\\\\":["\\\\"]}'
  const want = `{"k\\"ey":"${hmac.string('va\\"lueA')}","\\\\":["${hmac.string('\\')}"]}`
  assert.equal(writeData(new RawJson(text), plain, redactor), want)
})
