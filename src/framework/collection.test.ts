import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RawJson } from '../lib/json/index.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import { fromUtf8, toUtf8 } from './codec.ts'
import { collection, collectionOf, documents } from './collection.ts'
import { f } from './f.ts'

function newStore(): Store {
  return new Store(new MemoryDriver(), plainCodec)
}

suite('collections', () => {
  const roles = collection('role/{name}', {
    ttl: f.duration(),
    policies: f.strings().default([]),
    meta: f.pairs().orElse(() => new Map()),
    extra: f.json().optional(),
  })

  test('keep records of typed fields', async () => {
    const store = newStore()
    const role = {
      ttl: 60,
      policies: ['a', 'b,c'],
      meta: new Map([['__proto__', 'x']]),
      extra: new RawJson('{"n":9007199254740993,"f":1.0}'),
    }
    await store.write((view) => roles.put(view, { name: 'r' }, role))
    const back = await store.read((view) => roles.get(view, { name: 'r' }))
    assert.deepEqual({ ...back, extra: undefined }, { ...role, extra: undefined })
    assert.equal(back?.extra?.text, role.extra.text)
    assert.equal(await store.read((view) => roles.get(view, { name: 'other' })), undefined)
  })

  test('leave out what is undefined', async () => {
    const store = newStore()
    await store.write((view) =>
      roles.put(view, { name: 'r' }, { ttl: 0, policies: [], meta: new Map(), extra: undefined }),
    )
    assert.deepEqual(await store.read((view) => roles.get(view, { name: 'r' })), {
      ttl: 0,
      policies: [],
      meta: new Map(),
      extra: undefined,
    })
  })

  test('tell, delete and name keys', async () => {
    const store = newStore()
    assert.equal(roles.key({ name: 'constructor' }), 'role/constructor')
    await store.write((view) =>
      roles.put(view, { name: 'r' }, { ttl: 1, policies: [], meta: new Map(), extra: undefined }),
    )
    assert.equal(await store.read((view) => roles.has(view, { name: 'r' })), true)
    await store.write((view) => roles.delete(view, { name: 'r' }))
    assert.equal(await store.read((view) => roles.has(view, { name: 'r' })), false)
  })

  test('list names in a folder and below it, in pages', async () => {
    const store = newStore()
    const notes = documents('note/{path}')
    await store.write((view) => {
      for (const path of ['a', 'a/b', 'a/c/d', 'b', 'é']) notes.put(view, { path }, new RawJson('{}'))
      view.put('other', toUtf8('x'))
    })
    await store.read(async (view) => {
      assert.deepEqual(await notes.list(view), ['a', 'a/', 'b', 'é'])
      assert.deepEqual(await notes.list(view, 'a/'), ['b', 'c/'])
      assert.deepEqual(await notes.list(view, '', { after: 'a', limit: 2 }), ['a/', 'b'])
      assert.deepEqual(await notes.scan(view), ['a', 'a/b', 'a/c/d', 'b', 'é'])
      assert.deepEqual(await notes.scan(view, 'a/'), ['b', 'c/d'])
      assert.deepEqual(await notes.scan(view, 'a/', { after: 'b' }), ['c/d'])
      assert.deepEqual(await notes.scan(view, '', { after: 'a/b', limit: 2 }), ['a/c/d', 'b'])
    })
  })

  test('of documents give back the bytes that came in', async () => {
    const store = newStore()
    const notes = documents('note/{path}')
    for (const text of ['{"b":1.0,"a":"\\u0041"}', 'null', '{ "é" : "😀" }', '{"__proto__":{"x":1e400}}']) {
      await store.write((view) => notes.put(view, { path: 'n' }, new RawJson(text)))
      assert.equal((await store.read((view) => notes.get(view, { path: 'n' })))?.text, text)
      assert.equal(fromUtf8((await store.read((view) => view.get('note/n'))) ?? new Uint8Array()), text)
    }
  })

  test('with a codec of their own keep what it says', async () => {
    const store = newStore()
    const counters = collectionOf('counter/{name}', {
      encode: (count: number) => new Uint8Array([count]),
      decode: (bytes) => bytes[0] ?? 0,
    })
    await store.write((view) => counters.put(view, { name: 'c' }, 7))
    assert.equal(await store.read((view) => counters.get(view, { name: 'c' })), 7)
  })

  test('without parameters are one record', async () => {
    const store = newStore()
    const config = collection('config', { on: f.bool() })
    await store.write((view) => config.put(view, {}, { on: true }))
    assert.deepEqual(await store.read((view) => view.keys('')), ['config'])
    assert.deepEqual(await store.read((view) => config.get(view, {})), { on: true })
  })
})
