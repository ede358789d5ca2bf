import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { FakeClock } from '../lib/clock.ts'
import type { IdentityFacts } from '../lib/identity-template.ts'
import { createLogger, LogLevels, silentLogger } from '../lib/observe/index.ts'
import { rootNamespace } from '../request/request.ts'
import type { Caller } from '../request/caller.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import { PolicyStore } from './store.ts'

let store: Store
let policies: PolicyStore

beforeEach(() => {
  const driver = new MemoryDriver()
  store = new Store(driver, plainCodec)
  policies = new PolicyStore({ driver, clock: new FakeClock(), log: silentLogger })
})

const read = (path: string) => `path "${path}" { capabilities = ["read"] }`

function holder(...names: string[]): Caller {
  return {
    token: 't',
    accessor: 'a',
    type: 'service',
    displayName: '',
    policies: names,
    tokenPolicies: names,
    identityPolicies: [],
    entityId: '',
    meta: new Map(),
    path: '',
    orphan: true,
    numUses: 0,
    ttl: 0,
    issuedAt: 0,
    expiresAt: undefined,
    namespaceId: 'root',
  }
}

const may = (caller: Caller, path: string) =>
  store.read((view) => policies.capabilitiesOf(caller, rootNamespace, path, view))

test('a change of a policy shows in the next decision', async () => {
  await store.write((view) => policies.put(view, rootNamespace, 'p', read('a')))
  assert.deepEqual(await may(holder('p'), 'a'), ['read'])
  await store.write((view) => policies.put(view, rootNamespace, 'p', read('b')))
  assert.deepEqual(await may(holder('p'), 'a'), ['deny'])
  assert.deepEqual(await may(holder('p'), 'b'), ['read'])
  await store.write((view) => policies.delete(view, rootNamespace, 'p'))
  assert.deepEqual(await may(holder('p'), 'b'), ['deny'])
})

test('a confined caller may do what his own policy says, and nothing of those that others are confined to', async () => {
  await store.write((view) => policies.put(view, rootNamespace, 'default', read('b')))
  const confined = (path: string) => ({ ...holder(), confined: { policy: read(path), facts: new Map() } })
  for (const path of ['a', 'b', 'a'])
    for (const asked of ['a', 'b', 'c'])
      assert.deepEqual(await may(confined(path), asked), [asked === path ? 'read' : 'deny'])
  assert.deepEqual(await may(holder(), 'a'), ['deny'])
  await store.read(async (view) => {
    assert.deepEqual(
      [...(await policies.resultantAcl(confined('a'), rootNamespace, view)).exactPaths],
      [['a', ['read']]],
    )
    assert.equal(await policies.hasMountAccess(confined('a/b'), rootNamespace, 'a/', view), true)
    assert.equal(await policies.hasMountAccess(confined('a/b'), rootNamespace, 'c/', view), false)
  })
})

test('what is compiled from an old snapshot never serves a later request', async () => {
  await store.write((view) => policies.put(view, rootNamespace, 'p', read('a')))
  const old = await store.beginRead()
  await store.write((view) => policies.put(view, rootNamespace, 'p', read('b')))
  assert.deepEqual(
    await policies.capabilitiesOf(holder('p'), rootNamespace, 'a', old),
    ['read'],
    'the old snapshot sees the old policy',
  )
  assert.deepEqual(await may(holder('p'), 'a'), ['deny'])
  assert.deepEqual(await may(holder('p'), 'b'), ['read'])
  old.discard()
})

test('a policy that does not exist grants nothing, and root grants all', async () => {
  assert.deepEqual(await may(holder('nope'), 'a'), ['deny'])
  assert.deepEqual(await may(holder('root'), 'a'), ['root'])
})

test('the policies of the server itself cannot be written or deleted, in any spelling', async () => {
  for (const name of ['root', 'Root', ' root ', 'response-wrapping', 'control-group']) {
    await assert.rejects(
      store.write((view) => policies.put(view, rootNamespace, name, read('a'))),
      { code: 'POLICY_IMMUTABLE' },
      name,
    )
    await assert.rejects(
      store.write((view) => policies.delete(view, rootNamespace, name)),
      { code: 'POLICY_IMMUTABLE' },
      name,
    )
  }
  await assert.rejects(
    store.write((view) => policies.delete(view, rootNamespace, 'default')),
    { code: 'POLICY_DEFAULT_STAYS' },
  )
  for (const name of ['', 'a/b', '../x', 'a,b', 'ｒｏｏｔ', 'a\nb']) {
    await assert.rejects(
      store.write((view) => policies.put(view, rootNamespace, name, read('a'))),
      { code: 'POLICY_NAME' },
      name,
    )
  }
})

