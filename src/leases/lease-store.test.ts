import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootNamespace } from '../request/request.ts'
import { DAY, TokenRooms } from '../../test/support/token-rooms.ts'

const ns1 = { id: 'ns1', path: 'ns1/' }

test('a lease is named by the path that issued it, found, listed, and counted', async () => {
  await using rooms = await TokenRooms.open()
  const { token } = await rooms.make()
  const lease = await rooms.issue(token, 'u', 60)
  assert.match(lease.leaseId, /^db\/creds\/r\/[0-9A-Za-z]{24}$/)
  assert.deepEqual([lease.leaseDuration, lease.renewable], [60, true])
  const info = await rooms.lookupLease(lease.leaseId)
  assert.equal(info?.path, 'db/creds/r')
  assert.equal(info?.expiresAt, rooms.clock.now() + 60_000)
  await rooms.store.read(async (view) => {
    assert.deepEqual(await rooms.leases.list(view, rootNamespace, ''), ['auth/', 'db/'])
    assert.deepEqual(await rooms.leases.list(view, rootNamespace, 'db/creds/'), ['r/'])
    assert.equal(await rooms.leases.count(view), 2)
  })
})

test('the credentials that were shown are not kept with the lease', async () => {
  await using rooms = await TokenRooms.open()
  const { token } = await rooms.make()
  const { leaseId } = await rooms.issue(token, 'user-of-the-lease')
  const stored = await rooms.store.read((view) => view.get(`sys/expire/id/root/${leaseId}`))
  assert.ok(Buffer.from(stored ?? []).includes('user-of-the-lease'))
  assert.ok(!Buffer.from(stored ?? []).includes(token))
})

test('a token’s lease is looked up and revoked, but not renewed, through the leases', async () => {
  await using rooms = await TokenRooms.open()
  const { token, key } = await rooms.make()
  const id = `auth/token/create/${key}`
  assert.equal((await rooms.lookupLease(id))?.renewable, true)
  await assert.rejects(rooms.renewLease(id), { code: 'LEASE_IS_TOKEN', status: 400 })
  await rooms.store.write((view) => rooms.leases.revoke(view, rootNamespace, id))
  assert.ok(!(await rooms.holds(token)))
  assert.equal(await rooms.lookupLease(id), undefined)
})

test('what is over is refused at first use, whether or not the worker has come by', async () => {
  await using rooms = await TokenRooms.open()
  const { token } = await rooms.make()
  const { leaseId } = await rooms.issue(token, 'u', 10)
  await rooms.clock.advance(10_000)
  await assert.rejects(rooms.renewLease(leaseId), { code: 'LEASE_EXPIRED', status: 400 })
  await rooms.start()
  assert.equal(rooms.database.users.size, 0)
  await assert.rejects(rooms.renewLease(leaseId), { code: 'LEASE_NOT_FOUND', status: 400 })
})

test('the worker ends each lease in its time and sleeps with one timer', async () => {
  await using rooms = await TokenRooms.open()
  const { token } = await rooms.make({ ttl: 30 * 86_400 })
  await rooms.start()
  for (let i = 1; i <= 5; i++) await rooms.issue(token, `u${i}`, i * 100)
  const late = await rooms.issue(token, 'late', 2_764_800)
  for (let i = 1; i <= 5; i++) {
    await rooms.pass(99_000)
    assert.ok(rooms.database.users.has(`u${i}`))
    await rooms.pass(1000)
    assert.ok(!rooms.database.users.has(`u${i}`))
    assert.equal(rooms.clock.pending, 1)
  }
  assert.equal((await rooms.lookupLease(late.leaseId))?.revokeError, undefined)
})

test('long leases are valid until their end: no timer overflows', async () => {
  await using rooms = await TokenRooms.open()
  rooms.limits = { defaultTtl: 3600, maxTtl: 2 ** 40 }
  const { token } = await rooms.make({ ttl: 2 ** 33 })
  await rooms.start()
  for (const [user, ttl] of [
    ['a', 768 * 3600],
    ['b', 8760 * 3600],
    ['c', 2 ** 31],
  ] as const)
    await rooms.issue(token, user, ttl)
  await rooms.pass(60_000)
  assert.equal(rooms.database.users.size, 3)
  await rooms.pass(32 * DAY)
  assert.deepEqual([...rooms.database.users], ['b', 'c'])
})

test('unsealing loads no lease: what was due while the server was down is ended after the start', async () => {
  const before = await TokenRooms.open()
  const { token } = await before.make({ ttl: 100 * 86_400 })
  for (let i = 0; i < 300; i++) await before.issue(token, `due${i}`, 60)
  const live = await before.issue(token, 'live', 10 * 86_400)
  await before.clock.advance(3_600_000)
  await using rooms = await before.restart()
  assert.equal(rooms.database.users.size, 301)
  await rooms.start()
  assert.deepEqual([...rooms.database.users], ['live'])
  assert.ok(await rooms.lookupLease(live.leaseId))
})

