import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MemoryDriver } from '../../../storage/drivers/memory.ts'
import { plainCodec } from '../../../storage/plain-codec.ts'
import { Store } from '../../../storage/store.ts'
import { testEngine } from '../../../../test/support/engine.ts'
import { transitEngine } from './engine.ts'
import { KeyRing } from './key-ring.ts'
import { newKey, type Key } from './key.ts'
import { keyTypeOf } from './key-types.ts'
import { config, keys } from './store.ts'
import { addVersion, generateVersion } from './versions.ts'

async function made(store: Store, name: string): Promise<Key> {
  const type = keyTypeOf('aes256-gcm96')
  assert.ok(type !== undefined)
  const wished = newKey(name, { type })
  const version = await generateVersion(wished, 0)
  return store.write((view) => addVersion(view, wished, version))
}

suite('the key ring', () => {
  test('gives a key as the view shows it, and not as another shows it', async () => {
    await using e = await testEngine(transitEngine())
    const { mount } = e
    const store = new Store(new MemoryDriver(), plainCodec)
    const ring = new KeyRing()
    const key = await made(store, 'k')
    const before = await store.beginRead()
    const first = await ring.require({ mount, view: before }, 'k')
    assert.equal(await ring.find({ mount, view: before }, 'k'), first)
    const next = await generateVersion(key, 1)
    await store.write((view) => addVersion(view, key, next))
    const after = await store.beginRead()
    const second = await ring.require({ mount, view: after }, 'k')
    assert.equal(second.key.latestVersion, 2)
    assert.equal((await ring.require({ mount, view: before }, 'k')).key.latestVersion, 1)
    await store.write((view) => keys.delete(view, second.key))
    const gone = await store.beginRead()
    assert.equal(await ring.find({ mount, view: gone }, 'k'), undefined)
    for (const view of [before, after, gone]) view.discard()
    await store.driver.close()
  })

  test('takes a key that was made anew for another, though all that is told of it is the same', async () => {
    await using e = await testEngine(transitEngine())
    const input = { plaintext: 'aGVsbG8=' }
    await e.write('keys/k')
    await e.write('keys/k/config', { deletion_allowed: true })
    const told = (await e.read('keys/k')).data
    const before = (await e.write('encrypt/k', input)).source('data', 'ciphertext') ?? ''
    await e.delete('keys/k')
    await e.write('keys/k')
    await e.write('keys/k/config', { deletion_allowed: true })
    assert.deepEqual((await e.read('keys/k')).data, told)
    assert.equal((await e.write('decrypt/k', `{"ciphertext":${before}}`)).status, 400)
  })

  test('keeps as many keys as it is told', async () => {
    await using e = await testEngine(transitEngine())
    const { mount } = e
    const store = new Store(new MemoryDriver(), plainCodec)
    await store.write((view) => config.setCacheSize(view, 10))
    for (let i = 0; i < 12; i++) await made(store, `k${i}`)
    const ring = new KeyRing()
    const view = await store.beginRead()
    const first = await ring.require({ mount, view }, 'k0')
    for (let i = 1; i < 10; i++) await ring.require({ mount, view }, `k${i}`)
    assert.equal(await ring.find({ mount, view }, 'k0'), first)
    for (let i = 10; i < 12; i++) await ring.require({ mount, view }, `k${i}`)
    assert.notEqual(await ring.find({ mount, view }, 'k0'), first)
    view.discard()
    await store.driver.close()
  })

  test('forgets the keys of a mount that goes', async () => {
    await using e = await testEngine(transitEngine())
    const { mount } = e
    const store = new Store(new MemoryDriver(), plainCodec)
    await made(store, 'k')
    const ring = new KeyRing()
    const view = await store.beginRead()
    const first = await ring.require({ mount, view }, 'k')
    ring.release(mount.uuid)
    assert.notEqual(await ring.require({ mount, view }, 'k'), first)
    view.discard()
    await store.driver.close()
  })
})
