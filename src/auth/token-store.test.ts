import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { DAY, mountAt, TokenRooms } from '../../test/support/token-rooms.ts'
import { TokenHasher } from './token-hasher.ts'

test('the hasher is HMAC-SHA256', () => {
  const salt = randomBytes(32)
  const hasher = new TokenHasher(salt)
  for (const token of ['hvs.abc', 'root', 'ключ', 'x'.repeat(4000)]) {
    assert.equal(hasher.keyOf(token), `h${createHmac('sha256', salt).update(token).digest('hex')}`)
  }
  assert.equal(hasher.keyOf(''), undefined)
  assert.equal(hasher.keyOf('x'.repeat(5000)), undefined)
})

test('a token has the shape clients expect and is found by itself alone', async () => {
  await using rooms = await TokenRooms.open()
  const made = await rooms.make({
    policies: ['a', 'default'],
    meta: new Map([
      ['__proto__', 'x'],
      ['k', 'v'],
    ]),
    displayName: 'token-x',
  })
  assert.match(made.token, /^hvs\.[0-9A-Za-z]{28}$/)
  assert.match(made.accessor, /^[0-9A-Za-z]{24}$/)
  const caller = await rooms.caller(made.token)
  assert.deepEqual(caller?.policies, ['a', 'default'])
  assert.deepEqual(
    [...(caller?.meta ?? [])],
    [
      ['__proto__', 'x'],
      ['k', 'v'],
    ],
  )
  for (const wrong of [
    '',
    'hvs.',
    made.token.slice(0, -1),
    `${made.token}x`,
    made.token.toUpperCase(),
    made.accessor,
    made.key,
    'x'.repeat(10_000),
  ]) {
    assert.equal(await rooms.caller(wrong), undefined)
  }
})

test('neither token nor accessor stands anywhere in storage but inside values', async () => {
  await using rooms = await TokenRooms.open()
  const made = [await rooms.root(), await rooms.make(), await rooms.make({ id: 'chosen-by-hand' })]
  const wrapped = await rooms.store.write((view) =>
    rooms.tokens.createWrapping(view, { path: 'x', ttl: 60, namespaceId: 'root' }),
  )
  const keys = await rooms.keys()
  const values = await rooms.store.read((view) =>
    Promise.all(keys.map(async (key) => Buffer.from((await view.get(key)) ?? []).toString('latin1'))),
  )
  for (const { token, accessor } of [...made, wrapped]) {
    assert.ok(keys.every((key) => !key.includes(token) && !key.includes(accessor)))
    assert.ok(values.every((value) => !value.includes(token)))
  }
})

test('a token is refused from the moment it expires, whether or not a worker runs', async () => {
  await using rooms = await TokenRooms.open()
  const { token, accessor } = await rooms.make({ ttl: 5 })
  await rooms.clock.advance(4999)
  assert.ok(await rooms.holds(token))
  await rooms.clock.advance(1)
  assert.ok(!(await rooms.holds(token)))
  await rooms.store.read(async (view) => {
    assert.equal(await rooms.tokens.find(view, token), undefined)
    assert.equal(await rooms.tokens.findByAccessor(view, accessor, 'root'), undefined)
    assert.equal(await rooms.tokens.byAccessor(accessor, view, 'root'), undefined)
  })
})

test('tokens whose time ran out while the server was down are refused at first use', async () => {
  const before = await TokenRooms.open()
  const made = await Promise.all(Array.from({ length: 1000 }, () => before.make({ ttl: 5 })))
  await before.clock.advance(10_000)
  await using rooms = await before.restart()
  for (const { token } of made) assert.ok(!(await rooms.holds(token)))
})

test('only root may live for ever, in storage as at creation', async () => {
  await using rooms = await TokenRooms.open()
  await assert.rejects(rooms.make({ ttl: 0 }), /only a root token/)
  const root = await rooms.root()
  const other = await rooms.make({ ttl: 60 })
  // What a faulty version may have left.
  await rooms.store.write(async (view) => {
    const entry: Record<string, unknown> = JSON.parse(
      Buffer.from((await view.get(`sys/token/id/${other.key}`)) ?? []).toString(),
    )
    delete entry.expiresAt
    view.put(`sys/token/id/${other.key}`, Buffer.from(JSON.stringify(entry)))
  })
  assert.ok(!(await rooms.holds(other.token)))
  await rooms.clock.advance(4000 * DAY)
  assert.ok(await rooms.holds(root.token))
})