test('a text that is no policy is refused with line and column, and the old one stays', async () => {
  await store.write((view) => policies.put(view, rootNamespace, 'p', read('a')))
  await assert.rejects(
    store.write((view) => policies.put(view, rootNamespace, 'p', 'path "a" {\n  capabilities = ["fly"]\n}')),
    /2/,
  )
  assert.deepEqual(await may(holder('p'), 'a'), ['read'])
})

test('a mount is told of to whoever may do anything at it or below', async () => {
  await store.write((view) =>
    policies.put(
      view,
      rootNamespace,
      'p',
      `${read('a/b/c')}\n${read('x/+/y')}\n${read('pre*')}\npath "no/*" { capabilities = ["deny"] }`,
    ),
  )
  const sees = (mount: string) => store.read((view) => policies.hasMountAccess(holder('p'), rootNamespace, mount, view))
  for (const mount of ['a/', 'a/b/', 'x/', 'x/anything/', 'prefix/', 'pre/'])
    assert.equal(await sees(mount), true, mount)
  for (const mount of ['b/', 'a/c/', 'no/', 'pr/', 'xx/']) assert.equal(await sees(mount), false, mount)
})

const bound = 'path "secret/{{identity.entity.name}}" { capabilities = ["read"] }'

function entity(name: string): IdentityFacts {
  return { entity: { id: `id-${name}`, name, metadata: new Map(), aliases: [] }, groups: [] }
}

test('a templated rule is that of each holder, and follows what is known of him', async () => {
  await store.write((view) => policies.put(view, rootNamespace, 'p', bound))
  const [bob, eve] = [entity('bob'), entity('eve')]
  const as = (identity?: IdentityFacts): Caller => ({ ...holder('p'), ...(identity === undefined ? {} : { identity }) })
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await may(as(bob), 'secret/bob'), ['read'])
    assert.deepEqual(await may(as(bob), 'secret/eve'), ['deny'])
    assert.deepEqual(await may(as(eve), 'secret/eve'), ['read'])
    assert.deepEqual(await may(as(), 'secret/bob'), ['deny'])
  }
  assert.deepEqual(await may(as(entity('robert')), 'secret/bob'), ['deny'])
  await store.write((view) => policies.put(view, rootNamespace, 'p', bound.replace('secret', 'other')))
  assert.deepEqual(await may(as(bob), 'secret/bob'), ['deny'])
  assert.deepEqual(await may(as(bob), 'other/bob'), ['read'])
})

test('a value that would widen a rule drops it, and the log says which rule', async () => {
  const lines: string[] = []
  const sinks = [{ write: (line: string) => void lines.push(line) }]
  const log = createLogger({ levels: new LogLevels('warn'), format: 'json', sinks, clock: new FakeClock() })
  policies = new PolicyStore({ driver: store.driver, clock: new FakeClock(), log })
  await store.write((view) => policies.put(view, rootNamespace, 'p', bound))
  const odd: Caller = { ...holder('p'), identity: entity('*') }
  assert.deepEqual(await may(odd, 'secret/anything'), ['deny'])
  assert.deepEqual(await may(odd, 'secret/*'), ['deny'])
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /identity\.entity\.name/)
})

test('what a caller may do is listed with his own paths', async () => {
  await store.write((view) => policies.put(view, rootNamespace, 'p', bound))
  const bob: Caller = { ...holder('p'), identity: entity('bob') }
  const { exactPaths } = await store.read((view) => policies.resultantAcl(bob, rootNamespace, view))
  assert.deepEqual([...exactPaths], [['secret/bob', ['read']]])
  const { exactPaths: none } = await store.read((view) => policies.resultantAcl(holder('p'), rootNamespace, view))
  assert.deepEqual([...none], [])
})
