import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caller } from '../../request/caller.ts'
import type { Mount } from '../../request/mount.ts'
import type { CallerLookup } from '../../request/system-ports.ts'
import { MemoryDriver } from '../../storage/drivers/memory.ts'
import { plainCodec } from '../../storage/plain-codec.ts'
import { Store } from '../../storage/store.ts'
import { testCaller } from '../../../test/support/engine.ts'
import { rootNamespace, type Namespace } from '../../request/request.ts'
import { optionalCaller, visibleMounts } from './visible-mounts.ts'

const bob = testCaller('bob')

/** Knows one token, good from one address, whose holder may use `b/`. */
const callers: CallerLookup = {
  byToken: (token) => (token === bob.token ? bob : undefined),
  byAccessor: () => undefined,
  allowsAddress: (_caller, address) => address === '10.0.0.1',
}
const rooms = {
  mounts: { of: () => [mount('a/', 'unauth'), mount('b/', ''), mount('c/', 'hidden')] },
  policies: {
    hasMountAccess: async (caller: Caller, _namespace: Namespace, path: string) => caller === bob && path === 'b/',
  },
}

const store = new Store(new MemoryDriver(), plainCodec)
const ask = (clientToken: string | undefined, remoteAddress: string) =>
  store.read((view) =>
    optionalCaller(
      { callers, namespaces: { byId: (id) => (id === 'root' ? rootNamespace : undefined) } },
      { caller: undefined, request: { clientToken, remoteAddress, namespace: rootNamespace }, view },
    ),
  )
const seen = (caller: Caller | undefined) =>
  store.read(async (view) => (await visibleMounts(rooms, caller, rootNamespace, view)).map(({ path }) => path))
const denied = { code: 'SYSTEM_PERMISSION_DENIED', status: 403 }

test('no token is nobody, a bad one is refused', async () => {
  assert.equal(await ask(undefined, '10.0.0.1'), undefined)
  assert.equal(await ask(bob.token, '10.0.0.1'), bob)
  await assert.rejects(ask('hvs.other', '10.0.0.1'), denied)
})

test('a token bound to other addresses is refused', async () => {
  await assert.rejects(ask(bob.token, '10.0.0.2'), denied)
})

test('what is listed for everybody is seen by all, the rest by those who may use it', async () => {
  assert.deepEqual(await seen(undefined), ['a/'])
  assert.deepEqual(await seen(bob), ['a/', 'b/'])
  assert.deepEqual(await seen(testCaller('eve')), ['a/'])
})

function mount(path: string, listingVisibility: Mount['tuning']['listingVisibility']) {
  return { path, tuning: { listingVisibility } }
}
