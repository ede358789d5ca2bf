import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CuttableLink } from '../../../test/support/cuttable-link.ts'
import { noEtcd, TestEtcd } from '../../../test/support/etcd.ts'
import { at, BLIND, NEVER, textOf, withCode, writes } from '../../../test/support/driver-words.ts'
import { etcdOptions, FaultyClient, newPath, until } from '../../../test/support/etcd-drivers.ts'
import { FakeClock, systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/observe/index.ts'
import type { Change, Driver, Sequence } from '../driver.ts'
import { EtcdClient } from './etcd-client.ts'
import { EtcdCompactor } from './etcd-compactor.ts'
import { type EtcdDriver, type EtcdOptions, openEtcd } from './etcd.ts'

let etcd: TestEtcd
const open = (path: string, more: Partial<EtcdOptions> = {}): Promise<EtcdDriver> =>
  openEtcd(etcdOptions(etcd.address, path, more))

/** Tries until it is acknowledged. */
async function insist(driver: Driver, key: string): Promise<Sequence> {
  let sequence: Sequence | undefined
  await until(async () => {
    sequence = await driver.commit(BLIND, writes({ [key]: '1' })).catch((error: unknown) => {
      assert.ok(withCode('STORAGE_UNAVAILABLE')(error), String(error))
      return undefined
    })
    return sequence !== undefined
  }, 30_000)
  return sequence ?? 0
}

describe('etcd followers and outages', { skip: noEtcd }, () => {
  before(async () => {
    etcd = await TestEtcd.start()
  })
  after(() => etcd[Symbol.asyncDispose]())

  it('tells a follower of every commit in order, before a snapshot shows it', async () => {
    const path = newPath()
    const [leader, follower] = [await open(path, { haEnabled: false }), await open(path)]
    const heard: Change[] = []
    follower.subscribe((change) => heard.push(change))
    let running = true
    const looking = (async () => {
      while (running) {
        const seen = await at(follower, async (snapshot) => {
          await textOf(snapshot, 'all')
          return snapshot.sequence
        })
        assert.ok(seen <= (heard.at(-1)?.sequence ?? 0), 'a snapshot showed a commit that was not told of')
        assert.equal(seen, follower.sequence > seen ? seen : follower.sequence)
      }
    })()
    let last = 0
    for (let i = 0; i < 300; i++) last = await leader.commit(BLIND, writes({ [`k${i}`]: '', all: String(i) }))
    await until(() => follower.sequence === last)
    running = false
    await looking
    assert.deepEqual(
      heard.map(({ sequence, keys, reset }) => [sequence, ...keys, reset]),
      Array.from({ length: 300 }, (_, i) => [i + 1, `k${i}`, 'all', undefined]),
    )
    await leader.close()
    await follower.close()
  })

  it('hears of a commit at once, and reaches one within the time it is given', async () => {
    const path = newPath()
    const [leader, follower] = [await open(path, { haEnabled: false }), await open(path)]
    const sequence = await leader.commit(BLIND, writes({ a: '1' }))
    const start = performance.now()
    await until(() => follower.sequence === sequence)
    assert.ok(performance.now() - start < 500, 'it was not told by the watch')
    const reached = follower.reach(sequence + 1, 5000)
    await leader.commit(BLIND, writes({ a: '2' }))
    assert.equal(await reached, true)
    assert.equal(await follower.reach(sequence + 2, 20), false)
    await leader.close()
    await follower.close()
  })

  it('shows at least what was announced to it', async () => {
    const path = newPath()
    const leader = await open(path, { haEnabled: false })
    const client = new FaultyClient(etcd.address)
    const thread = await openEtcd(etcdOptions(etcd.address, path, { announced: () => leader.sequence }), client)
    for (let i = 0; i < 50; i++) {
      await leader.commit(BLIND, writes({ a: String(i) }))
      assert.equal(await at(thread, (snapshot) => textOf(snapshot, 'a')), String(i))
    }
    client.deaf = true
    await leader.commit(BLIND, writes({ a: 'unseen' }))
    await assert.rejects(async () => thread.snapshot(), withCode('STORAGE_UNAVAILABLE'))
    await leader.close()
    await thread.close()
  })

  for (const how of ['silence', 'refuse'] as const) {
    it(`is current no more a while after it was cut off (${how}), and again once it is mended`, async () => {
      const path = newPath()
      const freshFor = 2500
      await using link = await CuttableLink.to(Number(new URL(etcd.address).port))
      const leader = await open(path, { haEnabled: false, freshFor })
      const addresses = [`http://127.0.0.1:${link.port}`]
      const follower = await open(path, { addresses, requestTimeout: 1000, freshFor })
      assert.equal(follower.current, true)
      const cut = performance.now()
      link[how]()
      await leader.commit(BLIND, writes({ unseen: '1' }))
      await until(() => !follower.current)
      // Not at the first look that failed: its last answer was asked for up to a look before the cut.
      assert.ok(performance.now() - cut > freshFor / 2)
      assert.notEqual(follower.sequence, leader.sequence)
      assert.equal(leader.current, true)
      link.mend()
      await until(() => follower.current)
      assert.equal(follower.sequence, leader.sequence, 'it is current before it knows what happened')
      await leader.close()
      await follower.close()
    })
  }

  it('tells of a reset where the log does not reach back far enough', async () => {
    const path = newPath()
    const leader = await open(path, { haEnabled: false })
    const client = new FaultyClient(etcd.address)
    const follower = await openEtcd(etcdOptions(etcd.address, path), client)
    await leader.commit(BLIND, writes({ a: '0' }))
    assert.equal(await follower.reach(1, 5000), true)
    const heard: Change[] = []
    follower.subscribe((change) => heard.push(change))
    client.deaf = true
    for (let i = 0; i < 3; i++) await leader.commit(BLIND, writes({ a: String(i) }))
    etcd.ctl('del', `${path}log/${'3'.padStart(16, '0')}`)
    client.deaf = false
    assert.equal(await follower.reach(4, 5000), true)
    await leader.commit(BLIND, writes({ a: 'last' }))
    assert.equal(await follower.reach(5, 5000), true)
    assert.deepEqual(heard, [
      { sequence: 4, keys: [], reset: true },
      { sequence: 5, keys: ['a'] },
    ])
    await leader.close()
    await follower.close()
  })

  it('tells a follower of a replacement as a reset, and of what comes after it', async () => {
    const path = newPath()
    const [leader, follower] = [await open(path, { haEnabled: false }), await open(path)]
    await leader.commit(BLIND, writes({ a: '1' }))
    assert.equal(await follower.reach(1, 5000), true)
    const heard: Change[] = []
    follower.subscribe((change) => heard.push(change))
    const old = await follower.snapshot()
    await leader.replace(
      (async function* () {
        yield [['b', Buffer.from('2')]] as const
      })(),
    )
    await until(() => follower.sequence === 2)
    await leader.commit(BLIND, writes({ c: '3' }))
    await until(() => follower.sequence === 3)
    assert.deepEqual(heard, [
      { sequence: 2, keys: [], reset: true },
      { sequence: 3, keys: ['c'] },
    ])
    await until(() => etcd.ctl('get', '--prefix', '--keys-only', `${path}g1/`) === '')
    assert.deepEqual(await old.keys({ prefix: '' }), ['a'])
    assert.deepEqual(await at(follower, async (snapshot) => snapshot.keys({ prefix: '' })), ['b', 'c'])
    old.close()
    await leader.close()
    await follower.close()
  })

  it('loses nothing acknowledged while etcd hangs or is killed, and followers miss nothing', async () => {
    const path = newPath()
    const [leader, follower] = [await open(path, { haEnabled: false }), await open(path)]
    const heard: Change[] = []
    follower.subscribe((change) => heard.push(change))
    const acknowledged: string[] = []
    let running = true
    const writer = (async () => {
      for (let i = 0; running; i++) {
        await insist(leader, `k${i}`)
        acknowledged.push(`k${i}`)
      }
    })()
    const some = async (): Promise<void> => {
      const enough = acknowledged.length + 20
      await until(() => acknowledged.length > enough, 30_000)
    }
    await some()
    const snapshot = await leader.snapshot()
    const then = acknowledged.length
    etcd.freeze()
    const from = performance.now()
    await until(() => performance.now() - from > 1000)
    etcd.thaw()
    await some()
    await etcd.kill()
    await etcd.start()
    await some()
    // Longer than the lease, so that the lead is lost and has to be won again.
    etcd.freeze()
    const longer = performance.now()
    await until(() => performance.now() - longer > 3000)
    etcd.thaw()
    await some()
    running = false
    await writer
    // The old snapshot outlives all of it.
    assert.ok((await snapshot.keys({ prefix: '' })).length >= then)
    snapshot.close()
    const stored = new Set(await at(leader, async (now) => now.keys({ prefix: '' })))
    assert.deepEqual(
      acknowledged.filter((key) => !stored.has(key)),
      [],
    )
    assert.equal(await follower.reach(leader.sequence, 10_000), true)
    const sequences = heard.map(({ sequence }) => sequence)
    assert.deepEqual(
      sequences,
      [...new Set(sequences)].toSorted((a, b) => a - b),
    )
    assert.ok(heard.every(({ reset }) => reset === undefined))
    const told = new Set(heard.flatMap(({ keys }) => keys))
    assert.deepEqual(
      acknowledged.filter((key) => !told.has(key)),
      [],
    )
    await leader.close()
    await follower.close()
  })

  it('answers in time while etcd hangs', async () => {
    const path = newPath()
    const driver = await open(path, { requestTimeout: 1000, lockTtl: 8000 })
    await driver.election?.campaign('first', NEVER)
    await driver.commit(BLIND, writes({ a: '1' }))
    const snapshot = await driver.snapshot()
    etcd.freeze()
    try {
      const start = performance.now()
      await assert.rejects(async () => snapshot.get('a'), withCode('STORAGE_UNAVAILABLE'))
      await assert.rejects(async () => driver.election?.leader(), withCode('STORAGE_UNAVAILABLE'))
      assert.equal(await driver.reach(9, 100), false)
      await assert.rejects(driver.commit(BLIND, writes({ a: '2' })), withCode('STORAGE_UNAVAILABLE'))
      assert.ok(performance.now() - start < 5000)
    } finally {
      etcd.thaw()
    }
    await until(async () => (await textOf(snapshot, 'a').catch(() => undefined)) === '1')
    snapshot.close()
    await driver.close()
  })

  it('asks the next address where one does not answer', async () => {
    const other = await TestEtcd.start()
    await other.kill()
    const path = newPath()
    const driver = await open(path, { addresses: [other.address, etcd.address], haEnabled: false })
    await driver.commit(BLIND, writes({ a: '1' }))
    assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'a')), '1')
    await driver.close()
    await other[Symbol.asyncDispose]()
    await assert.rejects(open(path, { addresses: [other.address] }), withCode('STORAGE_UNAVAILABLE'))
  })

  it('lets etcd forget what is old, but nothing that a snapshot of its own shows', async () => {
    const driver = await open(newPath(), { haEnabled: false, compact: false })
    const client = new EtcdClient({ addresses: [etcd.address], requestTimeout: 4000, clock: systemClock })
    const clock = new FakeClock()
    const newest = async (): Promise<number> => (await client.range({ key: Buffer.from('none') })).revision
    let revision = await newest()
    let held: number | undefined
    const compactor = new EtcdCompactor({
      clock,
      log: silentLogger,
      newest: () => revision,
      oldestOpen: () => held,
      compact: (to) => client.compact(to),
    })
    await driver.commit(BLIND, writes({ a: 'old' }))
    const old = await driver.snapshot()
    held = await newest()
    await driver.commit(BLIND, writes({ a: 'newer' }))
    await driver.commit(BLIND, writes({ a: 'new' }))
    const young = await driver.snapshot()
    revision = await newest()
    await clock.advance(9 * 60_000)
    assert.equal(await textOf(old, 'a'), 'old')
    await clock.advance(3 * 60_000)
    assert.equal(await textOf(old, 'a'), 'old')
    held = undefined
    await clock.advance(2 * 60_000)
    await assert.rejects(async () => old.get('a'), withCode('STORAGE_UNAVAILABLE'))
    assert.equal(await textOf(young, 'a'), 'new')
    compactor.stop()
    assert.equal(clock.pending, 0)
    for (const snapshot of [old, young]) snapshot.close()
    client.close()
    await driver.close()
  })

  it('says that the storage is full, and writes nothing of that commit', async () => {
    const small = await TestEtcd.start({ options: { 'quota-backend-bytes': String(16 << 20) } })
    const driver = await openEtcd(etcdOptions(small.address, newPath(), { haEnabled: false }))
    let count = 0
    const value = new Uint8Array(1 << 20)
    const commit = (i: number): Promise<Sequence> =>
      driver.commit(
        BLIND,
        new Map([
          [`a${i}`, value],
          [`b${i}`, value],
        ]),
      )
    await until(async () => {
      try {
        await commit(count)
        count++
        return false
      } catch (error) {
        assert.ok(withCode('STORAGE_FULL')(error), String(error))
        return true
      }
    }, 30_000)
    assert.ok(count > 1)
    await assert.rejects(driver.commit(BLIND, writes({ small: '1' })), withCode('STORAGE_FULL'))
    const keys = await at(driver, async (snapshot) => snapshot.keys({ prefix: '' }))
    assert.equal(keys.length, count * 2)
    await driver.close()
    await small[Symbol.asyncDispose]()
  })
})
