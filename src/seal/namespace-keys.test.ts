import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CofferError } from '../errors/coffer-error.ts'
import { FakeClock } from '../lib/clock.ts'
import { randomSecret } from '../lib/secure/guarded.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { Store } from '../storage/store.ts'
import { Barrier } from './barrier.ts'
import { NamespaceKeys } from './namespace-keys.ts'

const A = 'AAAAAA'
const B = 'BBBBBB'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const isSealed = (error: unknown) => error instanceof CofferError && error.code === 'NAMESPACE_SEALED'
const isTampered = (error: unknown) => error instanceof CofferError && error.code === 'STORAGE_TAMPERED'

function vault() {
  const driver = new MemoryDriver()
  const clock = new FakeClock()
  const barrierIn = (home: string) => {
    const barrier = new Barrier({ driver, clock, home, reservation: 2 })
    barrier.create(randomSecret(32))
    return barrier
  }
  const keys = new NamespaceKeys(barrierIn(''))
  return { driver, keys, store: new Store(driver, keys), barrierIn }
}

test('each home opens with its own keys, all else with those of the vault', async () => {
  const { keys, store, driver, barrierIn } = vault()
  keys.admit(A, barrierIn(`ns/${A}/`))
  keys.admit(B, barrierIn(`ns/${B}/`))
  await store.write((view) => {
    for (const home of ['', `ns/${A}/`, `ns/${B}/`]) view.put(`${home}core/x`, bytes(home))
  })
  const snapshot = driver.snapshot()
  const stored = new Map(await snapshot.entries({ prefix: '' }))
  snapshot.close()
  for (const home of ['', `ns/${A}/`, `ns/${B}/`])
    for (const other of ['', `ns/${A}/`, `ns/${B}/`]) {
      const open = () => Buffer.from(keys.open(`${other}core/x`, stored.get(`${home}core/x`) ?? bytes(''))).toString()
      if (home === other) assert.equal(open(), home)
      else assert.throws(open, isTampered)
    }
  assert.deepEqual(keys.folders, ['', `ns/${A}/`, `ns/${B}/`])
})

test('nothing passes of a home that is sealed but what opens it; it can be emptied', async () => {
  const { keys, store, barrierIn } = vault()
  keys.admit(A, barrierIn(`ns/${A}/`))
  await store.write((view) => {
    view.put(`ns/${A}/core/x`, bytes('x'))
    view.put(`ns/${A}/core/root-key`, bytes('wrapped'))
  })
  keys.dismiss(A)?.discard()
  await assert.rejects(
    store.read((view) => view.get(`ns/${A}/core/x`)),
    isSealed,
  )
  await assert.rejects(
    store.write((view) => view.put(`ns/${A}/core/y`, bytes('y'))),
    isSealed,
  )
  assert.equal(Buffer.from((await store.read((view) => view.get(`ns/${A}/core/root-key`))) ?? '').toString(), 'wrapped')
  await store.write(async (view) => {
    for (const key of await view.keys('ns/')) view.delete(key)
  })
  assert.deepEqual(await store.read((view) => view.keys('ns/')), [])
  assert.deepEqual(keys.folders, [''])
})

test('encryptions are counted for the keys that make them', async () => {
  const { keys, store, barrierIn } = vault()
  const [a, b] = [barrierIn(`ns/${A}/`), barrierIn(`ns/${B}/`)]
  keys.admit(A, a)
  keys.admit(B, b)
  for (let i = 0; i < 20; i++)
    await store.write((view) => {
      view.put('core/x', bytes('x'))
      view.put(`ns/${A}/core/x`, bytes('x'))
      view.put(`ns/${A}/core/y`, bytes('y'))
    })
  assert.deepEqual([a.keyStatus().encryptions, b.keyStatus().encryptions], [40, 0])
})

test('one that is being made can be written, and is found by nobody', async () => {
  const { keys, store, barrierIn } = vault()
  const barrier = barrierIn(`ns/${A}/`)
  await keys.making(A, barrier, async () => {
    await store.write((view) => view.put(`ns/${A}/core/x`, bytes('x')))
    assert.deepEqual([keys.isOpen(A), keys.folders], [false, ['']])
  })
  await assert.rejects(
    store.read((view) => view.get(`ns/${A}/core/x`)),
    isSealed,
  )
})
