/** Events of nodes that share a storage: the leader tells of them, to whoever subscribes through any node. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { tokenWith } from '../support/callers.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { at } from '../support/json.ts'
import { clusterStanza, startPostgres, withoutPostgres, type TestPostgres } from '../support/postgres.ts'
import type { TestServer } from '../support/server.ts'
import { subscribe } from '../support/subscriber.ts'
import { until } from '../support/until.ts'
import { receive } from '../support/webhook-receiver.ts'

describe('two nodes', { skip: withoutPostgres() }, () => {
  let postgres: TestPostgres
  let cluster: TestCluster
  let leader: TestServer
  let standby: TestServer

  const look = async () => {
    leader = await cluster.leader()
    const [other] = await cluster.others()
    assert.ok(other !== undefined)
    standby = other
  }
  const subscriptions = async (): Promise<number> => {
    const { json } = await leader.call('GET', 'sys/metrics')
    const gauges = at(json, 'Gauges')
    assert.ok(Array.isArray(gauges))
    return Number(
      at(
        gauges.find((one) => String(at(one, 'Name')).endsWith('events.subscriptions')),
        'Value',
      ),
    )
  }

  before(async () => {
    postgres = await startPostgres()
    cluster = await startCluster(2, clusterStanza(postgres.url()), { config: 'serving_threads = 1' })
    await look()
    assert.equal((await leader.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
  })
  after(async () => {
    await cluster[Symbol.asyncDispose]()
    await postgres[Symbol.asyncDispose]()
  })

  test('a subscriber of the standby gets what is written through either', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => subscribe(standby, 'kv*')))
    await leader.call('POST', 'secret/data/a', { data: {} })
    await standby.call('POST', 'secret/data/b', { data: {} })
    for (const one of all)
      assert.deepEqual(await one.told(2), ['kv-v2/data-write secret/data/a', 'kv-v2/data-write secret/data/b'])
    assert.equal(await subscriptions(), 4)
    for (const one of all) one.socket.terminate()
    await until(async () => (await subscriptions()) === 0, 10_000, 'the end of the subscriptions')
  })

  test('the commit that an event names is seen by whoever demands it of the standby', async () => {
    await using s = await subscribe(standby, 'kv*')
    await leader.call('POST', 'secret/data/indexed', { data: { n: 1 } })
    const index = (await s.next()).data.event.metadata['vault_index'] ?? ''
    const read = await standby.call('GET', 'secret/data/indexed', undefined, { headers: { 'X-Vault-Index': index } })
    assert.equal(read.status, 200, read.text)
  })

  test('a token that is revoked ends its stream on the standby, too', async () => {
    const policy = `path "sys/events/subscribe/*" { capabilities = ["read"] }
      path "secret/*" { capabilities = ["subscribe"]\n subscribe_event_types = ["*"] }`
    const token = await tokenWith(leader, policy)
    await using s = await subscribe(standby, 'kv*', { token })
    await leader.call('POST', 'auth/token/revoke', { token })
    assert.deepEqual(await s.ended(), { code: 1008, reason: 'permission denied' })
    await assert.rejects(subscribe(standby, 'kv*', { token }), /403 /)
  })

  test('with the leader its streams end, and the next leader delivers what waits', async () => {
    await using receiver = await receive()
    receiver.answer = 503
    await leader.call('POST', 'sys/events/webhooks/w', { url: receiver.url, event_types: 'kv-v2/data-write' })
    await leader.call('POST', 'secret/data/waits', { data: {} })
    await until(() => receiver.refused.length > 0)
    await using near = await subscribe(leader, 'kv*')
    await using far = await subscribe(standby, 'kv*')
    await leader.call('PUT', 'sys/step-down')
    assert.equal((await near.ended()).code, 1001)
    assert.equal((await far.ended()).code, 1001)
    receiver.answer = 204
    await until(() => receiver.taken.length > 0, 20_000, 'the event')
    await look()
    assert.deepEqual(
      [...new Set(receiver.taken.map(({ event }) => event.data.event.metadata['path']))],
      ['secret/data/waits'],
    )
    await using again = await subscribe(standby, 'kv*')
    await leader.call('POST', 'secret/data/after', { data: {} })
    assert.deepEqual(await again.told(1), ['kv-v2/data-write secret/data/after'])
    await until(() => receiver.taken.some(({ event }) => event.data.event.metadata['path'] === 'secret/data/after'))
    // A leader that is killed cannot say so.
    await leader.kill()
    assert.notEqual((await again.ended()).code, 1000)
    await cluster.revive(leader)
    await look()
  })
})
