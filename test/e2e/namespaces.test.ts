/** Namespaces on every thread of a server, in its audit entries, and over a crash in the middle of their end. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { series, until } from '../support/callers.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer } from '../support/server.ts'
import { ThreadedServer, type AskOptions } from '../support/threaded.ts'

const THREADS = 3
const CONNECTIONS = 16

describe('a server of several threads', () => {
  let server: ThreadedServer

  const call: ThreadedServer['call'] = (...asked) => server.call(...asked)
  const everywhere = (method: string, path: string, options: AskOptions) =>
    server.everywhere(method, path, undefined, options)

  before(async () => {
    server = await ThreadedServer.start({
      threads: THREADS,
      connections: CONNECTIONS,
      settings: {
        administrative: { path: 'admin/', endpoints: new Set(['health', 'leader', 'seal-status', 'metrics']) },
      },
    })
  })
  after(() => server[Symbol.asyncDispose]())

  const tenant = async (name: string): Promise<string> => {
    assert.equal((await call(undefined, 'POST', `sys/namespaces/${name}`)).status, 200)
    const within = { namespace: name }
    assert.equal((await call(undefined, 'POST', 'sys/mounts/kv', { type: 'kv' }, within)).status, 204)
    assert.equal((await call(undefined, 'POST', 'kv/x', { canary: `canary-of-${name}` }, within)).status, 204)
    const policy = 'path "kv/*" { capabilities = ["read", "create", "update"] }'
    assert.equal((await call(undefined, 'PUT', 'sys/policies/acl/p', { policy }, within)).status, 204)
    const made = await call(undefined, 'POST', 'auth/token/create', { policies: ['p'] }, within)
    return textAt(made.json, 'auth', 'client_token')
  }

  test('knows a namespace, its mounts, tokens and end on each from the moment it was acknowledged', async () => {
    for (let round = 1; round <= 12; round++) {
      const name = `round-${round}`
      const own = await tenant(name)
      for (const answer of await everywhere('GET', 'kv/x', { namespace: name, token: own })) {
        assert.equal(answer.status, 200, answer.text)
        assert.equal(at(answer.json, 'data', 'canary'), `canary-of-${name}`)
      }
      for (const answer of await everywhere('GET', `${name}/kv/x`, { token: own })) assert.equal(answer.status, 200)
      assert.ok((await call(server.agents[round], 'DELETE', `sys/namespaces/${name}`)).status <= 204)
      for (const answer of await everywhere('GET', 'kv/x', { namespace: name, token: own }))
        assert.equal(answer.status, 403, answer.text)
      for (const answer of await everywhere('GET', 'kv/x', { namespace: name })) assert.equal(answer.status, 404)
    }
  })

  test('locks and unlocks an API on each at once', async () => {
    const own = await tenant('locked')
    const key = textAt(
      (await call(server.agents[0], 'PUT', 'sys/namespaces/api-lock/lock/locked', {})).json,
      'data',
      'unlock_key',
    )
    for (const answer of await everywhere('GET', 'kv/x', { namespace: 'locked', token: own }))
      assert.equal(answer.status, 503)
    assert.equal(
      (await call(server.agents[1], 'PUT', 'sys/namespaces/api-lock/unlock/locked', { unlock_key: key })).status,
      204,
    )
    for (const answer of await everywhere('GET', 'kv/x', { namespace: 'locked', token: own }))
      assert.equal(answer.status, 200)
  })

  test('mixes up nothing of fifty tenants, in answers and in audit entries', async () => {
    const tokens = new Map<string, string>()
    for (let i = 0; i < 50; i++) tokens.set(`tenant-${i}`, await tenant(`tenant-${i}`))
    const random = series(50)
    const names = [...tokens.keys()]
    await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const name = names[Math.floor(random() * names.length)] ?? ''
        const other = names[Math.floor(random() * names.length)] ?? ''
        const byPath = random() < 0.5
        const answer = await call(server.agents[i % CONNECTIONS], 'GET', byPath ? `${name}/kv/x` : 'kv/x', undefined, {
          token: tokens.get(other) ?? '',
          ...(byPath ? {} : { namespace: name }),
        })
        assert.equal(answer.status, name === other ? 200 : 403, `${name} by ${other}: ${answer.text}`)
        if (name === other) assert.equal(at(answer.json, 'data', 'canary'), `canary-of-${name}`)
        else assert.doesNotMatch(answer.text, /canary/)
      }),
    )
    const ids = new Map<string, string>()
    const listed = (await call(undefined, 'LIST', 'sys/namespaces')).json
    for (const name of names) ids.set(name, textAt(listed, 'data', 'key_info', `${name}/`, 'id'))
    let seen = 0
    for (const line of readFileSync(server.auditFile, 'utf8').trim().split('\n')) {
      const entry: unknown = JSON.parse(line)
      if (at(entry, 'request', 'namespace', 'path') === undefined) continue
      const id = ids.get(textAt(entry, 'request', 'namespace', 'path').slice(0, -1))
      if (id === undefined) continue
      assert.equal(at(entry, 'request', 'namespace', 'id'), id)
      assert.doesNotMatch(String(at(entry, 'request', 'path')), /^tenant-/)
      seen++
    }
    assert.ok(seen > 2000, String(seen))
  })

  test('has all of them after a seal, and tells the administrative one what it may, also while sealed', async () => {
    const own = await tenant('admin')
    const health = async (namespace: string) =>
      (await call(undefined, 'GET', 'sys/health', undefined, { namespace, token: '' })).status
    assert.equal(await health('admin'), 200)
    assert.equal((await call(undefined, 'GET', 'admin/sys/leader', undefined, { token: '' })).status, 200)
    assert.equal(await health('tenant-1'), 403)
    assert.equal(
      (await call(undefined, 'GET', 'sys/metrics', undefined, { namespace: 'admin', token: own })).status,
      403,
    )
    assert.equal((await call(undefined, 'GET', 'sys/metrics', undefined, { namespace: 'admin' })).status, 200)
    assert.equal((await call(undefined, 'GET', 'sys/host-info', undefined, { namespace: 'admin' })).status, 404)
    assert.equal((await call(undefined, 'PUT', 'sys/seal', {}, { namespace: 'admin' })).status, 404)
    assert.equal((await call(undefined, 'PUT', 'sys/seal')).status, 204)
    assert.equal(await health('admin'), 503)
    const status = await call(undefined, 'GET', 'admin/sys/seal-status', undefined, { token: '' })
    assert.equal(status.status, 200)
    assert.equal(at(status.json, 'sealed'), true)
    const unknown = await call(undefined, 'GET', 'sys/seal-status', undefined, { namespace: 'tenant-1', token: '' })
    assert.equal(unknown.status, 503)
    assert.equal(
      (await call(undefined, 'PUT', 'sys/unseal', { key: server.unsealKey }, { namespace: 'admin' })).status,
      503,
    )
    assert.equal((await call(undefined, 'PUT', 'sys/unseal', { key: server.unsealKey })).status, 200)
    for (const answer of await everywhere('GET', 'kv/x', { namespace: 'admin', token: own }))
      assert.equal(answer.status, 200)
    assert.equal(listAt((await call(undefined, 'LIST', 'sys/namespaces')).json, 'data', 'keys').length, 52)
  })
})

test('a crash in the middle of a deletion: the next start finishes it', async () => {
  await using server = await startServer({ config: 'raw_storage_endpoint = true' })
  for (let round = 0; round < 3; round++) {
    const made = await server.call('POST', 'sys/namespaces/big')
    assert.equal(made.status, 200, made.text)
    const id = textAt(made.json, 'data', 'id')
    const headers = { 'X-Vault-Namespace': 'big' }
    await server.call('POST', 'sys/mounts/kv', { type: 'kv' }, { headers })
    const uuid = textAt((await server.call('GET', 'sys/mounts/kv', undefined, { headers })).json, 'data', 'uuid')
    await Promise.all(Array.from({ length: 700 }, (_, i) => server.call('POST', `kv/k${i}`, { i }, { headers })))
    await Promise.all(Array.from({ length: 60 }, () => server.call('POST', 'auth/token/create', {}, { headers })))
    const deleting = server.call('DELETE', 'sys/namespaces/big').catch(() => undefined)
    // Each round dies a little later.
    for (let i = 0; i < 2 + round * 6; i++) await server.call('GET', 'sys/health').catch(() => undefined)
    await server.kill()
    await deleting
    await server.restart()
    await server.unseal()
    await until('the end of the namespace', async () => {
      const answer = await server.call('GET', 'sys/namespaces/big')
      if (answer.status === 404) return true
      await server.call('DELETE', 'sys/namespaces/big')
      return undefined
    })
    for (const prefix of [
      `logical/${uuid}/`,
      `sys/expire/id/${id}/`,
      `sys/token/accessor/${id}/`,
      `core/namespace-policies/${id}/`,
    ])
      assert.equal((await server.call('LIST', `sys/raw/${prefix}`)).status, 404, `${round} ${prefix}`)
  }
})
