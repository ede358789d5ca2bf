import assert from 'node:assert/strict'
import { generateKeyPairSync, KeyObject, secureHeapUsed, sign } from 'node:crypto'
import { suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { KeptKey, leaving, passingKey, pkcs8, withPassingKeys } from './openssl-heap.ts'

const total = secureHeapUsed()?.total ?? 0
const used = () => secureHeapUsed()?.used ?? 0
const skip = total > 0 ? false : 'needs --secure-heap'

const der = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  publicKeyEncoding: { format: 'der', type: 'spki' },
}).privateKey

const isParsed = (kept: KeptKey): boolean => kept.key instanceof KeyObject

suite('kept keys', { skip }, () => {
  test('are parsed as long as a quarter of the heap has room, and make room when they are seldom used', () => {
    // The heap gives each key 896 bytes.
    const keys = Array.from({ length: Math.ceil(total / 4 / 896) + 100 }, () => new KeptKey(der, true))
    const parsed = keys.filter(isParsed)
    assert.ok(parsed.length > 100 && parsed.length < keys.length)
    assert.ok(used() <= total / 4)
    const [first] = keys
    const last = keys.at(-1)
    assert.ok(first !== undefined && last !== undefined)
    for (let round = 0; round < 3; round++) for (const key of keys) assert.ok(isParsed(key) === parsed.includes(key))
    for (let i = 0; i < 40 * parsed.length; i++) {
      assert.ok(isParsed(first))
      if (isParsed(last)) break
    }
    assert.ok(used() <= total / 4)
    setFlagsFromString('--expose-gc')
    runInNewContext('gc()')
    assert.ok(isParsed(last))
    assert.ok(isParsed(first))
    assert.ok(parsed.filter(isParsed).length > 100)
  })

  test('are no reason to keep what nobody else keeps', async () => {
    setFlagsFromString('--expose-gc')
    // What was looked at through a weak reference is held until the next turn.
    await setImmediate()
    runInNewContext('gc()')
    const before = used()
    const own = Array.from({ length: 50 }, () => new KeptKey(der, true))
    assert.ok(own.every(isParsed))
    assert.ok(used() > before)
    own.length = 0
    await until(() => {
      runInNewContext('gc()')
      return used() <= before
    })
  })

  test('are parsed always where they have no share of the heap', () => {
    const { privateKey } = generateKeyPairSync('ml-dsa-44', {
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
      publicKeyEncoding: { format: 'der', type: 'spki' },
    })
    const before = used()
    const keys = Array.from({ length: 100 }, () => new KeptKey(privateKey, false))
    assert.ok(keys.every(isParsed))
    assert.equal(used(), before)
  })
})

suite('passing keys', { skip }, () => {
  test('are collected in time, however many there were', () => {
    let most = 0
    for (let i = 0; i < 10_000; i++) {
      passingKey(pkcs8(der))
      most = Math.max(most, used())
    }
    assert.ok(most < total / 2, String(most))
  })

  test('that are waited for are few at once, and failures make room for the next', async () => {
    let running = 0
    let most = 0
    const work = async (i: number): Promise<void> => {
      most = Math.max(most, ++running)
      const key = passingKey(pkcs8(der))
      await new Promise((resolve) => sign('sha256', der, key, resolve))
      running--
      if (i % 3 === 0) throw new Error('wanted')
    }
    const all = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => withPassingKeys(896, () => work(i))))
    assert.equal(all.filter(({ status }) => status === 'rejected').length, 20)
    assert.equal(most, 4)
    assert.equal(await withPassingKeys(896, async () => 'done'), 'done')
  })

  test('leave the program without a collector of its own', () => {
    for (let i = 0; i < 3; i++) leaving(total)
    assert.equal(Reflect.get(globalThis, 'gc'), undefined)
  })
})

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 100; i++) {
    await setImmediate()
    if (condition()) return
  }
  assert.fail('it did not come true')
}