test('of 200 parallel uses of a token of five, five are granted', async () => {
  await using rooms = await TokenRooms.open()
  const { token, key } = await rooms.make({ numUses: 5 })
  const caller = await rooms.caller(token)
  assert.ok(caller)
  const granted = await Promise.all(Array.from({ length: 200 }, () => rooms.tokens.consume(caller)))
  assert.equal(granted.filter(Boolean).length, 5)
  assert.ok(!(await rooms.holds(token)))
  const seen = await rooms.store.read((view) => rooms.tokens.find(view, token))
  assert.equal(seen?.numUses, -1)
  await rooms.tokens.finished(caller)
  assert.deepEqual(
    (await rooms.keys()).filter((name) => name.includes(key)),
    [],
  )
})

test('a used-up token is revoked, with its leases, even if the server died before the request ended', async () => {
  const before = await TokenRooms.open()
  const { token } = await before.make({ numUses: 1 })
  const caller = await before.caller(token)
  assert.ok(caller)
  await before.issue(token, 'u1')
  assert.ok(await before.tokens.consume(caller))
  await using rooms = await before.restart()
  await rooms.start()
  await rooms.pass(91_000)
  assert.equal(rooms.database.users.size, 0)
  assert.deepEqual(await rooms.keys(), [])
})

test('an unlimited token is not written to when it is used', async () => {
  await using rooms = await TokenRooms.open()
  const caller = await rooms.caller((await rooms.make()).token)
  assert.ok(caller)
  const { sequence } = rooms.driver
  assert.ok(await rooms.tokens.consume(caller))
  await rooms.tokens.finished(caller)
  assert.equal(rooms.driver.sequence, sequence)
})

test('a token bound to addresses is good from there alone, a root token from anywhere', async () => {
  await using rooms = await TokenRooms.open()
  const bound = await rooms.caller((await rooms.make({ boundCidrs: ['10.0.0.0/8', '::1'] })).token)
  const root = await rooms.caller((await rooms.root()).token)
  assert.ok(bound && root)
  for (const [address, good] of [
    ['10.1.1.1', true],
    ['::1', true],
    ['127.0.0.1', false],
    ['', false],
  ] as const) {
    assert.equal(rooms.tokens.allowsAddress(bound, address), good, address)
    assert.ok(rooms.tokens.allowsAddress(root, address))
    assert.equal(rooms.tokens.allowsAddress({ ...bound }, address), good)
  }
})

test('custom ids: refused shapes, duplicates', async () => {
  await using rooms = await TokenRooms.open()
  for (const [id, code] of [
    ['hvs.x', 'TOKEN_ID_PREFIX'],
    ['s.x', 'TOKEN_ID_PREFIX'],
    ['a.b', 'TOKEN_ID_DOT'],
    ['a b', 'TOKEN_ID_INVALID'],
    ['é', 'TOKEN_ID_INVALID'],
  ] as const) {
    await assert.rejects(rooms.make({ id }), { code, status: 400 })
  }
  await rooms.make({ id: 'mine' })
  assert.ok(await rooms.holds('mine'))
  await assert.rejects(rooms.make({ id: 'mine' }), { code: 'TOKEN_DUPLICATE_ID' })
})

test('batch tokens: nothing stored, good until their end or their parent’s', async () => {
  await using rooms = await TokenRooms.open()
  const parent = await rooms.make()
  const before = await rooms.keys()
  const batch = await rooms.make({ type: 'batch', parent: parent.key, ttl: 60 })
  const orphan = await rooms.make({ type: 'batch', ttl: 60 })
  assert.deepEqual(await rooms.keys(), before)
  assert.match(batch.token, /^hvb\.[\w-]{24,}$/)
  assert.equal((await rooms.caller(batch.token))?.type, 'batch')
  await rooms.revoke(parent.key)
  assert.ok(!(await rooms.holds(batch.token)))
  assert.ok(await rooms.holds(orphan.token))
  await rooms.clock.advance(60_000)
  assert.ok(!(await rooms.holds(orphan.token)))
})

test('a batch token opens in one spelling only', async () => {
  await using rooms = await TokenRooms.open()
  const { token } = await rooms.make({ type: 'batch', ttl: 60 })
  for (const wrong of [
    `${token}=`,
    `${token}.root`,
    `${token}.ns1`,
    `${token} `,
    token.replace('hvb.', 'hvs.'),
    `hvb.${token.slice(5)}`,
    'hvb.',
    'hvb.AAAA',
  ]) {
    assert.ok(!(await rooms.holds(wrong)), wrong)
  }
  const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')
  assert.ok(!(await rooms.holds(flipped)))
})

