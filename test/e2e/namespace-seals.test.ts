/** Namespaces with seals of their own, on every thread of a server and while requests are under way. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { at, listAt, textAt } from '../support/json.ts'
import { ThreadedServer, type AskOptions } from '../support/threaded.ts'

const THREADS = 3
const CONNECTIONS = 12

describe('a server of several threads', () => {
  let server: ThreadedServer
  let shares: readonly string[]
  let own: string

  const call: ThreadedServer['call'] = (...asked) => server.call(...asked)
  const everywhere = (path: string, options: AskOptions) => server.everywhere('GET', path, undefined, options)
  const unseal = async (keys: readonly string[]) => {
    for (const key of keys) {
      const answer = await call(undefined, 'PUT', 'sys/namespaces/a/unseal', { key })
      assert.equal(answer.status, 200, answer.text)
    }
  }

  before(async () => {
    server = await ThreadedServer.start({ threads: THREADS, connections: CONNECTIONS })
    const seal = 'seal "shamir" { shares = 3 threshold = 2 }'
    const namespace = await call(undefined, 'POST', 'sys/namespaces/a', { seal })
    assert.equal(namespace.status, 200, namespace.text)
    shares = listAt(namespace.json, 'data', 'key_shares').map(String)
    for (const answer of await everywhere('kv/x', { namespace: 'a' })) assert.equal(answer.status, 503)
    await unseal(shares.slice(1))
    const within = { namespace: 'a' }
    assert.equal((await call(undefined, 'POST', 'sys/mounts/kv', { type: 'kv' }, within)).status, 204)
    assert.equal((await call(undefined, 'POST', 'kv/x', { canary: 'canary' }, within)).status, 204)
    const policy = 'path "kv/*" { capabilities = ["read", "create", "update"] }'
    assert.equal((await call(undefined, 'PUT', 'sys/policies/acl/p', { policy }, within)).status, 204)
    own = textAt(
      (await call(undefined, 'POST', 'auth/token/create', { policies: ['p'] }, within)).json,
      'auth',
      'client_token',
    )
  })
  after(() => server[Symbol.asyncDispose]())

  test('seals and unseals it on each from the moment that was acknowledged', async () => {
    for (let round = 0; round < 8; round++) {
      for (const answer of await everywhere('kv/x', { namespace: 'a', token: own })) {
        assert.equal(answer.status, 200, answer.text)
        assert.equal(at(answer.json, 'data', 'canary'), 'canary')
      }
      assert.equal((await call(server.agents[round], 'PUT', 'sys/namespaces/a/seal', {})).status, 204)
      for (const answer of await everywhere('kv/x', { namespace: 'a', token: own })) assert.equal(answer.status, 503)
      for (const answer of await everywhere('auth/token/lookup-self', { token: own })) assert.equal(answer.status, 403)
      for (const answer of await everywhere('sys/mounts', {})) assert.equal(answer.status, 200)
      await unseal([shares[round % 3] ?? '', shares[(round + 1) % 3] ?? ''])
      for (const answer of await everywhere('auth/token/lookup-self', { token: own, namespace: 'a' }))
        assert.equal(answer.status, 200)
    }
  })

  test('answers what is under way wholly or not at all, and loses no write that it acknowledged', async () => {
    let acknowledged = 0
    let refused = 0
    let isDone = false
    const callers = server.agents.map(async (agent, i) => {
      for (let n = 0; !isDone; n++) {
        const written = await call(agent, 'POST', `kv/n${i}`, { n }, { namespace: 'a', token: own })
        if (written.status === 204) {
          acknowledged++
          const read = await call(agent, 'GET', `kv/n${i}`, undefined, { namespace: 'a', token: own })
          if (read.status === 200) assert.equal(at(read.json, 'data', 'n'), n)
          else assert.equal(read.status, 503, read.text)
        } else {
          assert.equal(written.status, 503, written.text)
          assert.equal(at(written.json, 'errors', 0), 'namespace is sealed')
          refused++
        }
      }
    })
    for (let round = 0; round < 5; round++) {
      const before = acknowledged
      while (acknowledged < before + 20) await call(undefined, 'GET', 'sys/health', undefined, { token: '' })
      assert.equal((await call(undefined, 'PUT', 'sys/namespaces/a/seal', {})).status, 204)
      const since = refused
      while (refused < since + 5) await call(undefined, 'GET', 'sys/health', undefined, { token: '' })
      await Promise.all([unseal(shares.slice(0, 2)), unseal(shares.slice(0, 2))])
    }
    isDone = true
    await Promise.all(callers)
    assert.ok(acknowledged >= 100)
  })

  test('its threads get its keys with those of the vault, and give them up with them', async () => {
    assert.equal((await call(undefined, 'PUT', 'sys/seal')).status, 204)
    assert.equal((await call(undefined, 'PUT', 'sys/unseal', { key: server.unsealKey })).status, 200)
    for (const answer of await everywhere('kv/x', { namespace: 'a', token: own })) assert.equal(answer.status, 503)
    await unseal(shares.slice(0, 2))
    for (const answer of await everywhere('kv/x', { namespace: 'a', token: own })) assert.equal(answer.status, 200)
  })

  test('its sealing stands in the audit entries of the namespace above, its shares in none', () => {
    const lines = readFileSync(server.auditFile, 'utf8').trim().split('\n')
    const entries = lines.map((line): unknown => JSON.parse(line))
    const of = (path: string) =>
      entries.filter((entry) => at(entry, 'request', 'path') === path && at(entry, 'type') === 'response')
    assert.ok(of('sys/namespaces/a/seal').length >= 13)
    assert.ok(of('sys/namespaces/a/unseal').length >= 26)
    const text = lines.join('\n')
    for (const share of [...shares, ...shares.map((one) => Buffer.from(one, 'hex').toString('base64'))])
      assert.ok(!text.includes(share))
  })
})
