import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainListener, type WireRequest } from '../../request/wire.ts'
import type { Role } from '../lifecycle.ts'
import { followingCore } from '../../../test/support/following-core.ts'

const wire = (target: string, headers: Readonly<Record<string, string>> = {}): WireRequest => ({
  method: 'GET',
  target,
  headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
  remoteAddress: '127.0.0.1',
  remotePort: 1,
  tls: false,
  peerCertificate: undefined,
  listener: plainListener,
  readBody: async () => new Uint8Array(0),
  openBody: async function* () {},
  signal: new AbortController().signal,
  expired: false,
})

test('a request that came between two roles is not answered from what the next role has not been brought up to', async () => {
  let role: Role | undefined
  const core = followingCore({
    role: () => role,
    // As it happens in the turn between looking whether the node reads and routing.
    looked: () => queueMicrotask(() => (role = 'reader')),
  })
  const reply = await core.handle(wire('/v1/kv/a'))
  assert.equal(reply.status, 299)
})

test('a reader answers what it reads, and hands on what it cannot do', async () => {
  const core = followingCore({ role: () => 'reader' })
  assert.equal((await core.handle(wire('/v1/kv/a', { 'x-vault-forward': 'active-node' }))).status, 299)
  assert.equal((await core.handle(wire('/v1/kv/a', { 'x-vault-wrap-ttl': '60' }))).status, 299)
  // Nobody is known by no token: that is this core's own answer.
  assert.equal((await core.handle(wire('/v1/kv/a'))).status, 403)
  const future = Buffer.from('v1:999999').toString('base64')
  assert.equal((await core.handle(wire('/v1/kv/a', { 'x-vault-index': future }))).status, 412)
})