test('log-ins: default policy, display name, type of the mount; never root', async () => {
  await using rooms = await TokenRooms.open()
  const auth = await rooms.login({ policies: [' P1', 'p1'], ttl: 60, meta: new Map([['username', 'bob']]) })
  assert.deepEqual(auth.policies, ['default', 'p1'])
  const caller = await rooms.caller(auth.clientToken)
  assert.equal(caller?.displayName, 'userpass-bob')
  assert.equal(caller?.path, 'auth/userpass/login/bob')
  assert.ok(caller?.orphan)
  assert.deepEqual((await rooms.login({ policies: ['b'], noDefaultPolicy: true })).policies, ['b'])
  for (const policies of [
    ['root'],
    ['Root'],
    ['ROOT '],
    ['\troot'],
    ['default', 'Root'],
    ['ｒｏｏｔ'],
    ['response-wrapping'],
    ['../root'],
  ]) {
    await assert.rejects(rooms.login({ policies }), { status: 400 }, policies.join())
  }
  const batch = await rooms.login({ numUses: 3 }, mountAt('auth/approle/', 'approle', 'auth', { tokenType: 'batch' }))
  assert.equal(batch.tokenType, 'batch')
  assert.ok(!batch.renewable)
  assert.equal(
    (await rooms.login({ type: 'batch' }, mountAt('auth/x/', 'x', 'auth', { tokenType: 'service' }))).tokenType,
    'service',
  )
})

test('a failed log-in leaves nothing', async () => {
  await using rooms = await TokenRooms.open()
  for (let i = 0; i < 100; i++) await assert.rejects(rooms.login({ policies: ['root'] }))
  assert.deepEqual(await rooms.keys(), [])
})

test('a log-in’s bound addresses bind its token', async () => {
  await using rooms = await TokenRooms.open()
  const caller = await rooms.caller((await rooms.login({ boundCidrs: ['10.0.0.0/8'] })).clientToken)
  assert.ok(caller)
  assert.ok(!rooms.tokens.allowsAddress(caller, '127.0.0.1'))
})

test('renewals: never past the maximum, never for ever', async () => {
  await using rooms = await TokenRooms.open()
  const auth = await rooms.login({ ttl: 2, maxTtl: 10 })
  for (let renewed = 0; ; renewed++) {
    await rooms.clock.advance(200)
    const held = await rooms.caller(auth.clientToken)
    if (held === undefined) {
      assert.ok(renewed > 40)
      break
    }
    assert.ok(renewed < 60, 'the token outlives its maximum')
    try {
      const { token } = await rooms.store.write(async (view) => {
        const found = await rooms.tokens.find(view, auth.clientToken)
        assert.ok(found)
        return rooms.tokens.renew(view, found, 0, () => assert.fail('a log-in follows its own rule'))
      })
      assert.ok(token.lease?.expiresAt !== undefined && token.lease.expiresAt > rooms.clock.now())
      assert.ok(token.lease.expiresAt <= token.createdAt + 10_000)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'TOKEN_PAST_MAX_TTL')
    }
  }
})

test('a periodic token lives as long as it is renewed', async () => {
  await using rooms = await TokenRooms.open()
  const { token } = await rooms.make({ ttl: 60, period: 60 })
  for (let i = 0; i < 100; i++) {
    await rooms.clock.advance(50_000)
    await rooms.store.write(async (view) => {
      const found = await rooms.tokens.find(view, token)
      assert.ok(found)
      const renewed = await rooms.tokens.renew(view, found, 5, () => ({
        period: 60,
        explicitMaxTtl: 0,
        limits: rooms.limits,
      }))
      assert.equal(renewed.ttl, 60)
    })
  }
  await rooms.clock.advance(60_000)
  assert.ok(!(await rooms.holds(token)))
})

test('a root token, and one that is not renewable, cannot be renewed', async () => {
  await using rooms = await TokenRooms.open()
  const made = [await rooms.root(), await rooms.make({ renewable: false })]
  for (const { token } of made) {
    await rooms.store.write(async (view) => {
      const found = await rooms.tokens.find(view, token)
      assert.ok(found)
      await assert.rejects(
        rooms.tokens.renew(view, found, 60, () => assert.fail('not asked')),
        { code: 'TOKEN_NOT_RENEWABLE' },
      )
    })
  }
})

