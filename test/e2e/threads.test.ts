/** What must hold between the threads of one server: whatever connection a request comes by, it finds what was acknowledged before. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { until } from '../support/callers.ts'
import { at, textAt } from '../support/json.ts'
import { ThreadedServer } from '../support/threaded.ts'

const THREADS = 3
/** Enough that the kernel gives every thread some of them. */
const CONNECTIONS = 24

describe('a server of several threads', () => {
  let server: ThreadedServer

  const call: ThreadedServer['call'] = (...asked) => server.call(...asked)
  const everywhere: ThreadedServer['everywhere'] = (...asked) => server.everywhere(...asked)

  before(async () => {
    server = await ThreadedServer.start({ threads: THREADS, connections: CONNECTIONS })
    assert.equal((await call(undefined, 'POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
  })
  after(() => server[Symbol.asyncDispose]())

  test('serves from each of them', async () => {
    await everywhere('GET', 'auth/token/lookup-self')
    const tallies = await server.server.running.front.threads?.tallies()
    assert.equal(tallies?.size, THREADS)
    for (const [thread, counted] of tallies ?? []) {
      const seen = counted.find(({ name }) => name === 'vault.core.handle_request')
      assert.ok((seen?.tally?.count ?? 0) > 0, `thread ${thread} answered nothing`)
    }
  })

  test('shows a write to every request that begins after it was acknowledged', async () => {
    for (let round = 1; round <= 40; round++) {
      const writer = server.agents[round % CONNECTIONS]
      const written = await call(writer, 'POST', 'secret/data/counter', { data: { round } })
      assert.equal(written.status, 200, written.text)
      for (const answer of await everywhere('GET', 'secret/data/counter'))
        assert.equal(at(answer.json, 'data', 'data', 'round'), round)
    }
  })

  test('keeps pages of other origins out everywhere from the moment that was acknowledged', async () => {
    const from = async (origin: string) =>
      server.everywhere('GET', 'sys/seal-status', undefined, { headers: { origin } })
    for (let round = 0; round < 10; round++) {
      const own = `https://ui-${round}.example`
      const config = { enabled: true, allowed_origins: own }
      assert.equal((await call(server.agents[round], 'POST', 'sys/config/cors', config)).status, 204)
      for (const answer of await from(own)) assert.equal(answer.headers['access-control-allow-origin'], own)
      for (const answer of await from(`https://ui-${round - 1}.example`)) assert.equal(answer.status, 403)
    }
    assert.equal((await call(undefined, 'DELETE', 'sys/config/cors')).status, 204)
    for (const answer of await from('https://ui-9.example')) assert.equal(answer.status, 200)
  })

  test('takes a revoked token nowhere', async () => {
    for (let round = 0; round < 10; round++) {
      const made = await call(server.agents[round], 'POST', 'auth/token/create', { policies: ['default'] })
      const child = textAt(made.json, 'auth', 'client_token')
      for (const answer of await everywhere('GET', 'auth/token/lookup-self', undefined, { token: child }))
        assert.equal(answer.status, 200)
      assert.equal((await call(server.agents[round + 1], 'POST', 'auth/token/revoke', { token: child })).status, 204)
      for (const answer of await everywhere('GET', 'auth/token/lookup-self', undefined, { token: child }))
        assert.equal(answer.status, 403)
    }
  })

  test('goes by a changed policy everywhere', async () => {
    const made = await call(undefined, 'POST', 'auth/token/create', { policies: ['reader'] })
    const reader = textAt(made.json, 'auth', 'client_token')
    for (let round = 0; round < 10; round++) {
      const may = round % 2 === 0
      const policy = `path "secret/data/counter" { capabilities = ["${may ? 'read' : 'deny'}"] }`
      assert.equal((await call(server.agents[round], 'PUT', 'sys/policies/acl/reader', { policy })).status, 204)
      for (const answer of await everywhere('GET', 'secret/data/counter', undefined, { token: reader }))
        assert.equal(answer.status, may ? 200 : 403)
    }
  })

  test('goes by a changed group, entity or template everywhere', async () => {
    const policy = 'path "secret/data/counter" { capabilities = ["read"] }'
    assert.equal((await call(undefined, 'PUT', 'sys/policies/acl/of-group', { policy })).status, 204)
    await call(undefined, 'POST', 'auth/token/roles/any', { allowed_entity_aliases: '*', orphan: true })
    const made = await call(undefined, 'POST', 'auth/token/create/any', { entity_alias: 'bob', policies: ['default'] })
    const bob = { token: textAt(made.json, 'auth', 'client_token') }
    const entity = textAt(made.json, 'auth', 'entity_id')
    const inner = await call(undefined, 'POST', 'identity/group', { name: 'inner' })
    const outer = { policies: ['of-group'], member_group_ids: [textAt(inner.json, 'data', 'id')] }
    assert.equal((await call(undefined, 'POST', 'identity/group/name/outer', outer)).status, 200)
    for (let round = 0; round < 10; round++) {
      const may = round % 2 === 0
      const members = { member_entity_ids: may ? [entity] : [] }
      assert.equal((await call(server.agents[round], 'POST', 'identity/group/name/inner', members)).status, 204)
      for (const answer of await everywhere('GET', 'secret/data/counter', undefined, bob))
        assert.equal(answer.status, may ? 200 : 403)
      // By the policy that everybody has: path "identity/entity/name/{{identity.entity.name}}".
      const name = `bob-${round}`
      assert.equal((await call(server.agents[round], 'POST', `identity/entity/id/${entity}`, { name })).status, 204)
      for (const answer of await everywhere('GET', `identity/entity/name/${name}`, undefined, bob))
        assert.equal(answer.status, 200)
    }
    assert.equal((await call(undefined, 'POST', `identity/entity/id/${entity}`, { disabled: true })).status, 204)
    for (const answer of await everywhere('GET', 'auth/token/lookup-self', undefined, bob))
      assert.equal(answer.status, 403)
  })

  test('knows new, moved and removed mounts everywhere', async () => {
    for (let round = 0; round < 5; round++) {
      assert.equal((await call(server.agents[round], 'POST', 'sys/mounts/kv', { type: 'kv' })).status, 204)
      await call(server.agents[round + 1], 'POST', 'kv/a', { round })
      for (const answer of await everywhere('GET', 'kv/a')) assert.equal(at(answer.json, 'data', 'round'), round)
      assert.equal((await call(server.agents[round + 2], 'DELETE', 'sys/mounts/kv')).status, 204)
      for (const answer of await everywhere('GET', 'kv/a')) assert.equal(answer.status, 404)
    }
  })

  test('reads what was encrypted with a key that was installed a moment ago', async () => {
    for (let round = 0; round < 5; round++) {
      assert.equal((await call(server.agents[round], 'POST', 'sys/rotate')).status, 204)
      await call(server.agents[round + 1], 'POST', 'secret/data/rotated', { data: { round } })
      for (const answer of await everywhere('GET', 'secret/data/rotated'))
        assert.equal(at(answer.json, 'data', 'data', 'round'), round)
    }
  })

  test('grants as many uses of a token as it has, over all threads together', async () => {
    const made = await call(undefined, 'POST', 'auth/token/create', { policies: ['default'], num_uses: 5 })
    const child = textAt(made.json, 'auth', 'client_token')
    const answers = await everywhere('GET', 'auth/token/lookup-self', undefined, { token: child })
    assert.equal(answers.filter(({ status }) => status === 200).length, 5)
  })

  test('unwraps once', async () => {
    const wrapped = await call(
      undefined,
      'POST',
      'sys/wrapping/wrap',
      { a: 1 },
      { headers: { 'X-Vault-Wrap-TTL': '60' } },
    )
    const wrapping = textAt(wrapped.json, 'wrap_info', 'token')
    const answers = await everywhere('POST', 'sys/wrapping/unwrap', {}, { token: wrapping })
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assert.equal(answers.filter(({ status }) => status === 400).length, CONNECTIONS - 1)
  })

  test('wraps what a reading thread would have answered', async () => {
    for (const agent of server.agents.slice(0, 8)) {
      const answer = await call(agent, 'GET', 'secret/data/counter', undefined, {
        headers: { 'X-Vault-Wrap-TTL': '60' },
      })
      assert.ok(textAt(answer.json, 'wrap_info', 'token').startsWith('hvs.'))
    }
  })

  test('adds up what its threads count, and audits each request once and whole', async () => {
    const before = await counted()
    const lines = () => readFileSync(server.auditFile, 'utf8').trimEnd().split('\n')
    const seen = lines().length
    await everywhere('GET', 'auth/token/lookup-self')
    await everywhere('POST', 'secret/data/counter', { data: { a: 1 } })
    assert.ok((await counted()) - before >= 2 * CONNECTIONS)
    const added = lines()
      .slice(seen)
      .map((line): unknown => JSON.parse(line))
    const of = (type: string, path: string) =>
      added.filter((entry) => at(entry, 'type') === type && at(entry, 'request', 'path') === path).length
    for (const path of ['auth/token/lookup-self', 'secret/data/counter'])
      for (const type of ['request', 'response']) assert.equal(of(type, path), CONNECTIONS, `${type} ${path}`)
  })

  test('replaces a thread that ends, while the others go on', async () => {
    const { threads } = server.server.running.front
    const [victim] = threads?.all ?? []
    assert.ok(threads !== undefined && victim !== undefined)
    await victim.worker.terminate()
    const answers = await Promise.allSettled(server.agents.map((agent) => call(agent, 'GET', 'secret/data/counter')))
    assert.ok(answers.some(({ status }) => status === 'fulfilled'))
    await until(
      'the thread was replaced',
      () => (threads.all.length === THREADS && !threads.all.includes(victim)) || undefined,
    )
    await until('the new thread answers', async () => {
      // A connection stays with the thread that took it.
      server.reconnect()
      await everywhere('GET', 'auth/token/lookup-self')
      const tallies = await threads.tallies()
      const newest = Math.max(...threads.all.map(({ number }) => number))
      return tallies.get(newest)?.find(({ name, tally }) => name === 'vault.core.handle_request' && tally !== undefined)
    })
    for (const answer of await everywhere('GET', 'secret/data/counter')) assert.equal(answer.status, 200)
  })

  test('is sealed on every thread when the sealing is acknowledged, and unsealed on every one', async () => {
    assert.equal((await call(server.agents[0], 'PUT', 'sys/seal')).status, 204)
    for (const answer of await everywhere('GET', 'secret/data/counter')) assert.equal(answer.status, 503)
    for (const answer of await everywhere('GET', 'auth/token/lookup-self')) assert.equal(answer.status, 503)
    assert.equal((await call(server.agents[1], 'PUT', 'sys/unseal', { key: server.unsealKey })).status, 200)
    for (const answer of await everywhere('GET', 'secret/data/counter')) assert.equal(answer.status, 200)
  })

  test('tells of requests under way in any thread', async () => {
    const answer = await call(undefined, 'GET', 'sys/in-flight-req')
    const paths = Object.values(Object(answer.json)).map((one) => textAt(one, 'request_path'))
    assert.deepEqual(paths, ['/v1/sys/in-flight-req'])
  })

  /** Since the start: the JSON form tells of the last ten seconds alone. */
  async function counted(): Promise<number> {
    const { text } = await call(undefined, 'GET', 'sys/metrics?format=prometheus')
    return Number(/^vault_core_handle_request_count (\d+)$/m.exec(text)?.[1])
  }
})
