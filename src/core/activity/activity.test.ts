import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textAt, at, listAt } from '../../../test/support/json.ts'
import { FakeClock } from '../../lib/clock.ts'
import { stringify } from '../../lib/json/index.ts'
import { silentLogger } from '../../lib/observe/index.ts'
import type { Caller } from '../../request/caller.ts'
import type { Mount } from '../../request/mount.ts'
import { rootNamespace } from '../../request/request.ts'
import { MemoryDriver } from '../../storage/drivers/memory.ts'
import { plainCodec } from '../../storage/plain-codec.ts'
import { Store } from '../../storage/store.ts'
import { Activity } from './activity.ts'
import { clientIdOf } from './client-id.ts'
import { storedMonths } from './records.ts'
import { testMount } from '../../../test/support/mounts.ts'

const team = { id: 'abc', path: 'team/' }

function mountAt(namespaceId: string, path: string): Mount {
  return testMount(path, {
    kind: 'auth',
    type: 'userpass',
    uuid: `${namespaceId}-${path}`,
    accessor: `auth_${namespaceId}`,
    namespaceId,
  })
}
const mounts = [mountAt('root', 'auth/userpass/'), mountAt('abc', 'auth/userpass/')]

let last = 0
function caller(more: Partial<Caller>): Caller {
  return {
    token: `token-${++last}`,
    accessor: '',
    type: 'service',
    displayName: '',
    policies: [],
    tokenPolicies: ['default'],
    identityPolicies: [],
    entityId: '',
    meta: new Map(),
    path: 'auth/userpass/login/bob',
    orphan: true,
    numUses: 0,
    ttl: 0,
    issuedAt: 0,
    expiresAt: undefined,
    namespaceId: 'root',
    ...more,
  }
}

async function setUp(store = new Store(new MemoryDriver(), plainCodec), clock = new FakeClock(Date.UTC(2026, 0, 15))) {
  const activity = new Activity({
    store,
    clock,
    log: silentLogger,
    namespaces: {
      byId: (id) => (id === team.id ? team : undefined),
      below: ({ id }) =>
        id === 'root'
          ? [
              {
                ...team,
                uuid: '',
                customMetadata: new Map(),
                tainted: false,
                lock: undefined,
                home: '',
                sealed: false,
                wiped: false,
              },
            ]
          : [],
    },
    mounts: {
      byAccessor: (accessor) => mounts.find((mount) => mount.accessor === accessor),
      serving: (namespaceId, path) =>
        mounts.find((mount) => mount.namespaceId === namespaceId && path.startsWith(mount.path)),
    },
    entitiesIn: async () => 1,
    tokensIn: async () => 2,
  })
  await activity.start('leader')
  const seen = (one: Caller) => {
    if (!activity.counter.isSettled(one, clock.now())) activity.counter.count(one, clock.now())
  }
  const report = async (start: number, end: number, namespace = rootNamespace, limit = 0): Promise<unknown> => {
    const found = await activity.report(namespace, { start, end }, limit)
    return found === undefined ? undefined : JSON.parse(stringify(found))
  }
  return { activity, store, clock, seen, report }
}

const JANUARY = Date.UTC(2026, 0, 1)
const MARCH_END = Date.UTC(2026, 3, 1) - 1000
const DAY = 86_400_000

test('a client counts once a month, and once in a period, whatever tokens he comes with', async () => {
  const { seen, report, clock } = await setUp()
  const [bob, again] = [caller({ entityId: 'bob' }), caller({ entityId: 'bob' })]
  for (const one of [bob, bob, again, caller({}), caller({}), caller({ tokenPolicies: ['other'] })]) seen(one)
  await clock.advance(31 * DAY)
  seen(bob)
  seen(caller({ entityId: 'eve', namespaceId: team.id }))
  const found = await report(JANUARY, MARCH_END)
  assert.deepEqual(at(found, 'total'), {
    distinct_entities: 2,
    entity_clients: 2,
    non_entity_tokens: 2,
    non_entity_clients: 2,
    clients: 4,
  })
  const months = listAt(found, 'months')
  assert.deepEqual(
    months.map((month) => textAt(month, 'timestamp').slice(0, 7)),
    ['2026-01', '2026-02', '2026-03'],
  )
  assert.equal(at(months[1], 'counts', 'clients'), 2)
  assert.equal(at(months[1], 'new_clients', 'counts', 'clients'), 1)
  assert.equal(at(months[2], 'counts'), null)
  const [root, below] = listAt(found, 'by_namespace')
  assert.equal(at(root, 'namespace_id'), 'root')
  assert.deepEqual(at(below, 'mounts', 0, 'mount_path'), 'auth/userpass/')
  assert.equal(at(below, 'namespace_path'), 'team/')
  assert.equal(listAt(await report(JANUARY, MARCH_END, rootNamespace, 1), 'by_namespace').length, 1)
})

test('a namespace is told of itself and what is below it, not of others', async () => {
  const { seen, report, activity } = await setUp()
  seen(caller({ entityId: 'bob' }))
  seen(caller({ entityId: 'eve', namespaceId: team.id }))
  assert.equal(at(await report(JANUARY, MARCH_END, team), 'total', 'clients'), 1)
  const lines = await activity.exported(team, { start: JANUARY, end: MARCH_END }, 'json')
  assert.match(await textOf(lines), /^\{"client_id":"eve",[^\n]*"namespace_path":"team\/"[^\n]*\}\n$/)
})

