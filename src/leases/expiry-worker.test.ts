import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootNamespace } from '../request/request.ts'
import { PassingDriver } from '../storage/passing-driver.ts'
import { Database, mountAt, TokenRooms } from '../../test/support/token-rooms.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { Snapshot } from '../storage/driver.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { leaseKeys } from './lease-keys.ts'

test('a revocation that fails is tried again, ever later, and never taken for a success', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make()
  let failures = 3
  rooms.database.fail = () => {
    if (failures-- > 0) throw new Error('postgres://admin:canary@db refused')
  }
  const { leaseId } = await rooms.issue(token, 'u', 60)
  await rooms.pass(60_000)
  for (const wait of [10_000, 20_000, 40_000]) {
    assert.ok(rooms.database.users.has('u'))
    assert.ok(await rooms.lookupLease(leaseId), 'the lease stays listed')
    await rooms.pass(wait - 1)
    assert.ok(rooms.database.users.has('u'))
    await rooms.pass(1)
  }
  assert.equal(rooms.database.users.size, 0)
  assert.equal(await rooms.lookupLease(leaseId), undefined)
})

test('after six attempts a lease is irrevocable: listed, told of without secrets, kept; force drops it', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make()
  rooms.database.fail = () => {
    throw new Error('postgres://admin:canary@db refused')
  }
  const { leaseId } = await rooms.issue(token, 'u', 60)
  await rooms.pass(60_000)
  for (let i = 0; i < 5; i++) await rooms.pass(10_000 * 2 ** i)
  assert.equal(rooms.database.attempts.get('u'), 6)
  await rooms.pass(3_600_000)
  assert.equal(rooms.database.attempts.get('u'), 6)
  const irrevocable = () => rooms.store.read((view) => rooms.leases.irrevocable(view, rootNamespace))
  const [one, ...more] = await irrevocable()
  assert.deepEqual([one?.leaseId, one?.mountAccessor, more.length], [leaseId, 'database_12345678', 0])
  assert.match(one?.error ?? '', /^out of retries: /)
  assert.ok(!JSON.stringify(one).includes('canary'))
  assert.match((await rooms.lookupLease(leaseId))?.revokeError ?? '', /out of retries/)
  await assert.rejects(rooms.renewLease(leaseId), { code: 'LEASE_IRREVOCABLE' })
  await assert.rejects(rooms.leases.revokePrefix(rootNamespace, 'db/', 'sync'), /refused/)
  assert.equal((await irrevocable()).length, 1)
  await rooms.leases.revokePrefix(rootNamespace, 'db/', 'force')
  assert.deepEqual(await irrevocable(), [])
  assert.equal(await rooms.lookupLease(leaseId), undefined)
})

test('an irrevocable lease is tried again after a day', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make({ ttl: 10 * 86_400 })
  rooms.database.fail = () => {
    throw new Error('down')
  }
  await rooms.issue(token, 'u', 60)
  await rooms.pass(60_000)
  for (let i = 0; i < 5; i++) await rooms.pass(10_000 * 2 ** i)
  rooms.database.fail = () => undefined
  await rooms.pass(86_400_000)
  assert.equal(rooms.database.users.size, 0)
  assert.deepEqual(await rooms.store.read((view) => rooms.leases.irrevocable(view, rootNamespace)), [])
})

test('a restart does not forget how often a revocation failed', async () => {
  const before = await (await TokenRooms.open()).start()
  const { token } = await before.make()
  before.database.fail = () => {
    throw new Error('down')
  }
  await before.issue(token, 'u', 60)
  await before.pass(60_000)
  await before.pass(10_000)
  await using rooms = await before.restart()
  await rooms.start()
  await rooms.pass(19_999)
  assert.equal(rooms.database.attempts.get('u'), 2)
  await rooms.pass(1)
  assert.equal(rooms.database.attempts.get('u'), 3)
})

test('an engine that does not answer has failed, and what it did late is not committed', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make()
  const hangs = Promise.withResolvers<void>()
  rooms.database.fail = () => hangs.promise
  const { leaseId } = await rooms.issue(token, 'u', 60)
  await rooms.store.write((view) => rooms.leases.revoke(view, rootNamespace, leaseId))
  while (rooms.database.attempts.get('u') === undefined) await new Promise((resolve) => setImmediate(resolve))
  await rooms.pass(90_000)
  hangs.resolve()
  rooms.database.fail = () => undefined
  assert.ok(await rooms.lookupLease(leaseId))
  await rooms.pass(10_000)
  assert.equal(await rooms.lookupLease(leaseId), undefined)
})

