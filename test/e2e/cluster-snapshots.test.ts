/** Snapshots while several nodes share a storage: taken and restored through any of them, and all go on from what was restored. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../support/callers.ts'
import { healthOf, startCluster, startNodes, type TestCluster } from '../support/cluster.ts'
import { noEtcd, TestEtcd } from '../support/etcd.ts'
import type { Answer } from '../support/http.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { clusterStanza, startPostgres, withoutPostgres, type TestPostgres } from '../support/postgres.ts'
import { startServer, type TestServer } from '../support/server.ts'

const SNAPSHOT = 'sys/storage/raft/snapshot'
const FORCE = `${SNAPSHOT}-force`
/** What the listeners take of a request; archives are larger. */
const MAX_REQUEST_SIZE = 100_000

async function take(node: TestServer): Promise<Buffer> {
  const answer = await node.call('GET', SNAPSHOT)
  assert.equal(answer.status, 200, answer.text)
  return answer.bytes
}

function restore(node: TestServer, archive: Uint8Array, path = SNAPSHOT): Promise<Answer> {
  return node.call('POST', path, undefined, { bytes: archive })
}

/** Demands of a node what a reply was made after. */
function demanding(answer: Answer): Readonly<Record<string, string>> {
  const index = answer.headers['x-vault-index']
  assert.ok(typeof index === 'string', 'the reply names no index')
  return { 'X-Vault-Index': index }
}

async function put(node: TestServer, path: string, value: unknown): Promise<void> {
  const answer = await node.call('POST', `secret/data/${path}`, { data: { value } })
  assert.equal(answer.status, 200, answer.text)
}

async function valueAt(node: TestServer, path: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const answer = await node.call('GET', `secret/data/${path}`, undefined, { headers })
  return answer.status === 200 ? at(answer.json, 'data', 'data', 'value') : answer.status
}

