import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CofferError } from '../errors/coffer-error.ts'
import { FakeClock } from '../lib/clock.ts'
import { guard, type SecretBytes } from '../lib/secure/guarded.ts'
import type { ReadSet } from '../storage/driver.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { Store } from '../storage/store.ts'
import { Barrier, type BarrierOptions } from './barrier.ts'
import { KEYRING_KEY } from './storage-keys.ts'

const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
const utf8 = new TextDecoder()
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const rootKey = (fill = 7): SecretBytes => guard(new Uint8Array(32).fill(fill))
const withCode = (code: string) => (error: unknown) => error instanceof CofferError && error.code === code

async function openBarrier(options: Partial<BarrierOptions> = {}) {
  const driver = new MemoryDriver()
  const clock = new FakeClock()
  const barrier = new Barrier({ driver, clock, ...options })
  barrier.create(rootKey())
  await driver.commit(BLIND, new Map([[KEYRING_KEY, barrier.storedKeyring()]]))
  return { driver, clock, barrier, store: new Store(driver, barrier) }
}

async function raw(driver: MemoryDriver, key: string): Promise<Uint8Array> {
  const snapshot = driver.snapshot()
  const value = await snapshot.get(key)
  snapshot.close()
  assert.ok(value !== undefined)
  return value
}

const overwrite = (driver: MemoryDriver, key: string, value: Uint8Array) =>
  driver.commit(BLIND, new Map([[key, value]]))

describe('the barrier', () => {
  it('gives back what was put in, and stores nothing of it in clear', async () => {
    const { driver, store } = await openBarrier()
    for (const size of [0, 1, 15, 16, 17, 1000, 100_000]) {
      const plaintext = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 0xff)
      await store.write((view) => view.put(`size/${size}`, plaintext))
      assert.deepEqual(await store.read((view) => view.get(`size/${size}`)), plaintext)
    }
    await store.write((view) => view.put('a', bytes('a canary that sings in the mine')))
    assert.ok(!Buffer.from(await raw(driver, 'a')).includes('canary'))
  })

  it('never encrypts the same way twice', async () => {
    const { barrier } = await openBarrier()
    const seen = new Set(
      Array.from({ length: 1000 }, () => Buffer.from(barrier.seal('a', bytes('same'))).toString('hex')),
    )
    assert.equal(seen.size, 1000)
  })

  it('lets nothing pass while sealed', async () => {
    const { barrier, store } = await openBarrier()
    await store.write((view) => view.put('a', bytes('secret')))
    await barrier.shut()
    assert.ok(barrier.sealed)
    const sealed = withCode('REQUEST_SEALED')
    await assert.rejects(
      store.read((view) => view.get('a')),
      sealed,
    )
    await assert.rejects(
      store.write((view) => view.put('a', bytes('x'))),
      sealed,
    )
    assert.throws(() => barrier.keyStatus(), sealed)
    await assert.rejects(barrier.rotate(), sealed)
  })
})