test('the salt and the tokens survive a restart', async () => {
  const before = await TokenRooms.open()
  const made = await before.make()
  await using rooms = await before.restart()
  assert.ok(await rooms.holds(made.token))
  const found = await rooms.store.read((view) => rooms.tokens.findByAccessor(view, made.accessor, 'root'))
  assert.equal(found?.key, made.key)
})

test('accessors are listed and resolved inside their namespace only', async () => {
  await using rooms = await TokenRooms.open()
  const here = await rooms.make()
  const there = await rooms.make({ namespaceId: 'ns1' })
  assert.ok(there.token.endsWith('.ns1') && there.accessor.endsWith('.ns1'))
  await rooms.store.read(async (view) => {
    assert.deepEqual((await rooms.tokens.accessors(view, 'root')).accessors, [here.accessor])
    assert.deepEqual((await rooms.tokens.accessors(view, 'ns1')).accessors, [there.accessor])
    assert.equal(await rooms.tokens.findByAccessor(view, there.accessor, 'root'), undefined)
    assert.equal(await rooms.tokens.findByAccessor(view, here.accessor, 'ns1'), undefined)
  })
})

test('policies of the entity are those of the moment, and never root', async () => {
  let policies: readonly string[] | undefined = ['g1', 'root']
  await using rooms = await TokenRooms.open({
    tokens: {
      entities: {
        entityOf: async () => 'entity-1',
        refreshGroups: async () => {},
        holderOf: () => policies && { policies, facts: { entity: undefined, groups: [] } },
      },
    },
  })
  const auth = await rooms.login({ alias: { name: 'bob' } })
  assert.deepEqual(auth.identityPolicies, ['g1'])
  const caller = await rooms.caller(auth.clientToken)
  assert.deepEqual(caller?.policies, ['default', 'g1', 'p1'])
  assert.deepEqual(caller?.identityPolicies, ['g1'])
  policies = []
  assert.deepEqual((await rooms.caller(auth.clientToken))?.policies, ['default', 'p1'])
  policies = undefined
  assert.equal(await rooms.caller(auth.clientToken), undefined)
})

test('a confined token has nothing of what its holder may do, and ends with him', async () => {
  let policies: readonly string[] | undefined = ['g1']
  await using rooms = await TokenRooms.open({
    tokens: {
      entities: {
        entityOf: async () => 'entity-1',
        refreshGroups: async () => {},
        holderOf: () => policies && { policies, facts: { entity: undefined, groups: [] } },
      },
    },
  })
  const confined = { policy: 'path "a" { capabilities = ["read"] }', facts: new Map([['client_id', 'c']]) }
  for (const type of ['batch', 'service'] as const) {
    const { token } = await rooms.make({ type, policies: [], entityId: 'entity-1', confined })
    for (const time of ['read', 'from memory']) {
      const caller = await rooms.caller(token)
      assert.deepEqual([caller?.policies, caller?.identityPolicies, caller?.identity], [[], [], undefined], time)
      assert.deepEqual(caller?.confined, confined)
    }
    policies = undefined
    assert.equal(await rooms.caller(token), undefined)
    policies = ['g1']
  }
  await assert.rejects(rooms.make({ policies: ['p1'], confined }), {
    message: 'a confined token has no other policies',
  })
})

test('tidy removes what a fault left and spares the rest', async () => {
  await using rooms = await TokenRooms.open()
  const parent = await rooms.make()
  const child = await rooms.make({ parent: parent.key })
  const kept = await rooms.make()
  const keptKeys = (await rooms.keys()).filter((key) => key.includes(kept.key))
  // The parent vanished without its children, an accessor without its token.
  await rooms.store.write((view) => view.delete(`sys/token/id/${parent.key}`))
  await rooms.tokens.tidy()
  assert.ok(!(await rooms.holds(child.token)))
  assert.ok(await rooms.holds(kept.token))
  const left = (await rooms.keys('sys/token/')).filter((key) => key.includes(parent.key) || key.includes(child.key))
  assert.deepEqual(left, [])
  assert.deepEqual(
    (await rooms.keys()).filter((key) => key.includes(kept.key)),
    keptKeys,
  )
  assert.equal((await rooms.store.read((view) => rooms.tokens.accessors(view, 'root'))).accessors.length, 1)
})
