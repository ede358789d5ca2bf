/** Quotas of several nodes: every one follows the rules, counts its own requests, and the leases of all are counted by the leader. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { at } from '../support/json.ts'
import { clusterStanza, startPostgres, withoutPostgres } from '../support/postgres.ts'
import type { TestServer } from '../support/server.ts'

describe('quotas of a cluster', { skip: withoutPostgres() }, () => {
  let cluster: TestCluster
  let stop = async (): Promise<void> => undefined
  before(async () => {
    const postgres = await startPostgres()
    stop = async () => postgres[Symbol.asyncDispose]()
    const stanza = clusterStanza(postgres.url())
    cluster = await startCluster(3, stanza)
    await cluster.first.call('POST', 'sys/mounts/kv', { type: 'kv' })
  })
  after(async () => {
    try {
      await cluster[Symbol.asyncDispose]()
    } finally {
      await stop()
    }
  })

  const passed = async (node: TestServer, count: number, method: string, path: string, body?: unknown) => {
    let through = 0
    for (let i = 0; i < count; i++) if ((await node.call(method, path, body)).status !== 429) through++
    return through
  }
  /** What a node answers shows what was acknowledged through it. */
  const limit = (node: TestServer, body: object) => node.call('POST', 'sys/quotas/rate-limit/kv', body)

  test('each node lets in what it may, and a request that it hands on counts there alone', async () => {
    const leader = await cluster.leader()
    const [one, two] = await cluster.others()
    assert.ok(one && two)
    for (const node of [leader, one, two]) {
      assert.equal((await limit(node, { path: 'kv', rate: 3, interval: 600 })).status, 204)
      assert.equal(await passed(node, 5, 'GET', 'kv/a'), 3)
    }
    assert.equal((await limit(one, { path: 'kv', rate: 4, interval: 600 })).status, 204)
    assert.equal(await passed(one, 6, 'POST', 'kv/a', { x: 1 }), 4)
    assert.equal((await limit(leader, { path: 'sys/mounts', rate: 1000 })).status, 204)
    assert.equal(await passed(leader, 6, 'POST', 'kv/b', { x: 1 }), 6)
  })

  test('leases are counted together, and go on being after another node leads', async () => {
    const leader = await cluster.leader()
    const [one, two] = await cluster.others()
    assert.ok(one && two)
    await leader.call('POST', 'sys/quotas/lease-count/tokens', { path: 'auth/token', max_leases: 3 })
    const create = async (node: TestServer) =>
      (await node.call('POST', 'auth/token/create', { policies: ['default'] })).status
    assert.deepEqual(
      [await create(one), await create(two), await create(leader), await create(one)],
      [200, 200, 200, 429],
    )
    assert.equal((await leader.call('PUT', 'sys/step-down')).status, 204)
    const next = await cluster.leader([one, two])
    assert.equal(await create(next), 429)
    assert.equal(at((await next.call('GET', 'sys/quotas/lease-count/tokens')).json, 'data', 'counter'), 3)
  })
})