test('renewal: as asked, capped by the mount, never past the maximum, never for ever', async () => {
  await using rooms = await TokenRooms.open()
  rooms.limits = { defaultTtl: 60, maxTtl: 100 }
  const { token } = await rooms.make()
  const { leaseId } = await rooms.issue(token, 'u', 60)
  assert.equal((await rooms.renewLease(leaseId, 90)).leaseDuration, 90)
  await rooms.clock.advance(50_000)
  const capped = await rooms.renewLease(leaseId, 90)
  assert.equal(capped.leaseDuration, 50)
  assert.deepEqual(capped.warnings, [
    'TTL of "1m30s" exceeded the effective max_ttl of "50s"; TTL value is capped accordingly',
  ])
  await rooms.start()
  for (let i = 0; i < 300 && (await rooms.lookupLease(leaseId)) !== undefined; i++) {
    await rooms.renewLease(leaseId, 90).catch((error: { code?: string }) => {
      assert.match(error.code ?? '', /^LEASE_(PAST_MAX_TTL|EXPIRED|NOT_FOUND)$/)
    })
    const expiresAt = (await rooms.lookupLease(leaseId))?.expiresAt
    assert.ok(expiresAt === undefined || expiresAt > 0)
    await rooms.pass(200)
  }
  assert.equal(rooms.database.users.size, 0)
})

test('revoking a token ends its leases', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const parent = await rooms.make()
  const child = await rooms.make({ parent: parent.key })
  const other = await rooms.make()
  for (let i = 0; i < 150; i++) await rooms.issue(child.token, `child${i}`)
  await rooms.issue(other.token, 'other')
  await rooms.revoke(parent.key)
  await rooms.leases.settled()
  await rooms.pass(11_000)
  assert.deepEqual([...rooms.database.users], ['other'])
})

test('a batch token’s leases end with it, or with its parent', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const parent = await rooms.make()
  const child = await rooms.make({ type: 'batch', parent: parent.key, ttl: 3600 })
  const orphan = await rooms.make({ type: 'batch', ttl: 10 })
  const mine = await rooms.issue(orphan.token, 'orphan', 3600)
  assert.equal(mine.leaseDuration, 10)
  await rooms.pass(5000)
  assert.equal((await rooms.renewLease(mine.leaseId, 3600)).leaseDuration, 5)
  await rooms.issue(child.token, 'child', 3600)
  await rooms.pass(5000)
  assert.deepEqual([...rooms.database.users], ['child'])
  await rooms.revoke(parent.key)
  await rooms.leases.settled()
  assert.equal(rooms.database.users.size, 0)
})

test('a lease is not issued to a token that is revoked at the same time', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token, key } = await rooms.make()
  const caller = await rooms.caller(token)
  assert.ok(caller)
  await rooms.revoke(key)
  const context = { mount: rooms.db, path: 'db/creds/r', caller, namespace: rootNamespace }
  const grant = { type: 'creds', internal: { user: 'u' }, ttl: 60, renewable: true }
  await assert.rejects(
    rooms.store.write((view) => rooms.leases.register(view, grant, context)),
    { code: 'LEASE_NOT_FOUND' },
  )
  assert.deepEqual(await rooms.keys(), [])
})

test('names of any kind: issue, renew, revoke, revoke by prefix', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make()
  for (const role of ['a.b', 'a%b', 'a b', 'ключ', 'constructor', '__proto__']) {
    const path = `db/creds/${role}`
    const one = await rooms.issue(token, 'one', 60, path)
    assert.equal((await rooms.renewLease(one.leaseId, 100)).leaseDuration, 100)
    await rooms.store.write((view) => rooms.leases.revoke(view, rootNamespace, one.leaseId))
    await rooms.issue(token, 'two', 60, path)
    await rooms.leases.revokePrefix(rootNamespace, path, 'queue')
    await rooms.leases.settled()
    assert.equal(rooms.database.users.size, 0, role)
  }
})

test('a lease cannot be reached from another namespace', async () => {
  await using rooms = await TokenRooms.open()
  const { token, key } = await rooms.make()
  const { leaseId } = await rooms.issue(token, 'u')
  for (const id of [leaseId, `auth/token/create/${key}`]) {
    await rooms.store.write(async (view) => {
      assert.equal(await rooms.leases.lookup(view, ns1, id), undefined)
      assert.deepEqual(await rooms.leases.list(view, ns1, ''), [])
      await assert.rejects(rooms.leases.renew(view, ns1, id, 60), { code: 'LEASE_NOT_FOUND' })
      await rooms.leases.revoke(view, ns1, id)
    })
    await rooms.leases.revokeNow(ns1, id)
  }
  await rooms.leases.revokePrefix(ns1, 'db', 'sync')
  await rooms.leases.revokePrefix(ns1, '', 'force')
  assert.ok(await rooms.holds(token))
  assert.equal(rooms.database.users.size, 1)
})

