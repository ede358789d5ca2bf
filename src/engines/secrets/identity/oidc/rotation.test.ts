import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BackgroundCall } from '#framework'
import { mountAt } from '../../../../../test/support/token-rooms.ts'
import { FakeClock } from '../../../../lib/clock.ts'
import { silentLogger } from '../../../../lib/observe/index.ts'
import { MemoryDriver } from '../../../../storage/drivers/memory.ts'
import { plainCodec } from '../../../../storage/plain-codec.ts'
import { Store } from '../../../../storage/store.ts'
import { startedKey } from './material.ts'
import { publicKeys } from './named-key.ts'
import { rotateAndTidy } from './rotation.ts'
import { codes, keys, leaderAddress, signingPairs, type Code } from './store.ts'

const code: Code = {
  provider: 'default',
  clientId: 'c',
  entityId: 'e',
  redirectUri: 'https://a/cb',
  nonce: '',
  scopes: [],
  authTime: 0,
  challenge: undefined,
  expiresAt: 0,
}

async function rooms() {
  const clock = new FakeClock()
  const store = new Store(new MemoryDriver(), plainCodec)
  await store.write(async (view) => {
    const key = { algorithm: 'ES256', rotationPeriod: 60, verificationTtl: 30, allowedClientIds: [] } as const
    keys.put(view, 'k', { ...key, nextRotation: 0, ring: [] })
    await startedKey(view, 'k', undefined, clock.now())
  })
  const call: BackgroundCall = {
    mount: mountAt('identity/', 'identity'),
    apart: { read: (fn) => store.read(fn), write: (fn) => store.write((view) => fn(view, () => undefined)) },
    limits: { defaultTtl: 1, maxTtl: 1 },
    clock,
    log: silentLogger,
    signal: new AbortController().signal,
  }
  const work = (apiAddress = 'https://a') => rotateAndTidy(call, { apiAddress })
  const published = async () => {
    const key = await store.read((view) => keys.get(view, 'k'))
    return key === undefined ? [] : publicKeys(key, clock.now()).map(({ kid }) => kid)
  }
  const signs = async () => (await store.read((view) => signingPairs.get(view, { name: 'k' })))?.current.public.kid
  return { clock, store, work, published, signs }
}

test('a key is rotated when its time has come, and not before; what has expired is cleared away', async () => {
  const { clock, store, work, published, signs } = await rooms()
  const [first, second] = await published()
  await clock.advance(59_000)
  await work()
  assert.equal(await signs(), first)
  await clock.advance(1_000)
  await work()
  assert.equal(await signs(), second)
  assert.deepEqual((await published()).slice(0, 2), [first, second])
  await work()
  assert.equal(await signs(), second)
  await clock.advance(30_000)
  assert.equal((await published()).includes(String(first)), false)
  await work()
  assert.equal((await store.read((view) => keys.get(view, 'k')))?.ring.length, 2)
})

test('the default key has no pairs as long as nothing refers to it', async () => {
  const { clock, store, work } = await rooms()
  await clock.advance(365 * 86_400_000)
  await work()
  assert.equal(await store.read((view) => signingPairs.has(view, { name: 'default' })), false)
})

test('codes that nobody redeemed are forgotten when they have expired', async () => {
  const { clock, store, work } = await rooms()
  const at = clock.now()
  await store.write((view) => {
    codes.put(view, 'old', { ...code, expiresAt: at + 1_000 })
    codes.put(view, 'new', { ...code, expiresAt: at + 2_000 })
  })
  await clock.advance(1_000)
  await work()
  assert.deepEqual(
    await store.read(async (view) => [await codes.get(view, 'old'), (await codes.get(view, 'new'))?.clientId]),
    [undefined, 'c'],
  )
  assert.deepEqual(
    (await store.read((view) => codes.hashes(view))).some((hash) => hash.includes('new')),
    false,
  )
})

test('the leader says where it answers, once', async () => {
  const { store, work } = await rooms()
  await work('https://b')
  assert.equal(await store.read((view) => leaderAddress.get(view)), 'https://b')
  const { sequence } = store.driver
  await work('https://b')
  assert.equal(store.driver.sequence, sequence)
})
