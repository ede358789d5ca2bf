/** Key ceremonies on several nodes: the leader's work, driven through those that follow, which go over to the new root key. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from '../support/callers.ts'
import { healthOf, startCluster, type TestCluster } from '../support/cluster.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { clusterStanza, startPostgres, withoutPostgres } from '../support/postgres.ts'
import type { TestServer } from '../support/server.ts'

describe('key ceremonies of a cluster', { skip: withoutPostgres() }, () => {
  let cluster: TestCluster
  let stop = async (): Promise<void> => undefined
  before(async () => {
    const postgres = await startPostgres()
    stop = async () => postgres[Symbol.asyncDispose]()
    const stanza = clusterStanza(postgres.url())
    cluster = await startCluster(3, stanza, { shares: 3, threshold: 2 })
    await cluster.first.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await cluster.first.call('POST', 'secret/data/a', { data: { a: 1 } })
  })
  after(async () => {
    try {
      await cluster[Symbol.asyncDispose]()
    } finally {
      await stop()
    }
  })

  const reads = async (node: TestServer) =>
    (await node.call('GET', 'secret/data/a', undefined, { headers: { Connection: 'close' } })).status

  async function rekeyed(node: TestServer): Promise<readonly string[]> {
    const { nonce } = Object((await node.call('PUT', 'sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })).json)
    let made: unknown
    for (const key of node.keys.slice(0, 2)) made = (await node.call('PUT', 'sys/rekey/update', { key, nonce })).json
    const keys = listAt(made, 'keys_base64').map(String)
    for (const each of cluster.nodes) each.keys = keys
    return keys
  }

  test('a root token is made through a node that follows, whatever node each share comes by', async () => {
    const [one, two] = await cluster.others()
    const leader = await cluster.leader()
    assert.ok(one && two)
    const begun = (await one.call('PUT', 'sys/generate-root/attempt', {})).json
    const nonce = textAt(begun, 'nonce')
    assert.equal(at((await leader.call('GET', 'sys/generate-root/attempt')).json, 'nonce'), nonce)
    await two.call('PUT', 'sys/generate-root/update', { key: one.keys[0], nonce })
    const last = (await one.call('PUT', 'sys/generate-root/update', { key: one.keys[2], nonce })).json
    const answer = await two.call('PUT', 'sys/decode-token', {
      encoded_token: textAt(last, 'encoded_token'),
      otp: textAt(begun, 'otp'),
    })
    const token = textAt(answer.json, 'data', 'token')
    assert.equal((await one.call('GET', 'sys/mounts', undefined, { token })).status, 200)
  })

  test('nodes that follow go on after the root key was replaced twice, and lead with the new one', async () => {
    const [one, two] = await cluster.others()
    assert.ok(one && two)
    await rekeyed(one)
    for (const node of cluster.nodes) assert.equal(await reads(node), 200)
    await rekeyed(two)
    for (let round = 0; round < 4; round++) for (const node of cluster.nodes) assert.equal(await reads(node), 200)
    const leader = await cluster.leader()
    await leader.call('PUT', 'sys/step-down')
    const next = await cluster.leader([one, two])
    assert.equal((await next.call('POST', 'sys/rotate')).status, 204)
    await next.call('POST', 'secret/data/b', { data: { b: 1 } })
    for (const node of cluster.nodes)
      await until('it reads', async () => ((await reads(node)) === 200 ? true : undefined))
    assert.ok(!cluster.nodes.some((node) => /the keys of this node do not open/.test(node.output)))
  })

  test('a step-down ends what was begun, and nothing is changed', async () => {
    const leader = await cluster.leader()
    const { nonce } = Object(
      (await leader.call('PUT', 'sys/rekey/init', { secret_shares: 1, secret_threshold: 1 })).json,
    )
    await leader.call('PUT', 'sys/rekey/update', { key: leader.keys[0], nonce })
    await leader.call('PUT', 'sys/step-down')
    const next = await cluster.leader(cluster.nodes.filter((node) => node !== leader))
    assert.equal(at((await next.call('GET', 'sys/rekey/init')).json, 'started'), false)
    await until('it follows', async () => ((await healthOf(leader)) === 429 ? true : undefined))
    assert.equal(at((await leader.call('GET', 'sys/rekey/init')).json, 'started'), false)
  })

  test('a node that was away meanwhile is unsealed with the new shares, and not with those from before', async () => {
    const [away] = await cluster.others()
    assert.ok(away)
    const old = away.keys
    await away.kill()
    await rekeyed(await cluster.leader(cluster.nodes.filter((node) => node !== away)))
    await away.restart()
    for (const key of old.slice(0, 2)) await away.call('PUT', 'sys/unseal', { key })
    assert.equal(at((await away.call('GET', 'sys/seal-status')).json, 'sealed'), true)
    await away.unseal()
    await until('it follows', async () => ((await healthOf(away)) === 429 ? true : undefined))
    assert.equal(await reads(away), 200)
  })
})