test('revoke-prefix: all below the path, tokens too, nothing beside it', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make()
  for (let i = 0; i < 450; i++) await rooms.issue(token, `a${i}`, 3600, 'db/creds/a')
  await rooms.issue(token, 'ab', 3600, 'db/creds/ab')
  const bob = await rooms.login()
  await rooms.leases.revokePrefix(rootNamespace, 'db/creds/a', 'queue')
  await rooms.leases.settled()
  assert.deepEqual([...rooms.database.users], ['ab'])
  await rooms.leases.revokePrefix(rootNamespace, 'auth/userpass', 'queue')
  assert.ok(!(await rooms.holds(bob.clientToken)))
  assert.ok(await rooms.holds(token))
  assert.deepEqual(await rooms.keys('sys/expire/prefix/'), [])
})

test('a prefix that was being revoked when the server died is done after the start', async () => {
  const before = await TokenRooms.open()
  const { token } = await before.make()
  for (let i = 0; i < 20; i++) await before.issue(token, `u${i}`)
  await before.store.write((view) => before.leases.queuePrefix(view, rootNamespace, 'db/', 'queue'))
  await using rooms = await before.restart()
  await rooms.start()
  assert.equal(rooms.database.users.size, 0)
  assert.ok(!(await rooms.store.read((view) => rooms.leases.anyBelow(view, rootNamespace, 'db/'))))
})

test('leases move with their mount and can be renewed and revoked there', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token } = await rooms.make()
  const ids = []
  for (let i = 0; i < 100; i++) ids.push((await rooms.issue(token, `u${i}`)).leaseId)
  const bob = await rooms.login()
  await rooms.leases.movePrefix(rootNamespace, 'db/', 'new/db/')
  await rooms.leases.movePrefix(rootNamespace, 'auth/userpass/', 'auth/up/')
  for (const id of ids) {
    assert.equal(await rooms.lookupLease(id), undefined)
    assert.equal((await rooms.renewLease(`new/${id}`, 100)).leaseDuration, 100)
  }
  const caller = await rooms.caller(bob.clientToken)
  assert.equal(caller?.path, 'auth/up/login/bob')
  await rooms.leases.revokePrefix(rootNamespace, 'auth/up', 'sync')
  assert.ok(!(await rooms.holds(bob.clientToken)))
  await rooms.leases.revokePrefix(rootNamespace, 'new', 'sync')
  assert.equal(rooms.database.users.size, 0)
})

test('leases move into another namespace with their mount, and still end with their token', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const team = { id: 'abc', path: 'team/' }
  const { token, key } = await rooms.make()
  const ids = []
  for (let i = 0; i < 3; i++) ids.push((await rooms.issue(token, `u${i}`)).leaseId)
  await rooms.leases.movePrefix(rootNamespace, 'db/', 'new/db/', team)
  // Called again after a crash it finds nothing left.
  await rooms.leases.movePrefix(rootNamespace, 'db/', 'new/db/', team)
  for (const id of ids) {
    assert.equal(await rooms.lookupLease(id), undefined)
    assert.equal(await rooms.lookupLease(`new/${id}`), undefined, 'nor is it found above')
    const lease = await rooms.store.read((view) => rooms.leases.lookup(view, team, `new/${id}.abc`))
    assert.equal(lease?.path, `new/${id.slice(0, id.lastIndexOf('/'))}`)
  }
  await rooms.leases.revokeNow(team, `new/${ids[0] ?? ''}.abc`)
  assert.equal(rooms.database.users.size, 2)
  await rooms.store.write((view) => rooms.tokens.revoke(view, key))
  await rooms.leases.settled()
  assert.equal(rooms.database.users.size, 0)
  assert.deepEqual(await rooms.keys('sys/expire/id/abc/'), [])
})

test('tidy revokes leases whose token is gone', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const { token, key } = await rooms.make()
  const kept = await rooms.make()
  await rooms.issue(token, 'lost')
  await rooms.issue(kept.token, 'kept')
  await rooms.store.write((view) => view.delete(`sys/token/id/${key}`))
  await rooms.leases.tidy()
  await rooms.leases.settled()
  assert.deepEqual([...rooms.database.users], ['kept'])
  assert.ok(!(await rooms.keys('sys/expire/id/')).some((name) => name.includes(key)))
})
