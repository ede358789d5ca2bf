import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { testEngine } from '../../../../../../test/support/engine.ts'
import { kvV1 } from '../../engine.ts'

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((value) => JSON.stringify(value)),
  fc.constantFrom('"__proto__"', '"constructor"', '"1"', '"ttl"', '"\u2028"'),
)
const value = fc.constantFrom(
  '1.0',
  '9007199254740993',
  '1e400',
  '-0',
  '{ "b": 1, "a": [ 2 ] }',
  'null',
  '"\\u0041"',
  'true',
)
const members = fc.uniqueArray(fc.tuple(text, value), {
  minLength: 1,
  maxLength: 6,
  selector: ([key]) => JSON.parse(key),
})

suite('plain secrets', () => {
  test('come back member for member in the order in which they came', async () => {
    await using e = await testEngine(kvV1)
    await fc.assert(
      fc.asyncProperty(members, async (given) => {
        const secret = `{${given.map(([key, item]) => `${key}:${item}`).join(',')}}`
        assert.equal((await e.write('a', secret)).status, 204)
        assert.equal((await e.read('a')).source('data'), secret)
      }),
    )
  })

  test('are one entry each, and none when deleted', async () => {
    await using e = await testEngine(kvV1)
    for (const path of ['a', 'a/b', '__proto__']) await e.write(path, { path })
    await e.write('a', { again: true })
    assert.deepEqual(await e.storedKeys(), ['mount/secret/__proto__', 'mount/secret/a', 'mount/secret/a/b'])
    for (const path of ['a', 'a/b', '__proto__']) assert.equal((await e.delete(path)).status, 204)
    assert.deepEqual(await e.storedKeys(), [])
  })

  test("advise the mount's time where they name none", async () => {
    await using e = await testEngine(kvV1, { defaultTtl: 77 })
    await e.write('a', { b: 1 })
    assert.equal((await e.read('a')).source('lease_duration'), '77')
    await e.write('a', { ttl: '2m' })
    const advised = await e.read('a')
    assert.deepEqual(
      ['lease_duration', 'lease_id', 'renewable'].map((name) => advised.source(name)),
      ['120', '""', 'false'],
    )
  })
})
