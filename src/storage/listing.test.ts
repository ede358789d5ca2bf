import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Range } from './driver.ts'
import { MemoryDriver } from './drivers/memory.ts'
import { listNames } from './listing.ts'

async function storeOf(keys: Iterable<string>) {
  const driver = new MemoryDriver()
  const value = Uint8Array.of(1)
  const blind = { sequence: 0, keys: new Set<string>(), prefixes: new Set<string>() }
  await driver.commit(blind, new Map(Array.from(keys, (key) => [key, value])))
  const snapshot = driver.snapshot()
  let seen = 0
  const keysOf = async (range: Range) => {
    const found = await snapshot.keys(range)
    seen += found.length
    return found
  }
  return { keysOf, seen: () => seen }
}

function* below(folder: string, count: number): Generator<string> {
  for (let i = 0; i < count; i++) yield `${folder}${String(i).padStart(6, '0')}`
}

it('lists a folder without reading the hundred thousand keys below its first name', async () => {
  const { keysOf, seen } = await storeOf([...below('a/big/', 100_000), 'a/other', 'a/zoo/x'])
  assert.deepEqual(await listNames(keysOf, 'a/'), ['big/', 'other', 'zoo/'])
  assert.ok(seen() < 100, `read ${seen()} keys`)
})

it('reads few keys more than names where folders and names are mixed', async () => {
  const folders = Array.from({ length: 200 }, (_, i) => [
    ...below(`a/f${String(i).padStart(3, '0')}/`, 50),
    `a/f${String(i).padStart(3, '0')}!`,
  ])
  const { keysOf, seen } = await storeOf(folders.flat())
  const names = await listNames(keysOf, 'a/')
  assert.equal(names.length, 400)
  assert.deepEqual(names, names.toSorted())
  assert.ok(seen() < 2000, `read ${seen()} keys`)
})

it('reads a page of a long folder, and no more', async () => {
  const { keysOf, seen } = await storeOf(below('a/', 20_000))
  assert.deepEqual(await listNames(keysOf, 'a/', { after: '000005', limit: 3 }), ['000006', '000007', '000008'])
  assert.equal(seen(), 3)
})

it('lets the event loop turn during a long list', async () => {
  const { keysOf } = await storeOf(below('a/', 20_000))
  let turns = 0
  const listed = listNames(keysOf, 'a/')
  let done = false
  void listed.then(() => (done = true))
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  assert.equal((await listed).length, 20_000)
  assert.ok(turns > 5, `${turns} turns`)
})

it('lists a name that is a key and a folder twice, as Vault does', async () => {
  const { keysOf } = await storeOf(['p/a', 'p/a/b', 'p/a!', 'p/'])
  assert.deepEqual(await listNames(keysOf, 'p/'), ['a', 'a!', 'a/'])
  assert.deepEqual(await listNames(keysOf, 'p/', { after: 'a' }), ['a!', 'a/'])
  assert.deepEqual(await listNames(keysOf, 'p/', { after: 'a/' }), [])
  assert.deepEqual(await listNames(keysOf, 'p/', { after: 'a/b' }), [])
})