/** A vault of its own on a server of its own, and a snapshot of it. */
async function foreignVault(
  config = '',
): Promise<{ readonly archive: Buffer; readonly keys: readonly string[]; readonly token: string }> {
  await using other = await startServer({ config })
  assert.equal((await other.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
  await put(other, 'whose', 'theirs')
  return { archive: await take(other), keys: other.keys, token: other.token }
}

describe('three nodes on PostgreSQL', { skip: withoutPostgres() }, () => {
  let postgres: TestPostgres
  let cluster: TestCluster
  let leader: TestServer
  let standby: TestServer

  const look = async (): Promise<void> => {
    leader = await cluster.leader()
    const [other] = await cluster.others()
    assert.ok(other !== undefined)
    standby = other
  }

  before(async () => {
    postgres = await startPostgres()
    cluster = await startCluster(3, clusterStanza(postgres.url()), {
      config: 'serving_threads = 1',
      listener: `max_request_size = ${MAX_REQUEST_SIZE}`,
    })
    await look()
    assert.equal((await leader.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
    // What does not compress.
    for (let i = 0; i < 8; i++) await put(leader, `large${i}`, randomBytes(40_000).toString('base64'))
    await put(leader, 'kept', 'before')
  })
  after(async () => {
    await cluster[Symbol.asyncDispose]()
    await postgres[Symbol.asyncDispose]()
  })

  test('saved and restored through a standby, all nodes show what was restored and go on', async () => {
    const archive = await take(standby)
    assert.ok(archive.length > 2 * MAX_REQUEST_SIZE)
    const term = textAt((await leader.call('GET', 'sys/leader')).json, 'active_time')
    await put(standby, 'kept', 'after')
    await put(leader, 'late', 1)
    const made = await leader.call('POST', 'auth/token/create', {})
    const early = textAt(made.json, 'auth', 'client_token')
    for (const node of cluster.nodes) {
      const options = { token: early, headers: demanding(made) }
      assert.equal((await node.call('GET', 'auth/token/lookup-self', undefined, options)).status, 200)
    }

    const restored = await restore(standby, archive)
    assert.equal(restored.status, 204, restored.text)
    const headers = demanding(restored)
    for (const node of cluster.nodes) {
      assert.equal(await valueAt(node, 'kept', headers), 'before')
      assert.equal(await valueAt(node, 'late', headers), 404)
      const stranger = await node.call('GET', 'auth/token/lookup-self', undefined, { token: early, headers })
      assert.equal(stranger.status, 403)
    }
    assert.equal(await healthOf(leader), 200)
    assert.ok(term <= textAt((await leader.call('GET', 'sys/leader')).json, 'active_time'))
    assert.doesNotMatch(leader.output, /no longer leads/)
    for (const [i, node] of cluster.nodes.entries()) {
      await put(node, 'kept', `later ${i}`)
      assert.equal(await valueAt(node, 'kept', {}), `later ${i}`)
    }
  })

  test('what was changed is refused through any node, and changes nothing', async () => {
    const archive = await take(standby)
    await put(leader, 'kept', 'untouched')
    const middle = Math.floor(archive.length / 2)
    const flipped = Uint8Array.from(archive, (byte, i) => (i === middle ? byte ^ 1 : byte))
    for (const node of [leader, standby])
      for (const path of [SNAPSHOT, FORCE])
        for (const bytes of [flipped, archive.subarray(0, middle), new Uint8Array(0)]) {
          const refused = await restore(node, bytes, path)
          assert.equal(refused.status, 400, refused.text)
          assert.match(refused.text, /snapshot/)
        }
    for (const node of cluster.nodes) assert.equal(await valueAt(node, 'kept', {}), 'untouched')
    assert.equal(await healthOf(leader), 200)
  })

  test('devices and policies of the other time hold on every node', async () => {
    await leader.call('PUT', 'sys/policies/acl/p', { policy: 'path "secret/data/kept" { capabilities = ["read"] }' })
    const made = await leader.call('POST', 'auth/token/create', { policies: ['p'] })
    const token = textAt(made.json, 'auth', 'client_token')
    const archive = await take(standby)
    const changed = await leader.call('PUT', 'sys/policies/acl/p', { policy: 'path "x" { capabilities = ["read"] }' })
    const before = demanding(changed)
    for (const node of cluster.nodes)
      assert.equal((await node.call('GET', 'secret/data/kept', undefined, { token, headers: before })).status, 403)
    const restored = await restore(standby, archive)
    assert.equal(restored.status, 204, restored.text)
    const headers = demanding(restored)
    for (const node of cluster.nodes)
      assert.equal((await node.call('GET', 'secret/data/kept', undefined, { token, headers })).status, 200)
  })

  test('another vault by force: every node seals itself, and opens with the keys of that vault', async () => {
    const foreign = await foreignVault()
    const refused = await restore(standby, foreign.archive)
    assert.equal(refused.status, 400)
    assert.match(refused.text, /of another vault/)
    assert.equal(await healthOf(leader), 200)

    const forced = await restore(standby, foreign.archive, FORCE)
    assert.equal(forced.status, 204, forced.text)
    for (const node of cluster.nodes)
      await until('it is sealed', async () => ((await healthOf(node)) === 503 ? true : undefined))
    const [own] = leader.keys
    for (const node of cluster.nodes) {
      assert.equal((await node.call('PUT', 'sys/unseal', { key: own })).status, 400)
      node.keys = foreign.keys
      node.token = foreign.token
      await node.unseal()
    }
    await look()
    for (const node of cluster.nodes)
      await until('it serves', async () => ((await valueAt(node, 'whose', {})) === 'theirs' ? true : undefined))
    for (const node of cluster.nodes) await put(node, 'whose', 'ours')
  })
})

describe('on etcd', { skip: noEtcd }, () => {
  let etcd: TestEtcd
  let cluster: TestCluster

  before(async () => {
    etcd = await TestEtcd.start()
    cluster = await startCluster(1, `storage "etcd" {\n address = "${etcd.address}"\n ha_enabled = "true"\n }`)
    assert.equal((await cluster.first.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
  })
  after(async () => {
    await cluster[Symbol.asyncDispose]()
    await etcd[Symbol.asyncDispose]()
  })

  test('saved and restored, and refused where it is not whole', async () => {
    const { first } = cluster
    await put(first, 'kept', 'before')
    const archive = await take(first)
    await put(first, 'kept', 'after')
    await put(first, 'late', 1)
    assert.equal((await restore(first, archive.subarray(0, -40), FORCE)).status, 400)
    assert.equal(await valueAt(first, 'kept', {}), 'after')
    const restored = await restore(first, archive)
    assert.equal(restored.status, 204, restored.text)
    assert.equal(await valueAt(first, 'kept', demanding(restored)), 'before')
    assert.equal(await valueAt(first, 'late', {}), 404)
    await put(first, 'kept', 'later')
    await first.kill('SIGTERM')
    await cluster.revive(first)
    await cluster.leader()
    assert.equal(await valueAt(first, 'kept', {}), 'later')
  })

  test('a snapshot of another storage comes in by force', async () => {
    const { first } = cluster
    const foreign = await foreignVault()
    assert.equal((await restore(first, foreign.archive, FORCE)).status, 204)
    assert.equal(await healthOf(first), 503)
    first.keys = foreign.keys
    first.token = foreign.token
    await first.unseal()
    await cluster.leader()
    assert.equal(await valueAt(first, 'whose', {}), 'theirs')
    await put(first, 'whose', 'ours')
  })
})

describe('with a seal that opens by itself', { skip: withoutPostgres() }, () => {
  test('every node opens the vault that came in by force, as it is under the same key', async () => {
    const seal = `seal "static" {\n  current_key_id = "a"\n  current_key = "${randomBytes(32).toString('hex')}"\n}`
    const initialized = async (node: TestServer): Promise<void> => {
      const made = await node.call('PUT', 'sys/init', { recovery_shares: 1, recovery_threshold: 1 })
      assert.equal(made.status, 200, made.text)
      node.token = textAt(made.json, 'root_token')
      await until('it leads', async () => ((await healthOf(node)) === 200 ? true : undefined))
      assert.equal((await node.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
    }
    await using source = await startServer({ raw: true, config: seal })
    await initialized(source)
    await put(source, 'whose', 'theirs')
    const archive = await take(source)

    await using postgres = await startPostgres()
    const storage = clusterStanza(postgres.url())
    await using nodes = await startNodes(2, storage, { config: seal })
    await initialized(nodes.first)
    for (const node of nodes.nodes) node.token = nodes.first.token
    await until('both are open', async () => {
      const states = await Promise.all(nodes.nodes.map(healthOf))
      return states.toSorted((a, b) => a - b).join() === '200,429' ? true : undefined
    })
    const [standby] = await nodes.others()
    assert.ok(standby !== undefined)
    const forced = await restore(standby, archive, FORCE)
    assert.equal(forced.status, 204, forced.text)
    for (const node of nodes.nodes) {
      node.token = source.token
      await until('it serves that vault', async () =>
        (await valueAt(node, 'whose', {})) === 'theirs' ? true : undefined,
      )
    }
    await nodes.leader()
    for (const node of nodes.nodes) await put(node, 'whose', 'ours')
    // Who seals it means it.
    const leader = await nodes.leader()
    assert.equal((await leader.call('PUT', 'sys/seal')).status, 204)
    assert.equal(await healthOf(leader), 503)
  })
})

/** As if what runs here were newer than what ran before. */
async function pretendOlder(node: TestServer): Promise<string> {
  const history = await node.call('GET', 'sys/raw/core/versions?list=true')
  const [version = ''] = listAt(history.json, 'data', 'keys').map(String)
  const record = textAt((await node.call('GET', `sys/raw/core/versions/${version}`)).json, 'data', 'value')
  assert.equal((await node.call('POST', 'sys/raw/core/versions/0.0.1', { value: record })).status, 204)
  assert.equal((await node.call('DELETE', `sys/raw/core/versions/${version}`)).status, 204)
  return version
}

async function startAnew(cluster: TestCluster): Promise<void> {
  for (const node of cluster.nodes) await node.kill('SIGTERM')
  for (const node of cluster.nodes) await cluster.revive(node)
  await cluster.leader()
}

describe('the first start of another version', () => {
  test('on PostgreSQL the node that leads takes a snapshot before', { skip: withoutPostgres() }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-upgrade-'))
    try {
      await using postgres = await startPostgres()
      const storage = clusterStanza(postgres.url())
      const config = `raw_storage_endpoint = true\nupgrade_snapshot_path = "${folder}/kept"`
      await using cluster = await startCluster(2, storage, { config })
      const version = await pretendOlder(await cluster.leader())
      assert.ok(!existsSync(join(folder, 'kept')))
      await startAnew(cluster)
      const names = readdirSync(join(folder, 'kept'))
      assert.equal(names.length, 1)
      assert.ok(names[0]?.startsWith(`before-${version}-`))
      const [standby] = await cluster.others()
      assert.ok(standby !== undefined)
      const restored = await restore(standby, readFileSync(join(folder, 'kept', names[0] ?? '')))
      assert.equal(restored.status, 204, restored.text)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('on etcd without a folder none is taken, and the log says so', { skip: noEtcd }, async () => {
    await using etcd = await TestEtcd.start()
    const storage = `storage "etcd" {\n address = "${etcd.address}"\n }`
    await using cluster = await startCluster(1, storage, { config: 'raw_storage_endpoint = true' })
    await pretendOlder(cluster.first)
    assert.doesNotMatch(cluster.first.output, /upgrade_snapshot_path/)
    await startAnew(cluster)
    await cluster.first.said(/no snapshot is taken before: upgrade_snapshot_path is not set/)
  })

  test('on etcd with a folder one is taken', { skip: noEtcd }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-upgrade-'))
    try {
      await using etcd = await TestEtcd.start()
      const storage = `storage "etcd" {\n address = "${etcd.address}"\n }`
      const config = `raw_storage_endpoint = true\nupgrade_snapshot_path = "${folder}"`
      await using cluster = await startCluster(1, storage, { config })
      await pretendOlder(cluster.first)
      await startAnew(cluster)
      assert.equal(readdirSync(folder).length, 1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
