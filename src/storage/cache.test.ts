import assert from 'node:assert/strict'
import { it } from 'node:test'
import { DerivedCache } from './cache.ts'
import type { ReadSet } from './driver.ts'
import { MemoryDriver } from './drivers/memory.ts'

const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
const put = (driver: MemoryDriver, key: string) => driver.commit(BLIND, new Map([[key, Uint8Array.of(1)]]))

it('refuses what was read before a change that came before the fill', async () => {
  const driver = new MemoryDriver()
  const cache = new DerivedCache<string>(driver, { prefix: 'policy/', capacity: 10 })
  const before = await put(driver, 'policy/a')
  const after = await put(driver, 'policy/a')
  assert.equal(cache.fill('a', before, 'stale'), false)
  assert.equal(cache.get('a'), undefined)
  assert.equal(cache.fill('a', after, 'fresh'), true)
  assert.equal(cache.get('a'), 'fresh')
})

it('drops what changes, and only that', async () => {
  const driver = new MemoryDriver()
  const cache = new DerivedCache<string>(driver, { prefix: 'policy/', capacity: 10 })
  cache.fill('a', 0, 'a')
  cache.fill('b', 0, 'b')
  await put(driver, 'policy/a')
  await put(driver, 'other/b')
  assert.equal(cache.get('a'), undefined)
  assert.equal(cache.get('b'), 'b')
})

it('stays right when more keys changed than it remembers', async () => {
  const driver = new MemoryDriver()
  const cache = new DerivedCache<string>(driver, { prefix: '', capacity: 3 })
  const before = driver.sequence
  const first = await put(driver, 'a')
  for (const key of ['b', 'c', 'd', 'e']) await put(driver, key)
  assert.equal(cache.fill('a', before, 'stale'), false)
  assert.equal(cache.fill('untouched', first - 1, 'perhaps stale'), false)
  assert.equal(cache.fill('a', driver.sequence, 'fresh'), true)
})

it('refuses what was read before it was made', async () => {
  const driver = new MemoryDriver()
  await put(driver, 'a')
  const cache = new DerivedCache<string>(driver, { prefix: '', capacity: 3 })
  assert.equal(cache.fill('a', 0, 'stale'), false)
})

it('keeps those used last', () => {
  const cache = new DerivedCache<number>(new MemoryDriver(), { prefix: '', capacity: 2 })
  cache.fill('a', 0, 1)
  cache.fill('b', 0, 2)
  cache.get('a')
  cache.fill('c', 0, 3)
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], [1, undefined, 3])
})

it('keeps what is used, however much else comes by', () => {
  const cache = new DerivedCache<number>(new MemoryDriver(), { prefix: '', capacity: 10 })
  cache.fill('hot', 0, -1)
  for (let i = 0; i < 1000; i++) {
    cache.fill(`cold-${i}`, 0, i)
    assert.equal(cache.get('hot'), -1)
    assert.ok(cache.size <= 10)
  }
})

it('leaves out storage keys from which nothing derives', async () => {
  const driver = new MemoryDriver()
  const cache = new DerivedCache<string>(driver, {
    prefix: '',
    capacity: 2,
    keyOf: (key) => (key === 'a' ? 'a' : undefined),
  })
  for (let i = 0; i < 10; i++) await put(driver, `other-${i}`)
  assert.equal(cache.fill('a', 0, 'not stale'), true)
})

it('maps many storage keys to one thing where asked', async () => {
  const driver = new MemoryDriver()
  const cache = new DerivedCache<string>(driver, { prefix: 'mounts/', capacity: 2, keyOf: () => 'table' })
  cache.fill('table', 0, 'old')
  await put(driver, 'mounts/7')
  assert.equal(cache.get('table'), undefined)
})

it('takes nothing after it was closed', async () => {
  const driver = new MemoryDriver()
  const cache = new DerivedCache<string>(driver, { prefix: '', capacity: 2 })
  cache.fill('a', 0, 'a')
  cache.close()
  assert.equal(cache.get('a'), undefined)
  assert.equal(cache.fill('a', driver.sequence, 'a'), false)
})
