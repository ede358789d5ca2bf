import assert from 'node:assert/strict'
import { it } from 'node:test'
import { base62, pooledBytes, randomFrom, RandomPool, uuid } from './random.ts'

/** Counts up, so that pieces can be told apart. */
function counting(): (size: number) => Uint8Array {
  let next = 0
  return (size) => Uint8Array.from({ length: size }, () => next++ & 0xff)
}

it('hands out each random byte once', () => {
  const pool = new RandomPool(counting(), 64)
  const seen = [...pool.take(24), ...pool.take(24), ...pool.take(24)]
  assert.deepEqual(
    seen.slice(0, 48),
    Array.from({ length: 48 }, (_, i) => i),
  )
  assert.deepEqual(
    seen.slice(48),
    Array.from({ length: 24 }, (_, i) => i + 64),
  )
  assert.equal(new RandomPool(counting(), 8).take(20).length, 20)
})

it('gives different nonces', () => {
  const seen = new Set(Array.from({ length: 10_000 }, () => Buffer.from(pooledBytes(24)).toString('hex')))
  assert.equal(seen.size, 10_000)
})

it('throws when the source fails, is short or is stuck', () => {
  const failing = new RandomPool(() => {
    throw new Error('no entropy')
  })
  assert.throws(() => failing.take(24), /no entropy/)
  assert.throws(() => new RandomPool((size) => new Uint8Array(size - 1)).take(24), /instead of/)
  assert.throws(() => randomFrom((size) => new Uint8Array(size), 32), /only zeros/)
})

it('draws base62 characters evenly', () => {
  const text = base62(62_000)
  assert.equal(text.length, 62_000)
  assert.match(text, /^[0-9A-Za-z]+$/)
  const counts = new Map<string, number>()
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
  assert.equal(counts.size, 62)
  // Chi-squared with 61 degrees of freedom: above 140 has a chance of one in ten million.
  const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
  assert.ok(chiSquared < 140, String(chiSquared))
})

it('skips the bytes that would favour some characters', () => {
  const bytes = [255, 248, 247, 0, 61, 62, 250, 1]
  const pool = new RandomPool((size) => Uint8Array.from({ length: size }, (_, i) => bytes[i % bytes.length] ?? 0))
  assert.equal(base62(5, pool), 'z0z01')
})

it('makes version 4 UUIDs', () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.notEqual(uuid(), uuid())
})
