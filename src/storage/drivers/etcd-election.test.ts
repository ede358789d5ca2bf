import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { noEtcd, TestEtcd } from '../../../test/support/etcd.ts'
import { at, BLIND, bytes, keysOf, NEVER, textOf, withCode, writes } from '../../../test/support/driver-words.ts'
import { etcdOptions, FaultyClient, newPath, until } from '../../../test/support/etcd-drivers.ts'
import { systemClock } from '../../lib/clock.ts'
import type { Change, Entry, Sequence } from '../driver.ts'
import { EtcdClient } from './etcd-client.ts'
import { EtcdLayout } from './etcd-layout.ts'
import { headIn } from './etcd-observer.ts'
import { EtcdWriter } from './etcd-writer.ts'
import { type EtcdDriver, type EtcdOptions, openEtcd } from './etcd.ts'

let etcd: TestEtcd
const open = (path: string, more: Partial<EtcdOptions> = {}): Promise<EtcdDriver> =>
  openEtcd(etcdOptions(etcd.address, path, more))

describe('etcd leaders', { skip: noEtcd }, () => {
  before(async () => {
    etcd = await TestEtcd.start()
  })
  after(() => etcd[Symbol.asyncDispose]())

  it('lets the leader alone commit', async () => {
    const path = newPath()
    const [first, second] = [await open(path), await open(path)]
    await assert.rejects(first.commit(BLIND, writes({ a: '1' })), withCode('STORAGE_NOT_LEADER'))
    assert.equal(await first.election?.leader(), undefined)
    const leadership = await first.election?.campaign('first', NEVER)
    assert.deepEqual(await second.election?.leader(), { term: leadership?.term, identity: 'first' })
    await first.commit(BLIND, writes({ a: '1' }))
    await assert.rejects(second.commit(BLIND, writes({ a: '2' })), withCode('STORAGE_NOT_LEADER'))
    assert.equal(await second.reach(first.sequence, 5000), true)
    assert.equal(await at(second, (snapshot) => textOf(snapshot, 'a')), '1')
    await first.close()
    await second.close()
  })

  it('hands over at a release, after commits under way', async () => {
    const path = newPath()
    const [first, second] = [await open(path), await open(path)]
    const leadership = await first.election?.campaign('first', NEVER)
    const next = second.election?.campaign('second', NEVER)
    const underWay = first.commit(BLIND, writes({ a: '1' }))
    const start = performance.now()
    await leadership?.release()
    assert.equal(await leadership?.lost, 'released')
    const sequence = await underWay
    await assert.rejects(first.commit(BLIND, writes({ a: '2' })), withCode('STORAGE_NOT_LEADER'))
    const second2 = await next
    assert.ok(performance.now() - start < 1000, 'the other one waited for the lease')
    assert.ok((second2?.term ?? 0) > (leadership?.term ?? 0))
    assert.ok((await second.commit(BLIND, writes({ b: '2' }))) > sequence)
    assert.deepEqual(await keysOf(second), ['a', 'b'])
    await first.close()
    await second.close()
  })

  it('stops waiting when it is told to', async () => {
    const path = newPath()
    const [first, second] = [await open(path), await open(path)]
    await first.election?.campaign('first', NEVER)
    const stop = new AbortController()
    const campaign = second.election?.campaign('second', stop.signal)
    stop.abort(new RangeError('enough'))
    await assert.rejects(async () => await campaign, RangeError)
    await first.close()
    await second.close()
  })

  it('gives the place of a killed process to the next', async () => {
    const path = newPath()
    const script = `
        import { openEtcd } from ${JSON.stringify(new URL('./etcd.ts', import.meta.url).href)}
        import { systemClock } from ${JSON.stringify(new URL('../../lib/clock.ts', import.meta.url).href)}
        import { silentLogger } from ${JSON.stringify(new URL('../../lib/observe/index.ts', import.meta.url).href)}
        const options = ${JSON.stringify({ addresses: [etcd.address], path, haEnabled: true, lockTtl: 2000 })}
        const driver = await openEtcd({ ...options, clock: systemClock, log: silentLogger })
        await driver.election.campaign('killed', new AbortController().signal)
        console.log(await driver.commit({ sequence: 0, keys: new Set(), prefixes: new Set() }, new Map([['a', Buffer.from('1')]])))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [sequence] = await once(child.stdout, 'data')
    const driver = await open(path)
    child.kill('SIGKILL')
    const start = performance.now()
    await driver.election?.campaign('next', NEVER)
    assert.ok(performance.now() - start < 4000, 'it took longer than the lease and two seconds')
    assert.equal(driver.sequence, Number(sequence))
    assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'a')), '1')
    await driver.close()
  })

  it('knows that it lost before another can win, and etcd refuses what comes late', async () => {
    const path = newPath()
    const layout = new EtcdLayout(path)
    const client = new FaultyClient(etcd.address)
    const [first, second] = [await openEtcd(etcdOptions(etcd.address, path), client), await open(path)]
    const leadership = await first.election?.campaign('first', NEVER)
    await first.commit(BLIND, writes({ a: '1' }))
    // A write that was made ready under this leadership, and that no check of the driver holds back.
    const plain = new EtcdClient({ addresses: [etcd.address], requestTimeout: 4000, clock: systemClock })
    const created = (await plain.range({ key: layout.leader })).entries[0]?.createRevision ?? 0
    const { head, headRevision } = headIn(await plain.range({ key: layout.head }))
    const late = new EtcdWriter({
      client: plain,
      layout,
      clock: systemClock,
      seat: { created, valid: () => true, end: () => {} },
      head,
      revision: headRevision,
      patience: 1000,
    })
    client.dead = true
    let lostAt = 0
    void leadership?.lost.then(() => (lostAt = performance.now()))
    await second.election?.campaign('second', NEVER)
    assert.ok(lostAt > 0 && lostAt < performance.now(), 'the first leader does not know yet')
    assert.ok((leadership?.validUntil ?? Infinity) < performance.now())
    await assert.rejects(first.commit(BLIND, writes({ a: '2' })), withCode('STORAGE_NOT_LEADER'))
    const put = { kind: 'put', key: layout.data(1, 'a'), value: bytes('late') } as const
    await assert.rejects(late.write([put], { sequence: 99 }), withCode('STORAGE_NOT_LEADER'))
    assert.equal(await at(second, (snapshot) => textOf(snapshot, 'a')), '1')
    plain.close()
    await first.close()
    await second.close()
  })

  it('has a write refused once its key is gone, though nobody has taken its place', async () => {
    const path = newPath()
    const client = new FaultyClient(etcd.address)
    const driver = await openEtcd(etcdOptions(etcd.address, path), client)
    const leadership = await driver.election?.campaign('first', NEVER)
    client.deaf = true
    etcd.ctl('del', `${path}leader`)
    await assert.rejects(driver.commit(BLIND, writes({ a: '1' })), withCode('STORAGE_NOT_LEADER'))
    assert.equal(await leadership?.lost, 'its key in etcd is gone')
    assert.equal(etcd.ctl('get', '--keys-only', '--prefix', `${path}g1/`), '')
    await driver.close()
  })

  it('refuses a second process where there is no election, and names the first', async () => {
    const path = newPath()
    const first = await open(path, { haEnabled: false })
    assert.equal(first.election, undefined)
    await assert.rejects(
      open(path, { haEnabled: false }),
      (error) => withCode('STORAGE_IN_USE')(error) && String(error).includes(`process ${process.pid} on `),
    )
    await first.commit(BLIND, writes({ a: '1' }))
    await first.close()
    await (await open(path, { haEnabled: false })).close()
  })

  it('finds out what became of a commit', async () => {
    const client = new FaultyClient(etcd.address)
    const driver = await openEtcd(etcdOptions(etcd.address, newPath(), { haEnabled: false }), client)
    const heard: Sequence[] = []
    driver.subscribe(({ sequence }) => heard.push(sequence))
    for (const fault of ['lost before', 'lost after'] as const) {
      client.plan((count) => (count === 0 ? fault : 'sent'))
      await driver.commit(BLIND, writes({ [fault]: '1' }))
    }
    assert.deepEqual(await keysOf(driver), ['lost after', 'lost before'])
    assert.deepEqual(heard, [1, 2])
    await driver.close()
  })

  it('has a copy of a write refused that comes after a later one', async () => {
    const client = new FaultyClient(etcd.address)
    const driver = await openEtcd(etcdOptions(etcd.address, newPath(), { haEnabled: false }), client)
    await driver.commit(BLIND, writes({ a: '1' }))
    const copy = client.request
    await driver.commit(BLIND, writes({ a: '2' }))
    assert.ok(copy !== undefined)
    assert.equal((await client.txn(copy)).succeeded, false)
    assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'a')), '2')
    await driver.close()
  })

  it('gives the lead up over a commit of which it cannot be known', async () => {
    const path = newPath()
    const client = new FaultyClient(etcd.address)
    const driver = await openEtcd(etcdOptions(etcd.address, path, { requestTimeout: 1000 }), client)
    const leadership = await driver.election?.campaign('first', NEVER)
    client.plan(() => 'lost after')
    await assert.rejects(driver.commit(BLIND, writes({ a: '1' })), withCode('STORAGE_UNAVAILABLE'))
    await leadership?.lost
    await assert.rejects(driver.commit(BLIND, writes({ b: '1' })), withCode('STORAGE_NOT_LEADER'))
    client.plan(() => 'sent')
    await driver.election?.campaign('again', NEVER)
    await driver.commit(BLIND, writes({ c: '1' }))
    await driver.close()
  })

  it('tells of a commit once, where others go on before its answer comes', async () => {
    const path = newPath()
    const client = new FaultyClient(etcd.address)
    const [first, second] = [await openEtcd(etcdOptions(etcd.address, path), client), await open(path)]
    await first.election?.campaign('first', NEVER)
    const heard: Change[] = []
    first.subscribe((change) => heard.push(change))
    const gate = Promise.withResolvers<void>()
    client.hold = () => gate.promise
    client.deaf = true
    const slow = first.commit(BLIND, writes({ a: '1' }))
    await until(() => second.sequence === 1)
    etcd.ctl('del', `${path}leader`)
    await second.election?.campaign('second', NEVER)
    await second.commit(BLIND, writes({ b: '2' }))
    client.deaf = false
    assert.equal(await first.reach(2, 5000), true)
    gate.resolve()
    assert.equal(await slow, 1)
    assert.deepEqual(heard, [
      { sequence: 1, keys: ['a'] },
      { sequence: 2, keys: ['b'] },
    ])
    await first.close()
    await second.close()
  })

  it('tells of what it wrote before it shows it, though it sees it before the answer comes', async () => {
    const path = newPath()
    const client = new FaultyClient(etcd.address)
    const driver = await openEtcd(etcdOptions(etcd.address, path, { haEnabled: false, lockTtl: 8000 }), client)
    const reader = await open(path)
    const heard: Sequence[] = []
    driver.subscribe(({ sequence }) => heard.push(sequence))
    const page = async function* (): AsyncGenerator<readonly Entry[]> {
      yield [['b', bytes('2')]]
    }
    const works = [
      { last: 0, work: () => driver.commit(BLIND, writes({ a: '1' })) },
      { last: 1, work: () => driver.replace(page()) },
    ]
    for (const { last, work } of works) {
      const next = driver.sequence + 1
      const gate = Promise.withResolvers<void>()
      client.plan(() => 'sent')
      client.hold = (count) => (count === last ? gate.promise : undefined)
      const underWay = work()
      await until(() => reader.sequence === next)
      // It looks, and sees what it wrote.
      await driver.reach(next + 1, 50)
      const seen = await at(driver, async (snapshot) => snapshot.sequence)
      assert.ok(seen <= (heard.at(-1) ?? 0), 'it was shown before it was told of')
      gate.resolve()
      assert.equal(await underWay, next)
    }
    assert.deepEqual(heard, [1, 2])
    await driver.close()
    await reader.close()
  })
})