test('a lease whose engine is gone is irrevocable at once', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make()
  const caller = await rooms.caller(token)
  const grant = { type: 'gone', internal: {}, ttl: 60, renewable: true }
  const context = { mount: mountAt('old/', 'old'), path: 'old/creds', caller, namespace: rootNamespace }
  await rooms.store.write((view) => rooms.leases.register(view, grant, context))
  await rooms.pass(60_000)
  const [one] = await rooms.store.read((view) => rooms.leases.irrevocable(view, rootNamespace))
  assert.match(one?.error ?? '', /^unrecoverable error: /)
})

test('no more than the allowed number of revocations run at once, and all get their turn', async () => {
  const database = new Database()
  let running = 0
  let most = 0
  database.fail = async () => {
    most = Math.max(most, ++running)
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
    running--
  }
  await using rooms = await (
    await TokenRooms.open({ database, workers: { workers: 8, perMount: 4, held: 50 } })
  ).start()
  const { token } = await rooms.make()
  for (let i = 0; i < 400; i++) await rooms.issue(token, `u${i}`, 60)
  await rooms.pass(60_000)
  assert.equal(rooms.database.users.size, 0)
  assert.equal(most, 4)
})

test('the clock leaps two hours ahead and back: nothing valid is revoked, though it is refused meanwhile', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make({ ttl: 7200 })
  const short = await rooms.make({ ttl: 3600 })
  for (let i = 0; i < 1000; i++) await rooms.issue(token, `u${i}`, 3600)
  rooms.clock.jump(7_200_000)
  await rooms.issue((await rooms.make()).token, 'new', 60)
  await rooms.pass(30_000)
  assert.ok(!(await rooms.holds(short.token)))
  rooms.clock.jump(-7_200_000)
  await rooms.pass(1000)
  assert.ok(await rooms.holds(short.token))
  assert.equal([...rooms.database.users].filter((user) => user !== 'new').length, 1000)
})

test('a leap that lasts, as after the machine slept: what is due is refused at once and revoked within a minute', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make({ ttl: 86_400 })
  const short = await rooms.make({ ttl: 300 })
  const { leaseId } = await rooms.issue(token, 'u', 300)
  rooms.clock.jump(600_000)
  assert.ok(!(await rooms.holds(short.token)))
  await assert.rejects(rooms.renewLease(leaseId), { code: 'LEASE_EXPIRED' })
  await rooms.pass(60_000)
  assert.ok(!rooms.database.users.has('u'))
})

test('the clock is set back two hours: nothing outlives its time', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make({ ttl: 3600 })
  const other = await rooms.make({ ttl: 86_400 })
  await rooms.issue(other.token, 'u', 3600)
  await rooms.pass(1_800_000)
  rooms.clock.jump(-7_200_000)
  await rooms.pass(1_800_000)
  assert.ok(!(await rooms.holds(token)))
  assert.equal(rooms.database.users.size, 0)
  const fresh = await rooms.make({ ttl: 60 })
  assert.ok(await rooms.holds(fresh.token))
  await rooms.pass(60_000)
  assert.ok(!(await rooms.holds(fresh.token)))
})

/** Notes in which turn of the event loop each page of the expiry index is read, and whether its values are. */
class WatchedIndex extends PassingDriver implements Disposable {
  readonly turns: number[] = []
  values = 0
  #turn = 0
  #stopped = false

  constructor() {
    super(new MemoryDriver())
    const next = () => {
      this.#turn++
      if (!this.#stopped) setImmediate(next)
    }
    setImmediate(next)
  }

  override snapshot(): Awaitable<Snapshot> {
    const inner = this.inner.snapshot()
    if (inner instanceof Promise) throw new Error('memory gives its snapshots at once')
    return {
      sequence: inner.sequence,
      get: (key) => {
        if (key.startsWith(leaseKeys.due(''))) this.values++
        return inner.get(key)
      },
      keys: (range) => {
        if (range.prefix === leaseKeys.due('')) this.turns.push(this.#turn)
        return inner.keys(range)
      },
      entries: (range) => inner.entries(range),
      close: () => inner.close(),
    }
  }

  [Symbol.dispose](): void {
    this.#stopped = true
  }
}

test('however much is due, others have their turn while the index is read, and no token is read for its mount', async () => {
  using driver = new WatchedIndex()
  await using rooms = await TokenRooms.open({ driver, workers: { workers: 0 } })
  for (let i = 0; i < 2_500; i++) await rooms.make()
  await rooms.clock.advance(3_600_000)
  driver.turns.length = 0
  await rooms.start()
  assert.ok(driver.turns.length >= 5, `${driver.turns.length} pages`)
  assert.equal(new Set(driver.turns).size, driver.turns.length, `pages in the turns ${driver.turns.join(' ')}`)
  assert.equal(driver.values, 0)
})
