import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MemoryDriver } from '../../../../storage/drivers/memory.ts'
import { plainCodec } from '../../../../storage/plain-codec.ts'
import { Store } from '../../../../storage/store.ts'
import { RawJson, type ReadView } from '#framework'
import { readSecret, removeSecret, writeSecret } from './secret.ts'

function counting(view: ReadView, gets: string[]): ReadView {
  return {
    sequence: view.sequence,
    get: (key) => {
      gets.push(key)
      return view.get(key)
    },
    list: () => assert.fail('a read lists nothing'),
    keys: () => assert.fail('a read lists nothing'),
    sub: () => assert.fail('a read stays in its view'),
  }
}

suite('secrets in the storage', () => {
  test('are read by two gets', async () => {
    const store = new Store(new MemoryDriver(), plainCodec)
    const data = new RawJson('{"a":1.0}')
    for (let i = 0; i < 12; i++) await store.write((view) => writeSecret(view, 'a/b', data, undefined, i))
    const gets: string[] = []
    const secret = await store.read((view) => readSecret(counting(view, gets), 'a/b', 0, 100))
    assert.deepEqual([secret.number, secret.data?.text], [12, data.text])
    assert.deepEqual(gets, ['meta/a/b', 'version/a/b/0000000012'])
  })

  test('need as much room for the tenth version as for the first', async () => {
    const store = new Store(new MemoryDriver(), plainCodec)
    for (let i = 0; i < 10; i++) await store.write((view) => writeSecret(view, 'a', new RawJson('{}'), undefined, i))
    const lengths = (await store.read((view) => view.keys('version/'))).map((key) => key.length)
    assert.equal(new Set(lengths).size, 1)
  })

  test('leave nothing when they are removed', async () => {
    const store = new Store(new MemoryDriver(), plainCodec)
    for (const path of ['a', 'a/0000000001', 'b']) {
      for (let i = 0; i < 15; i++) await store.write((view) => writeSecret(view, path, new RawJson('{}'), undefined, i))
    }
    await store.write((view) => removeSecret(view, 'a'))
    const keys = await store.read((view) => view.keys(''))
    assert.equal(keys.length, 22)
    assert.equal((await store.read((view) => readSecret(view, 'a/0000000001', 0, 100))).number, 15)
  })

  test('whose data is lost are an error, not an absence', async () => {
    const store = new Store(new MemoryDriver(), plainCodec)
    await store.write((view) => writeSecret(view, 'a', new RawJson('{}'), undefined, 1))
    await store.write((view) => view.delete('version/a/0000000001'))
    await assert.rejects(
      store.read((view) => readSecret(view, 'a', 0, 2)),
      { code: 'KV_LOST_DATA' },
    )
  })
})
