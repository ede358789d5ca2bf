/** Namespaces with seals of their own, on nodes that share a storage: the keys go with the leadership, and are gone from all at once. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from '../support/callers.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { clusterStanza, startPostgres, withoutPostgres, type TestPostgres } from '../support/postgres.ts'
import type { TestServer } from '../support/server.ts'

describe('three nodes on PostgreSQL', { skip: withoutPostgres() }, () => {
  let postgres: TestPostgres
  let cluster: TestCluster
  let shares: readonly string[]
  let nestedShares: readonly string[]
  let own: string
  const headers = { 'X-Vault-Namespace': 'a' }

  const standby = async (): Promise<TestServer> => {
    const [other] = await cluster.others()
    assert.ok(other !== undefined)
    return other
  }
  const make = async (node: TestServer, options: object) => {
    const seal = 'seal "shamir" { shares = 3 threshold = 2 }'
    const made = await node.call('POST', 'sys/namespaces/a', { seal }, options)
    assert.equal(made.status, 200, made.text)
    return listAt(made.json, 'data', 'key_shares').map(String)
  }
  const unseal = async (node: TestServer, keys: readonly string[], options: object = {}) => {
    for (const key of keys.slice(0, 2)) {
      const answer = await node.call('PUT', 'sys/namespaces/a/unseal', { key }, options)
      assert.equal(answer.status, 200, answer.text)
    }
  }
  const everywhere = (path: string, more: object = {}) =>
    Promise.all(cluster.nodes.map((node) => node.call('GET', path, undefined, { headers, token: own, ...more })))
  /** Whether a node answers by itself: it says so where the leader has not to be asked. */
  const openOn = (node: TestServer) =>
    until('the node has the keys', async () => {
      const answer = await node.call('GET', 'kv/x', undefined, {
        token: own,
        headers: { ...headers, 'X-Vault-No-Request-Forwarding': 'true' },
      })
      return answer.status === 200 ? true : undefined
    })

  before(async () => {
    postgres = await startPostgres()
    cluster = await startCluster(3, clusterStanza(postgres.url()), { config: 'serving_threads = 1' })
    const node = await standby()
    shares = await make(node, {})
    const closed = await node.call('GET', 'kv/x', undefined, { headers })
    assert.equal(closed.status, 503, closed.text)
    await unseal(node, shares)
    assert.equal((await node.call('POST', 'sys/mounts/kv', { type: 'kv' }, { headers })).status, 204)
    assert.equal((await node.call('POST', 'kv/x', { here: 'a' }, { headers })).status, 204)
    const policy = 'path "*" { capabilities = ["read", "create", "update"] }'
    assert.equal((await node.call('PUT', 'sys/policies/acl/p', { policy }, { headers })).status, 204)
    const made = await node.call('POST', 'auth/token/create', { policies: ['p'] }, { headers })
    own = textAt(made.json, 'auth', 'client_token')
    nestedShares = await make(node, { headers })
    await unseal(node, nestedShares, { headers })
    const below = { headers: { 'X-Vault-Namespace': 'a/a' } }
    assert.equal((await node.call('POST', 'sys/mounts/kv', { type: 'kv' }, below)).status, 204)
    assert.equal((await node.call('POST', 'kv/x', { here: 'a/a' }, below)).status, 204)
  })
  after(async () => {
    await cluster[Symbol.asyncDispose]()
    await postgres[Symbol.asyncDispose]()
  })

  test('each of them comes to answer by itself', async () => {
    for (const node of cluster.nodes) await openOn(node)
    for (const answer of await everywhere('a/kv/x')) assert.equal(at(answer.json, 'data', 'here'), 'a/a', answer.text)
  })

  test('whoever leads next has it open, and what was written before', async () => {
    for (const node of cluster.nodes) await openOn(node)
    const before = await cluster.leader()
    await before.kill()
    const left = cluster.nodes.filter((node) => node !== before)
    const next = await cluster.leader(left)
    assert.equal(at((await next.call('GET', 'kv/x', undefined, { headers, token: own })).json, 'data', 'here'), 'a')
    assert.equal((await next.call('POST', 'kv/y', { by: 'the next' }, { headers, token: own })).status, 204)
    // The one that comes back is given the keys by the others.
    await cluster.revive(before)
    await openOn(before)
    const nested = await before.call('GET', 'a/kv/x', undefined, { headers, token: own })
    assert.equal(nested.status, 200, nested.text)
  })

  test('sealed by one it is sealed on all, also when another leads, and until it is unsealed', async () => {
    const node = await standby()
    assert.equal((await node.call('PUT', 'sys/namespaces/a/seal', {})).status, 204)
    // The one that was asked has it at once, the others hear of it.
    assert.equal((await node.call('GET', 'kv/x', undefined, { headers, token: own })).status, 503)
    await until('all have heard of it', async () =>
      (await everywhere('kv/x')).every((answer) => answer.status === 503) ? true : undefined,
    )
    for (const answer of await everywhere('auth/token/lookup-self', { headers: {} })) assert.equal(answer.status, 403)
    const leader = await cluster.leader()
    assert.equal((await leader.call('PUT', 'sys/step-down')).status, 204)
    const next = await until('another that leads', async () => {
      const now = await cluster.leader()
      return now === leader ? undefined : now
    })
    assert.equal(at((await next.call('GET', 'sys/namespaces/a/seal-status')).json, 'data', 'sealed'), true)
    for (const answer of await everywhere('kv/x')) assert.equal(answer.status, 503, answer.text)
    await unseal(await standby(), shares.slice(1))
    for (const one of cluster.nodes) await openOn(one)
    // The one below was closed with it, and is opened with its own shares.
    assert.equal((await next.call('GET', 'a/kv/x', undefined, { headers, token: own })).status, 503)
    await unseal(await standby(), nestedShares, { headers })
    for (const answer of await everywhere('a/kv/x')) assert.equal(answer.status, 200, answer.text)
  })

  test('other shares and another keyring reach them all', async () => {
    const node = await standby()
    assert.equal((await node.call('POST', 'sys/rotate', {}, { headers })).status, 204)
    const begun = await node.call(
      'POST',
      'sys/rotate/root/init',
      { secret_shares: 1, secret_threshold: 1 },
      { headers },
    )
    const nonce = textAt(begun.json, 'data', 'nonce')
    for (const key of shares.slice(0, 2))
      assert.equal((await node.call('POST', 'sys/rotate/root/update', { key, nonce }, { headers })).status, 200)
    const written = await node.call('POST', 'kv/z', { after: 'all' }, { headers })
    assert.equal(written.status, 204)
    const index = { headers: { ...headers, 'X-Vault-Index': String(written.headers['x-vault-index']) } }
    for (const answer of await everywhere('kv/z', index)) assert.equal(answer.status, 200, answer.text)
    const leader = await cluster.leader()
    assert.equal((await leader.call('PUT', 'sys/step-down')).status, 204)
    await until('another that leads', async () => ((await cluster.leader()) === leader ? undefined : true))
    for (const answer of await everywhere('kv/z', index)) assert.equal(answer.status, 200, answer.text)
  })
})