describe('tampering', () => {
  const tampered = withCode('STORAGE_TAMPERED')

  it('finds every flipped bit', async () => {
    const { driver, store } = await openBarrier()
    await store.write((view) => view.put('a', bytes('0123456789abcdef')))
    const good = await raw(driver, 'a')
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Uint8Array.from(good)
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await overwrite(driver, 'a', bad)
      await assert.rejects(
        store.read((view) => view.get('a')),
        tampered,
        `bit ${bit}`,
      )
    }
    await overwrite(driver, 'a', good)
    assert.equal(utf8.decode(await store.read((view) => view.get('a'))), '0123456789abcdef')
  })

  it('finds every truncation, and what is longer', async () => {
    const { driver, store } = await openBarrier()
    await store.write((view) => view.put('a', bytes('0123456789abcdef')))
    const good = await raw(driver, 'a')
    for (let length = 0; length < good.length; length++) {
      await overwrite(driver, 'a', good.slice(0, length))
      await assert.rejects(
        store.read((view) => view.get('a')),
        tampered,
        `length ${length}`,
      )
    }
    await overwrite(driver, 'a', Uint8Array.of(...good, 0))
    await assert.rejects(
      store.read((view) => view.get('a')),
      tampered,
    )
  })

  it('finds entries that changed places', async () => {
    const { driver, store } = await openBarrier()
    await store.write((view) => {
      view.put('a', bytes('one'))
      view.put('b', bytes('two'))
    })
    const [one, two] = [await raw(driver, 'a'), await raw(driver, 'b')]
    await overwrite(driver, 'a', two)
    await overwrite(driver, 'b', one)
    for (const key of ['a', 'b'])
      await assert.rejects(
        store.read((view) => view.get(key)),
        tampered,
      )
  })

  it('finds entries of another key, also of the same term', async () => {
    const mine = await openBarrier()
    const other = await openBarrier()
    await other.store.write((view) => view.put('a', bytes('theirs')))
    await overwrite(mine.driver, 'a', await raw(other.driver, 'a'))
    await assert.rejects(
      mine.store.read((view) => view.get('a')),
      tampered,
    )
  })

  it('tells the client nothing of what it found', async () => {
    const { driver, store } = await openBarrier()
    await overwrite(driver, 'a', bytes('garbage'))
    await assert.rejects(
      store.read((view) => view.get('a')),
      (error) =>
        error instanceof CofferError && error.message === 'internal error: a stored entry failed authentication',
    )
  })
})

