/** Nodes that share a storage, as their clients and operators see them. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createToken, until } from '../support/callers.ts'
import { healthOf, startCluster, type TestCluster } from '../support/cluster.ts'
import { CuttableLink } from '../support/cuttable-link.ts'
import { TestEtcd, noEtcd } from '../support/etcd.ts'
import { at, textAt } from '../support/json.ts'
import { clusterStanza, startPostgres, withoutPostgres, type TestPostgres } from '../support/postgres.ts'
import type { TestServer } from '../support/server.ts'

describe('three nodes on PostgreSQL', { skip: withoutPostgres() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-cluster-'))
  /** One device of the cluster, which every node has: on one machine they share its file. */
  const auditFile = join(folder, 'audit.log')
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

  before(async () => {
    postgres = await startPostgres()
    cluster = await startCluster(3, clusterStanza(postgres.url()), {
      config: `serving_threads = 1
          audit "file" "shared" { options { file_path = "${auditFile}" } }`,
    })
    await look()
    assert.equal((await leader.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
  })
  after(async () => {
    await cluster[Symbol.asyncDispose]()
    await postgres[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  test('one answers 200 to a health check, the others 429, or what they are asked to', async () => {
    assert.equal(await healthOf(leader), 200)
    for (const node of await cluster.others()) {
      const health = await node.call('GET', 'sys/health', undefined, { token: '' })
      assert.equal(health.status, 429)
      assert.deepEqual(
        [at(health.json, 'standby'), at(health.json, 'sealed'), at(health.json, 'performance_standby')],
        [true, false, false],
      )
      assert.equal((await node.call('GET', 'sys/health?standbyok=true')).status, 200)
      assert.equal((await node.call('GET', 'sys/health?perfstandbyok=true')).status, 429)
      assert.equal((await node.call('GET', 'sys/health?standbycode=222')).status, 222)
    }
  })

  test('namespaces are on every node, by header and path, and gone from every node', async () => {
    assert.equal((await standby.call('POST', 'sys/namespaces/team')).status, 200)
    const headers = { 'X-Vault-Namespace': 'team' }
    assert.equal((await standby.call('POST', 'sys/mounts/kv', { type: 'kv' }, { headers })).status, 204)
    const written = await standby.call('POST', 'kv/a', { here: 'team' }, { headers })
    assert.equal(written.status, 204)
    const made = await leader.call('POST', 'auth/token/create', { policies: ['default'] }, { headers })
    const token = textAt(made.json, 'auth', 'client_token')
    const index = { 'X-Vault-Index': String(made.headers['x-vault-index']) }
    for (const node of cluster.nodes) {
      const seen = await node.call('GET', 'team/kv/a', undefined, { headers: index })
      assert.equal(at(seen.json, 'data', 'here'), 'team', seen.text)
      const self = await node.call('GET', 'auth/token/lookup-self', undefined, {
        token,
        headers: { ...headers, ...index },
      })
      assert.equal(self.status, 200, self.text)
      assert.equal(
        (await node.call('GET', 'kv/a', undefined, { token, headers: { ...headers, ...index } })).status,
        403,
      )
    }
    assert.ok((await standby.call('DELETE', 'sys/namespaces/team')).status <= 204)
    for (const node of cluster.nodes) {
      await until('its end on every node', async () =>
        (await node.call('GET', 'team/kv/a')).status === 404 ? true : undefined,
      )
      assert.equal((await node.call('GET', 'auth/token/lookup-self', undefined, { token, headers })).status, 403)
    }
  })

  test('every node knows who leads, and the leader knows every node', async () => {
    for (const node of cluster.nodes) {
      const { json } = await node.call('GET', 'sys/leader', undefined, { token: '' })
      assert.equal(textAt(json, 'leader_address'), leader.address)
      assert.match(textAt(json, 'leader_cluster_address'), /^https:\/\/127\.0\.0\.1:\d+$/)
      assert.equal(at(json, 'ha_enabled'), true)
      assert.equal(at(json, 'is_self'), node === leader)
      assert.equal(textAt(json, 'active_time') === '0001-01-01T00:00:00Z', node !== leader)
    }
    const nodes = await until('all nodes are heard of', async () => {
      const list = at((await standby.call('GET', 'sys/ha-status')).json, 'data', 'nodes')
      return Array.isArray(list) && list.length === 3 ? list : undefined
    })
    assert.deepEqual(
      nodes.map((node) => textAt(node, 'api_address')).toSorted(),
      cluster.nodes.map(({ address }) => address).toSorted(),
    )
    for (const node of nodes) {
      const isLeader = textAt(node, 'api_address') === leader.address
      assert.equal(at(node, 'active_node'), isLeader)
      assert.equal(at(node, 'last_echo') === null, isLeader)
    }
  })

  test('a write through any node is carried out, and read by the same node at once', async () => {
    for (const [i, node] of cluster.nodes.entries()) {
      const written = await node.call('POST', 'secret/data/any', { data: { i } })
      assert.equal(written.status, 200, written.text)
      assert.equal(at((await node.call('GET', 'secret/data/any')).json, 'data', 'data', 'i'), i)
      assert.equal((await node.call('LIST', 'secret/metadata')).status, 200)
    }
  })

  test('a request is audited once, by the node that carried it out', async () => {
    await standby.call('POST', 'secret/data/audited', { data: { a: 1 } })
    await standby.call('GET', 'secret/data/audited')
    const entries = readFileSync(auditFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes('secret/data/audited'))
      .map((line): unknown => JSON.parse(line))
      .map((entry) => [textAt(entry, 'type'), textAt(entry, 'request', 'operation')])
    assert.deepEqual(entries, [
      ['request', 'create'],
      ['response', 'create'],
      ['request', 'read'],
      ['response', 'read'],
    ])
  })

  test('a client may demand of any node what it wrote through another', async () => {
    const written = await leader.call('POST', 'secret/data/index', { data: { a: 1 } })
    const index = String(written.headers['x-vault-index'])
    for (const node of cluster.nodes) {
      const answer = await node.call('GET', 'secret/data/index', undefined, { headers: { 'X-Vault-Index': index } })
      assert.equal(answer.status, 200, answer.text)
    }
    const future = Buffer.from('v1:999999999').toString('base64')
    const headers = { 'X-Vault-Index': future }
    assert.equal((await standby.call('GET', 'secret/data/index', undefined, { headers })).status, 412)
    assert.equal(
      (
        await standby.call('GET', 'secret/data/index', undefined, {
          headers: { ...headers, 'X-Vault-Inconsistent': 'fail' },
        })
      ).status,
      412,
    )
    assert.equal(
      (
        await standby.call('GET', 'secret/data/index', undefined, {
          headers: { ...headers, 'X-Vault-Inconsistent': 'forward-active-node' },
        })
      ).status,
      200,
    )
    const nonsense = await standby.call('GET', 'secret/data/index', undefined, { headers: { 'X-Vault-Index': 'x' } })
    assert.equal(nonsense.status, 400)
    assert.match(nonsense.text, /X-Vault-Index/)
  })

  test('a standby sends a client on that wants no forwarding', async () => {
    const answer = await standby.call(
      'PUT',
      'secret/data/redirected?x=1',
      { data: {} },
      {
        headers: { 'X-Vault-No-Request-Forwarding': 'true' },
      },
    )
    assert.equal(answer.status, 307)
    assert.equal(answer.headers.location, `${leader.address}/v1/secret/data/redirected?x=1`)
    assert.equal((await leader.call('GET', 'secret/data/redirected')).status, 404)
  })

  test('X-Vault-Forward has the leader answer', async () => {
    // A standby would refuse this: it does not have that state, and never will.
    const headers = { 'X-Vault-Index': Buffer.from('v1:999999999').toString('base64') }
    assert.equal((await standby.call('GET', 'secret/data/any', undefined, { headers })).status, 412)
    const answer = await standby.call('GET', 'secret/data/any', undefined, {
      headers: { ...headers, 'X-Vault-Forward': 'active-node' },
    })
    assert.equal(answer.status, 200)
  })

  test('a token bound to an address is judged by the client’s, not by that of the node in between', async () => {
    await leader.call('POST', 'auth/token/roles/near', { token_bound_cidrs: ['127.0.0.1/32'] })
    await leader.call('POST', 'auth/token/roles/far', { token_bound_cidrs: ['10.0.0.0/8'] })
    const made = await leader.call('POST', 'auth/token/create/near', { policies: ['default'], num_uses: 3 })
    const token = textAt(made.json, 'auth', 'client_token')
    const headers = { 'X-Vault-Index': String(made.headers['x-vault-index']) }
    assert.equal((await standby.call('GET', 'auth/token/lookup-self', undefined, { token, headers })).status, 200)
    const bound = await leader.call('POST', 'auth/token/create/far', { policies: ['default'] })
    const elsewhere = textAt(bound.json, 'auth', 'client_token')
    const refused = await standby.call('POST', 'auth/token/renew-self', {}, { token: elsewhere })
    assert.equal(refused.status, 403)
  })

  test('bodies go through a standby whole, small and large', async () => {
    for (const bytes of [10, 300_000, 5_000_000]) {
      const value = 'x'.repeat(bytes)
      assert.equal((await standby.call('POST', 'secret/data/large', { data: { value } })).status, 200)
      assert.equal(textAt((await standby.call('GET', 'secret/data/large')).json, 'data', 'data', 'value').length, bytes)
    }
    const tooLarge = await standby.call('POST', 'secret/data/large', { data: { value: 'x'.repeat(33 << 20) } })
    assert.equal(tooLarge.status, 413)
  })

  test('the port for other nodes takes nobody who does not show the cluster’s certificate', async () => {
    const address = textAt((await leader.call('GET', 'sys/leader')).json, 'leader_cluster_address')
    const https = await import('node:https')
    const error = await new Promise<string>((resolve) => {
      const request = https.request(`${address}/forward`, { method: 'POST', rejectUnauthorized: false }, (response) =>
        resolve(`answered ${response.statusCode}`),
      )
      request.on('error', (e) => resolve(e.message))
      request.end()
    })
    assert.match(error, /certificate required|ECONNRESET|socket hang up|EPIPE/)
  })

  test('a leader that steps down hands over at once, and nothing that was acknowledged is lost', async () => {
    await leader.call('POST', 'secret/data/handed-over', { data: { a: 1 } })
    const old = leader
    const began = performance.now()
    assert.equal((await old.call('PUT', 'sys/step-down')).status, 204)
    const next = await cluster.leader(cluster.nodes.filter((node) => node !== old))
    assert.ok(performance.now() - began < 5_000)
    assert.notEqual(next, old)
    assert.equal(await healthOf(old), 429)
    assert.equal((await old.call('GET', 'secret/data/handed-over')).status, 200)
    assert.equal((await old.call('POST', 'secret/data/handed-over', { data: { a: 2 } })).status, 200)
    await look()
  })

  test('a leader that is sealed hands over at once', async () => {
    const old = leader
    const began = performance.now()
    assert.equal((await old.call('PUT', 'sys/seal')).status, 204)
    await cluster.leader(cluster.nodes.filter((node) => node !== old))
    assert.ok(performance.now() - began < 5_000)
    assert.equal(await healthOf(old), 503)
    await old.unseal()
    await until('it follows', async () => ((await healthOf(old)) === 429 ? true : undefined))
    await look()
  })

  test('a leader that is ended by SIGTERM hands over at once', async () => {
    const old = leader
    const began = performance.now()
    const ended = old.kill('SIGTERM')
    await cluster.leader(cluster.nodes.filter((node) => node !== old))
    assert.ok(performance.now() - began < 8_000)
    assert.equal(await ended, 0)
    await cluster.revive(old)
    await look()
  })

  test('a revoked token, a changed policy and a removed mount hold on every node at once, where the index is named', async () => {
    await leader.call('PUT', 'sys/policies/acl/p', { policy: 'path "secret/data/any" { capabilities = ["read"] }' })
    const made = await leader.call('POST', 'auth/token/create', { policies: ['p'] })
    const token = textAt(made.json, 'auth', 'client_token')
    const withIndex = (answer: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }) => ({
      token,
      headers: { 'X-Vault-Index': String(answer.headers['x-vault-index']) },
    })
    for (const node of cluster.nodes)
      assert.equal((await node.call('GET', 'secret/data/any', undefined, withIndex(made))).status, 200)
    const changed = await standby.call('PUT', 'sys/policies/acl/p', { policy: 'path "x" { capabilities = ["read"] }' })
    for (const node of cluster.nodes)
      assert.equal((await node.call('GET', 'secret/data/any', undefined, withIndex(changed))).status, 403)
    const revoked = await standby.call('POST', 'auth/token/revoke', { token })
    for (const node of cluster.nodes)
      assert.equal((await node.call('GET', 'auth/token/lookup-self', undefined, withIndex(revoked))).status, 403)
  })

  test('who left a group is out of it on every node, where the index is named', async () => {
    await leader.call('PUT', 'sys/policies/acl/g', { policy: 'path "secret/data/any" { capabilities = ["read"] }' })
    await leader.call('POST', 'secret/data/any', { data: { a: 1 } })
    await leader.call('POST', 'auth/token/roles/any', { allowed_entity_aliases: '*', orphan: true })
    const made = await standby.call('POST', 'auth/token/create/any', { entity_alias: 'bob', policies: ['default'] })
    const token = textAt(made.json, 'auth', 'client_token')
    const members = { member_entity_ids: [textAt(made.json, 'auth', 'entity_id')] }
    await leader.call('POST', 'identity/group', { name: 'g', policies: ['g'] })
    for (let round = 0; round < 6; round++) {
      const may = round % 2 === 0
      const changed = await standby.call('POST', 'identity/group/name/g', may ? members : { member_entity_ids: [] })
      const headers = { 'X-Vault-Index': String(changed.headers['x-vault-index']) }
      for (const node of cluster.nodes) {
        const answer = await node.call('GET', 'secret/data/any', undefined, { token, headers })
        assert.equal(answer.status, may ? 200 : 403, `round ${round}: ${answer.text}`)
      }
    }
  })

  test('a database that is away gives 503 with a reason, and everything works again once it is back', async () => {
    await postgres.stop('SIGKILL')
    const answer = await until('an error', async () => {
      const one = await leader.call('GET', 'secret/data/any', undefined, { timeout: 30_000 }).catch(() => undefined)
      return one !== undefined && one.status >= 500 ? one : undefined
    })
    assert.match(answer.text, /"errors":\["[^"]+"\]/)
    await postgres.start()
    await cluster.leader()
    for (const node of cluster.nodes)
      await until('it serves', async () =>
        (await node.call('POST', 'secret/data/any', { data: { i: 1 } })).status === 200 ? true : undefined,
      )
  })
})

describe('nodes that unseal by themselves', () => {
  test('open as soon as one of them has made the vault, and after a restart', { skip: withoutPostgres() }, async () => {
    await using postgres = await startPostgres()
    const key = Buffer.alloc(32, 7).toString('base64')
    await using cluster = await startCluster(2, clusterStanza(postgres.url()), {
      config: `serving_threads = 1\nseal "static" {\n current_key_id = "one"\n current_key = "${key}"\n }`,
      recovery: true,
    })
    for (const node of cluster.nodes) {
      const { json } = await until('it opens', async () => {
        const status = await node.call('GET', 'sys/seal-status')
        return at(status.json, 'sealed') === false ? status : undefined
      })
      assert.deepEqual([at(json, 'type'), at(json, 'recovery_seal')], ['static', true])
    }
    const [standby] = await cluster.others()
    assert.ok(standby !== undefined)
    assert.equal((await standby.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
    await standby.kill('SIGKILL')
    await standby.restart()
    await until('it follows', async () => ((await healthOf(standby)) === 429 ? true : undefined))
    assert.equal((await standby.call('POST', 'secret/data/a', { data: { a: 1 } })).status, 200)
    const backends = await standby.call('GET', 'sys/seal-backend-status')
    assert.equal(at(backends.json, 'healthy'), true)
  })
})
/** Longer than a node that follows answers from what it remembers, ms. */
const STALE_AFTER = 12_000

// With a thread that serves, and without: each has a memory of its own.
for (const threads of [0, 1]) {
  test(
    `a standby with ${threads} threads that is cut off forgets a revoked token's answers in time`,
    { skip: withoutPostgres() },
    async () => {
      await using postgres = await startPostgres()
      const links = [await CuttableLink.to(postgres.port), await CuttableLink.to(postgres.port)]
      await using _links = {
        [Symbol.asyncDispose]: async () => void (await Promise.all(links.map((one) => one[Symbol.asyncDispose]()))),
      }
      await using cluster = await startCluster(
        2,
        (node) => {
          const url = postgres.url().replace(`:${postgres.port}/`, `:${links[node]?.port ?? 0}/`)
          return clusterStanza(url)
        },
        { config: `serving_threads = ${threads}` },
      )
      const leader = await cluster.leader()
      const [standby] = await cluster.others()
      const link = standby && links[cluster.nodes.indexOf(standby)]
      assert.ok(standby !== undefined && link !== undefined)
      const token = await createToken(leader, { policies: ['default'] })
      /** What the standby says; 0 where it takes its time, since it asks a storage that does not answer. */
      const lookup = async (timeout: number): Promise<number> =>
        standby.call('GET', 'auth/token/lookup-self', undefined, { token, timeout }).then(
          ({ status }) => status,
          () => 0,
        )
      await until('the standby knows the token', async () => ((await lookup(2000)) === 200 ? true : undefined))
      link.silence()
      const cut = performance.now()
      assert.equal((await leader.call('POST', 'auth/token/revoke', { token })).status, 204)
      while (performance.now() - cut < STALE_AFTER) await lookup(1000)
      // One that is waited for to the end, and some that are not.
      const patient = lookup(60_000)
      for (let i = 0; i < 20; i++) assert.notEqual(await lookup(200), 200)
      const refusal = await patient
      assert.ok(refusal === 403 || refusal >= 500, `the standby answered ${refusal}`)
      link.mend()
      await until('it follows again', async () => ((await lookup(2000)) === 403 ? true : undefined))
      assert.equal(await healthOf(standby), 429)
    },
  )
}

describe('a single node on a shared storage', () => {
  test('answers 503 while PostgreSQL is frozen, and goes on when it wakes', { skip: withoutPostgres() }, async () => {
    await using postgres = await startPostgres()
    await using one = await startCluster(1, `storage "postgresql" { connection_url = "${postgres.url()}" }`)
    assert.equal((await one.first.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
    postgres.freeze()
    const late = await one.first.call('POST', 'secret/data/a', { data: { a: 1 } }, { timeout: 60_000 })
    assert.equal(late.status, 503)
    assert.match(late.text, /"errors":\["[^"]+"\]/)
    postgres.thaw()
    await until('it takes a write again', async () =>
      (await one.first.call('POST', 'secret/data/a', { data: { a: 2 } })).status === 200 ? true : undefined,
    )
    assert.equal(at((await one.first.call('GET', 'secret/data/a')).json, 'data', 'data', 'a'), 2)
  })

  test('has PostgreSQL to itself without ha_enabled', { skip: withoutPostgres() }, async () => {
    await using postgres = await startPostgres()
    const stanza = `storage "postgresql" { connection_url = "${postgres.url()}" }`
    await using one = await startCluster(1, stanza)
    assert.equal((await one.first.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
    assert.equal((await one.first.call('POST', 'secret/data/a', { data: { a: 1 } })).status, 200)
    assert.equal(at((await one.first.call('GET', 'sys/leader')).json, 'ha_enabled'), false)
    await one.first.kill('SIGTERM')
    await one.revive(one.first)
    assert.equal((await one.first.call('GET', 'secret/data/a')).status, 200)
  })

  test('has etcd to itself without ha_enabled, and refuses what etcd cannot keep', { skip: noEtcd }, async () => {
    await using etcd = await TestEtcd.start()
    await using one = await startCluster(1, `storage "etcd" { address = "${etcd.address}" }`)
    assert.equal((await one.first.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
    assert.equal((await one.first.call('POST', 'secret/data/a', { data: { a: 1 } })).status, 200)
    const large = await one.first.call('POST', 'secret/data/large', { data: { value: 'x'.repeat(2 << 20) } })
    assert.equal(large.status, 413, large.text)
    assert.equal((await one.first.call('GET', 'secret/data/large')).status, 404)
    await one.first.kill('SIGTERM')
    await one.revive(one.first)
    assert.equal((await one.first.call('GET', 'secret/data/a')).status, 200)
  })
})
