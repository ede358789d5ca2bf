import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Awaitable } from '../lib/awaitable.ts'
import { CachingDriver } from './caching-driver.ts'
import type { Snapshot } from './driver.ts'
import { MemoryDriver } from './drivers/memory.ts'
import { PassingDriver } from './passing-driver.ts'

const BLIND = { sequence: 0, keys: new Set<string>(), prefixes: new Set<string>() }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = async (snapshot: Snapshot, key: string): Promise<string | undefined> => {
  const value = await snapshot.get(key)
  return value && new TextDecoder().decode(value)
}

/** As a store behind a network: it answers later, and counts how often it was asked. */
class FarDriver extends PassingDriver {
  asked = 0

  override snapshot(): Awaitable<Snapshot> {
    const inner = this.inner.snapshot()
    if (inner instanceof Promise) throw new Error('memory gives its snapshots at once')
    return {
      sequence: inner.sequence,
      get: async (key) => {
        this.asked++
        const value = await inner.get(key)
        await new Promise((resolve) => setImmediate(resolve))
        return value
      },
      keys: (range) => inner.keys(range),
      entries: (range) => inner.entries(range),
      close: () => inner.close(),
    }
  }
}

function cache(entries = 100, size = 1 << 20) {
  const far = new FarDriver(new MemoryDriver())
  return { far, driver: new CachingDriver(far, { entries, bytes: size }) }
}

test('what was read or written is not asked for again, nor what is not there', async () => {
  const { far, driver } = cache()
  await far.commit(BLIND, new Map([['a', bytes('1')]]))
  const first = await driver.snapshot()
  assert.deepEqual([await textOf(first, 'a'), await textOf(first, 'none')], ['1', undefined])
  assert.deepEqual([await textOf(first, 'a'), await textOf(first, 'none')], ['1', undefined])
  assert.equal(far.asked, 2)
  await driver.commit(BLIND, new Map([['b', bytes('2')]]))
  const second = await driver.snapshot()
  assert.equal(await textOf(second, 'b'), '2')
  assert.equal(await textOf(second, 'a'), '1')
  assert.equal(far.asked, 2)
  // It is from before.
  assert.equal(await textOf(first, 'b'), undefined)
  assert.equal(far.asked, 3)
})

test('what is read while it is changed is not kept', async () => {
  const { far, driver } = cache()
  await far.commit(BLIND, new Map([['a', bytes('old')]]))
  const before = await driver.snapshot()
  const reading = textOf(before, 'a')
  await far.commit(BLIND, new Map([['a', bytes('new')]]))
  assert.equal(await reading, 'old')
  assert.equal(await textOf(await driver.snapshot(), 'a'), 'new')
  assert.equal(await textOf(before, 'a'), 'old')
})

test('nothing is kept over a replacement', async () => {
  const { driver } = cache()
  await driver.commit(BLIND, new Map([['a', bytes('old')]]))
  const before = await driver.snapshot()
  await driver.replace(
    (async function* () {
      yield [['b', bytes('new')] as const]
    })(),
  )
  const after = await driver.snapshot()
  assert.deepEqual([await textOf(after, 'a'), await textOf(after, 'b')], [undefined, 'new'])
  assert.equal(await textOf(before, 'a'), 'old')
})

test('it keeps as many as it may, and of those the ones that are used', async () => {
  const { far, driver } = cache(10)
  const snapshot = await driver.snapshot()
  await snapshot.get('used')
  for (let i = 0; i < 100; i++) {
    await snapshot.get(`once-${i}`)
    await snapshot.get('used')
  }
  assert.equal(driver.size, 10)
  assert.equal(far.asked, 101)
  const small = cache(1_000, 100_000)
  for (let i = 0; i < 100; i++) await small.driver.commit(BLIND, new Map([[`k${i}`, new Uint8Array(4_000)]]))
  assert.ok(small.driver.size > 15 && small.driver.size < 25, `${small.driver.size} entries`)
  await small.driver.commit(BLIND, new Map([['large', new Uint8Array(50_000)]]))
  assert.ok(small.driver.size > 15)
})

test('every snapshot shows what it would show without the cache', async () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('commit'), key, value: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }) }),
    fc.record({
      kind: fc.constant('elsewhere'),
      key,
      value: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('open'), key, value: fc.constant(undefined) }),
    fc.record({ kind: fc.constant('get'), key, value: fc.constant(undefined) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (steps, entries) => {
      const { far, driver } = cache(entries)
      const open: (readonly [Snapshot, Snapshot])[] = []
      const pending: Promise<void>[] = []
      for (const { kind, key: asked, value } of steps) {
        const write = new Map([[asked, value === undefined ? undefined : bytes(value)]])
        if (kind === 'commit') await driver.commit(BLIND, write)
        else if (kind === 'elsewhere') await far.commit(BLIND, write)
        else if (kind === 'open') open.push([await driver.snapshot(), await far.snapshot()])
        else
          pending.push(
            ...open.map(async ([cached, plain]) =>
              assert.equal(await textOf(cached, asked), await textOf(plain, asked)),
            ),
          )
      }
      await Promise.all(pending)
    }),
    { numRuns: 300 },
  )
})