describe('the keyring', () => {
  it('opens with its root key and no other', async () => {
    const { driver, clock, barrier, store } = await openBarrier()
    await store.write((view) => view.put('a', bytes('kept')))
    await barrier.shut()
    const stored = await raw(driver, KEYRING_KEY)
    const again = new Barrier({ driver, clock })
    assert.throws(() => again.unseal(rootKey(8), stored), withCode('STORAGE_TAMPERED'))
    assert.ok(again.sealed)
    again.unseal(rootKey(), stored)
    assert.equal(utf8.decode(await new Store(driver, again).read((view) => view.get('a'))), 'kept')
  })

  it('rotates while the server runs: old entries stay readable, new ones use the new key', async () => {
    const { driver, clock, barrier, store } = await openBarrier()
    await store.write((view) => view.put('old', bytes('1')))
    clock.jump(5000)
    const status = await barrier.rotate()
    assert.deepEqual(status, { term: 2, installTime: clock.now(), encryptions: 0 })
    await store.write((view) => view.put('new', bytes('2')))
    assert.equal((await raw(driver, 'old'))[4], 1)
    assert.equal((await raw(driver, 'new'))[4], 2)
    await barrier.shut()
    const again = new Barrier({ driver, clock })
    again.unseal(rootKey(), await raw(driver, KEYRING_KEY))
    const reopened = new Store(driver, again)
    assert.equal(utf8.decode(await reopened.read((view) => view.get('old'))), '1')
    assert.equal(utf8.decode(await reopened.read((view) => view.get('new'))), '2')
    assert.equal(again.keyStatus().encryptions, 1)
  })

  it('rotates itself before a key is used more often than it may be', async () => {
    const { barrier, store, clock, driver } = await openBarrier({ minOperations: 10, reservation: 7 })
    await barrier.setRotationConfig({ enabled: true, maxOperations: 100, interval: 0 })
    for (let i = 0; i < 250; i++) await store.write((view) => view.put(`k${i}`, bytes(String(i))))
    assert.equal(barrier.keyStatus().term, 3)
    assert.equal(barrier.keyStatus().encryptions, 50)
    const terms = new Map<number, number>()
    for (let i = 0; i < 250; i++) {
      const term = (await raw(driver, `k${i}`))[4] ?? 0
      terms.set(term, (terms.get(term) ?? 0) + 1)
    }
    assert.deepEqual(
      [...terms],
      [
        [1, 100],
        [2, 100],
        [3, 50],
      ],
    )
    const crashed = new Barrier({ driver, clock })
    crashed.unseal(rootKey(), await raw(driver, KEYRING_KEY))
    for (let i = 0; i < 250; i++) {
      const value = await new Store(driver, crashed).read((view) => view.get(`k${i}`))
      assert.equal(utf8.decode(value), String(i))
    }
  })

  it('holds the limit when many commit at once', async () => {
    const { barrier, store, driver } = await openBarrier({ minOperations: 10, reservation: 5 })
    await barrier.setRotationConfig({ enabled: true, maxOperations: 100, interval: 0 })
    await Promise.all(Array.from({ length: 500 }, (_, i) => store.write((view) => view.put(`k${i}`, bytes('x')))))
    const counts = new Map<number, number>()
    for (let i = 0; i < 500; i++) {
      const term = (await raw(driver, `k${i}`))[4] ?? 0
      counts.set(term, (counts.get(term) ?? 0) + 1)
    }
    assert.ok(Math.max(...counts.values()) <= 100, JSON.stringify([...counts]))
  })

  it('counts at least what was encrypted after the process was killed', async () => {
    const { driver, clock, store } = await openBarrier({ reservation: 16 })
    for (let i = 0; i < 100; i++) {
      await store.write((view) => view.put('a', bytes('x')))
      const afterKill = new Barrier({ driver, clock })
      afterKill.unseal(rootKey(), await raw(driver, KEYRING_KEY))
      const { encryptions } = afterKill.keyStatus()
      assert.ok(encryptions >= i + 1 && encryptions <= i + 1 + 16 + 1, `${encryptions} after ${i + 1}`)
      afterKill.discard()
    }
  })

  it('rotates by age, where asked', async () => {
    const { barrier, clock } = await openBarrier()
    assert.equal(await barrier.rotateIfDue(), false)
    await barrier.setRotationConfig({ enabled: true, maxOperations: 1_000_000, interval: 86_400 })
    clock.jump(86_400_000 - 1)
    assert.equal(await barrier.rotateIfDue(), false)
    clock.jump(1)
    assert.equal(await barrier.rotateIfDue(), true)
    assert.equal(barrier.keyStatus().term, 2)
    await barrier.setRotationConfig({ enabled: false, maxOperations: 1_000_000, interval: 86_400 })
    clock.jump(10 * 86_400_000)
    assert.equal(await barrier.rotateIfDue(), false)
  })

  it('keeps its configuration, and refuses what Vault refuses', async () => {
    const { driver, clock, barrier } = await openBarrier()
    assert.deepEqual(barrier.rotationConfig, { enabled: true, maxOperations: 3_865_470_566, interval: 0 })
    await assert.rejects(
      barrier.setRotationConfig({ enabled: true, maxOperations: 5, interval: 0 }),
      /max_operations must be in the range \[1000000,3865470566\]/,
    )
    await assert.rejects(
      barrier.setRotationConfig({ enabled: true, maxOperations: 1_000_000, interval: 3600 }),
      /interval must be greater or equal to 24h0m0s/,
    )
    const config = { enabled: false, maxOperations: 1_000_000, interval: 86_400 }
    await barrier.setRotationConfig(config)
    await barrier.shut()
    barrier.unseal(rootKey(), await raw(driver, KEYRING_KEY))
    assert.deepEqual(barrier.rotationConfig, config)
    assert.ok(clock.now() > 0)
  })

  it('encrypts nothing under a key that could not be written down', async () => {
    const { driver, barrier, store } = await openBarrier()
    await driver.close()
    await assert.rejects(barrier.rotate(), withCode('STORAGE_CLOSED'))
    assert.equal(barrier.keyStatus().term, 1)
    await assert.rejects(
      store.write((view) => view.put('a', bytes('x'))),
      withCode('STORAGE_CLOSED'),
    )
  })

  it('is wiped at sealing', async () => {
    const root = rootKey()
    const view = root.bytes
    const barrier = new Barrier({ driver: new MemoryDriver(), clock: new FakeClock() })
    barrier.create(root)
    await barrier.shut()
    assert.ok(view.every((byte) => byte === 0))
    assert.ok(root.wiped)
  })
})