test('nobody is the client of a root token or of one that only unwraps', async () => {
  const { seen, report } = await setUp()
  seen(caller({ tokenPolicies: ['root'] }))
  seen(caller({ tokenPolicies: ['response-wrapping'] }))
  assert.equal(await report(JANUARY, MARCH_END), undefined)
})

test('the id of a client without an entity is the reference implementation’s', () => {
  // Of the sorted names with 7F between, then 00 and the namespace; made with another program.
  const policies = ['foo', 'bar', 'baz', 'banana']
  const { id, isEntity } = clientIdOf(caller({ tokenPolicies: policies, namespaceId: 'namespaceFoo' })) ?? {}
  assert.equal(id, 'jPwsxFzwa/2a5D/l0RhCokbQl8RN3AWROaF4Kk6wnj4=')
  assert.equal(isEntity, false)
})

test('months that are over are packed and still counted, and go when they are too old', async () => {
  const { activity, seen, report, clock, store } = await setUp()
  for (let i = 0; i < 2500; i++) seen(caller({ entityId: `entity-${i}` }))
  await activity.counter.flush()
  const keysOf = (prefix: string) => store.read((view) => view.keys(`core/activity/${prefix}`))
  assert.equal((await keysOf('clients/')).length, 2500)
  await clock.advance(31 * DAY)
  await activity.tidy()
  assert.deepEqual(await keysOf('clients/'), [])
  assert.equal((await keysOf('segments/')).length, 3)
  assert.equal(at(await report(JANUARY, MARCH_END), 'total', 'clients'), 2500)
  await store.write((view) =>
    activity.setConfig(view, { enabled: 'default', retentionMonths: 1, defaultReportMonths: 12 }),
  )
  await clock.advance(31 * DAY)
  await activity.tidy()
  assert.deepEqual(await store.read(storedMonths), [])
})

test('disabled it counts nobody, and what was counted this month goes', async () => {
  const { activity, seen, report, store } = await setUp()
  const bob = caller({ entityId: 'bob' })
  seen(bob)
  await activity.counter.flush()
  await store.write((view) =>
    activity.setConfig(view, { enabled: 'disable', retentionMonths: 24, defaultReportMonths: 12 }),
  )
  await activity.tidy()
  seen(caller({ entityId: 'eve' }))
  assert.equal(await report(JANUARY, MARCH_END), undefined)
  await store.write((view) =>
    activity.setConfig(view, { enabled: 'enable', retentionMonths: 24, defaultReportMonths: 12 }),
  )
  seen(bob)
  assert.equal(at(await report(JANUARY, MARCH_END), 'total', 'clients'), 1)
})

test('what was counted is there after a restart, and by then written', async () => {
  const first = await setUp()
  first.seen(caller({ entityId: 'bob' }))
  await first.activity.stop()
  const second = await setUp(first.store, first.clock)
  assert.equal(at(await second.report(JANUARY, MARCH_END), 'total', 'clients'), 1)
  second.seen(caller({ entityId: 'bob' }))
  assert.equal(at(await second.report(JANUARY, MARCH_END), 'total', 'clients'), 1)
})

test('a core that only reads knows by the storage who was counted', async () => {
  const leader = await setUp()
  const reader = new Activity({ ...readerDeps(leader.store, leader.clock) })
  await reader.start('reader')
  const bob = caller({ entityId: 'bob' })
  const now = leader.clock.now()
  const asks = () => leader.store.read((view) => reader.counter.isNew(bob, now, view))
  assert.equal(reader.counter.isSettled(bob, now), false)
  assert.equal(await asks(), true)
  leader.seen(bob)
  await leader.activity.counter.flush()
  assert.equal(await asks(), false)
  assert.equal(reader.counter.isSettled(bob, now), true)
  // Without a leader nobody is kept waiting.
  const eve = caller({ entityId: 'eve' })
  reader.counter.pause()
  assert.equal(await leader.store.read((view) => reader.counter.isNew(eve, now, view)), false)
  await reader.stop()
})

function readerDeps(store: Store, clock: FakeClock) {
  return {
    store,
    clock,
    log: silentLogger,
    namespaces: { byId: () => undefined, below: () => [] },
    mounts: { byAccessor: () => undefined, serving: () => undefined },
    entitiesIn: async () => 0,
    tokensIn: async () => 0,
  }
}

test('an export has each client once, in either form', async () => {
  const { activity, seen, clock } = await setUp()
  const bob = caller({ entityId: 'bob, "the first"' })
  seen(bob)
  await clock.advance(31 * DAY)
  seen(bob)
  const period = { start: JANUARY, end: MARCH_END }
  const csv = await textOf(await activity.exported(rootNamespace, period, 'csv'))
  const [head = '', row = '', rest] = csv.split('\n')
  assert.match(head, /^client_id,client_type,namespace_id,/)
  assert.ok(
    row.startsWith('"bob, ""the first""",entity,root,,auth_root,auth/userpass/,userpass,2026-01-15T00:00:00Z'),
    row,
  )
  assert.equal(rest, '')
  assert.equal(await activity.exported(team, period, 'csv'), undefined)
})

async function textOf(pieces: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  assert.ok(pieces !== undefined)
  let text = ''
  for await (const piece of pieces) text += Buffer.from(piece).toString()
  return text
}
