import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reply } from '../request/reply.ts'
import type { Request } from '../request/request.ts'
import { rootNamespace } from '../request/request.ts'
import { plainListener } from '../request/wire.ts'
import { mountAt, TokenRooms } from '../../test/support/token-rooms.ts'

const ENVELOPE = '{"request_id":"x","data":{"a":9007199254740993,"b":1.0},"auth":null}\n'

function request(path: string, more: Partial<Request> = {}): Request {
  return {
    id: 'r',
    operation: 'read',
    path,
    namespace: rootNamespace,
    clientToken: undefined,
    body: new Map(),
    query: new Map(),
    rawBody: undefined,
    headers: new Map(),
    wrapTtl: 60,
    wrapFormat: undefined,
    remoteAddress: '127.0.0.1',
    remotePort: 1,
    peerCertificate: undefined,
    listener: plainListener,
    signal: () => AbortSignal.timeout(60_000),
    receivedAt: 0,
    ...more,
  }
}

async function wrap(rooms: TokenRooms, reply: Reply = { data: {} }, asked: Request = request('secret/data/a')) {
  const wrapped = await rooms.wrapping.wrap(reply, {
    request: asked,
    mount: mountAt('secret/', 'kv'),
    ttl: 60,
    caller: undefined,
    envelope: ENVELOPE,
  })
  const info = wrapped.wrapInfo
  assert.ok(info)
  return info
}

const unwrap = (rooms: TokenRooms, token: string) => rooms.store.write((view) => rooms.wrapping.unwrap(view, token))
const lookup = (rooms: TokenRooms, token: string) => rooms.store.read((view) => rooms.wrapping.lookup(view, token))

test('what was wrapped comes back byte for byte, once, and leaves nothing', async () => {
  await using rooms = await TokenRooms.open()
  const info = await wrap(rooms)
  assert.match(info.token, /^hvs\.[\w-]{24,}$/)
  assert.deepEqual([info.ttl, info.creationPath, info.wrappedAccessor], [60, 'secret/data/a', undefined])
  assert.equal(await unwrap(rooms, info.token), ENVELOPE)
  assert.equal(await unwrap(rooms, info.token), undefined)
  assert.equal(await lookup(rooms, info.token), undefined)
  assert.deepEqual(await rooms.keys(), [])
})

test('of 100 who unwrap at the same time one gets it', async () => {
  await using rooms = await TokenRooms.open()
  const { token } = await wrap(rooms)
  const got = await Promise.all(Array.from({ length: 100 }, () => unwrap(rooms, token)))
  assert.equal(got.filter((text) => text === ENVELOPE).length, 1)
  assert.equal(got.filter((text) => text === undefined).length, 99)
})

test('unwrap and rewrap at the same time: one of them', async () => {
  await using rooms = await TokenRooms.open()
  const { token } = await wrap(rooms)
  const rewrap = () => rooms.store.write((view) => rooms.wrapping.rewrap(view, token))
  const got = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? unwrap(rooms, token) : rewrap())))
  assert.equal(got.filter((one) => one !== undefined).length, 1)
})

test('looking up does not use the token up, and tells where it came from', async () => {
  await using rooms = await TokenRooms.open()
  const info = await wrap(rooms)
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(await lookup(rooms, info.token), {
      creationPath: 'secret/data/a',
      creationTime: info.creationTime,
      creationTtl: 60,
    })
  }
  assert.equal(await unwrap(rooms, info.token), ENVELOPE)
})

test('rewrapping keeps origin and lifetime, and ends the old token', async () => {
  await using rooms = await TokenRooms.open()
  const { warnings: _, ...auth } = { ...(await rooms.login()), accessor: 'abc' }
  const old = await wrap(rooms, { auth }, request('auth/userpass/login/bob'))
  assert.equal(old.wrappedAccessor, 'abc')
  await rooms.clock.advance(10_000)
  const fresh = await rooms.store.write((view) => rooms.wrapping.rewrap(view, old.token))
  assert.ok(fresh)
  assert.deepEqual([fresh.ttl, fresh.creationPath, fresh.wrappedAccessor], [60, 'auth/userpass/login/bob', 'abc'])
  assert.equal(await unwrap(rooms, old.token), undefined)
  await rooms.clock.advance(59_999)
  assert.equal(await unwrap(rooms, fresh.token), ENVELOPE)
})

test('an expired, unknown, used or ordinary token is the same: nothing', async () => {
  await using rooms = await TokenRooms.open()
  const expired = await wrap(rooms)
  await rooms.clock.advance(60_000)
  const used = await wrap(rooms)
  await unwrap(rooms, used.token)
  const ordinary = await rooms.make({ numUses: 1 })
  const root = await rooms.root()
  const batch = await rooms.make({ type: 'batch', policies: ['response-wrapping'], ttl: 60 })
  for (const token of [
    expired.token,
    used.token,
    ordinary.token,
    root.token,
    batch.token,
    'hvs.unknown',
    '',
    expired.accessor,
  ]) {
    assert.equal(await unwrap(rooms, token), undefined)
    assert.equal(await lookup(rooms, token), undefined)
    assert.equal(await rooms.store.write((view) => rooms.wrapping.rewrap(view, token)), undefined)
  }
  assert.ok(await rooms.holds(ordinary.token))
})

test('a wrapping token whose use was taken for another request unwraps nothing', async () => {
  await using rooms = await TokenRooms.open()
  const { token } = await wrap(rooms)
  const caller = await rooms.caller(token)
  assert.deepEqual(caller?.policies, ['response-wrapping'])
  assert.ok(caller && (await rooms.tokens.consume(caller)))
  assert.equal(await unwrap(rooms, token), undefined)
})

test('what is kept goes with the token: revoked, or expired', async () => {
  await using rooms = await (await TokenRooms.open()).start()
  const revoked = await wrap(rooms)
  await rooms.store.write(async (view) => {
    const found = await rooms.tokens.findByAccessor(view, revoked.accessor, 'root')
    await rooms.tokens.revoke(view, found?.key ?? '')
  })
  assert.equal(await unwrap(rooms, revoked.token), undefined)
  await wrap(rooms)
  await rooms.pass(60_000)
  assert.deepEqual(await rooms.keys(), [])
})

test('a wrapped reply survives a restart', async () => {
  const before = await TokenRooms.open()
  const { token } = await wrap(before)
  await using rooms = await before.restart()
  assert.equal(await unwrap(rooms, token), ENVELOPE)
})

test('an empty list is not wrapped, and a format that is not made is refused', async () => {
  await using rooms = await TokenRooms.open()
  await assert.rejects(wrap(rooms, { data: { keys: [] } }, request('secret/metadata/', { operation: 'list' })), {
    status: 404,
  })
  await assert.rejects(wrap(rooms, { data: {} }, request('secret/data/a', { wrapFormat: 'jwt' })), {
    code: 'WRAP_FORMAT',
    status: 400,
  })
  assert.deepEqual(await rooms.keys(), [])
})
