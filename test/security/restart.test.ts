/** What the API shows before a crash it shows after it, and two servers share no random number. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createToken } from '../support/callers.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Everything that can be configured, as the API shows it. */
const SHOWN: readonly (readonly [string, string])[] = [
  ['GET', 'sys/mounts'],
  ['GET', 'sys/auth'],
  ['GET', 'sys/mounts/secret/tune'],
  ['GET', 'sys/mounts/auth/token/tune'],
  ['LIST', 'sys/policies/acl'],
  ['GET', 'sys/policies/acl/default'],
  ['GET', 'sys/policies/acl/ops'],
  ['GET', 'sys/policy/json'],
  ['GET', 'sys/audit'],
  ['GET', 'sys/config/auditing/request-headers'],
  ['GET', 'sys/config/cors'],
  ['GET', 'sys/rotate/config'],
  ['LIST', 'auth/token/roles'],
  ['GET', 'auth/token/roles/web'],
  ['LIST', 'auth/token/accessors'],
  ['GET', 'secret/config'],
  ['LIST', 'secret/metadata'],
  ['GET', 'secret/metadata/a'],
  ['GET', 'secret/data/a'],
  ['GET', 'secret/data/a?version=1'],
  ['LIST', 'moved/'],
  ['GET', 'moved/x'],
  ['GET', 'cubbyhole/own'],
  ['GET', 'sys/leader'],
  ['GET', 'sys/version-history?list=true'],
]

test('a crash and a seal change nothing of what is configured, stored or allowed', async () => {
  await using server = await startServer({ audit: true, config: 'unsafe_allow_api_audit_creation = true' })
  const tokens = await configure(server)
  const before = await everything(server, tokens)
  for (const answer of before) assert.match(answer, /(^|: )(200|204) /)
  await server.kill()
  await server.restart()
  await server.unseal()
  assert.deepEqual(await everything(server, tokens), before)
  await server.call('PUT', 'sys/seal')
  await server.unseal()
  assert.deepEqual(await everything(server, tokens), before)
  // And it is in force, not only shown.
  const allowed = await server.call('OPTIONS', 'sys/mounts', undefined, {
    headers: { Origin: 'https://ui.example', 'Access-Control-Request-Method': 'GET' },
    token: '',
  })
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://ui.example')
  const [limited = ''] = tokens
  assert.equal((await server.call('GET', 'secret/data/a', undefined, { token: limited })).status, 200)
  assert.equal((await server.call('GET', 'secret/data/b', undefined, { token: limited })).status, 403)
})

async function configure(server: TestServer): Promise<readonly string[]> {
  const done = async (method: string, path: string, body?: object) => {
    const { status, text } = await server.call(method, path, body)
    assert.ok(status === 200 || status === 204, `${path}: ${status} ${text}`)
  }
  await done('POST', 'sys/mounts/secret', {
    type: 'kv',
    description: 'shared',
    options: { version: '2' },
    config: { default_lease_ttl: '2h', audit_non_hmac_request_keys: ['a'] },
  })
  await done('POST', 'sys/mounts/old', { type: 'kv' })
  await done('POST', 'old/x', { a: 1 })
  await done('POST', 'sys/remount', { from: 'old', to: 'moved' })
  await done('POST', 'sys/mounts/secret/tune', {
    max_lease_ttl: '4h',
    listing_visibility: 'unauth',
    passthrough_request_headers: ['X-Req'],
    allowed_response_headers: ['X-Res'],
  })
  await done('POST', 'sys/mounts/gone', { type: 'kv' })
  await done('DELETE', 'sys/mounts/gone')
  await done('PUT', 'sys/policies/acl/ops', { policy: 'path "secret/data/a" { capabilities = ["read"] }' })
  await done('PUT', 'sys/policies/acl/json', { policy: '{"path":{"secret/*":{"capabilities":["list"]}}}' })
  await done('PUT', 'sys/audit/second', { type: 'file', options: { file_path: join(server.folder, 'second.log') } })
  await done('POST', 'sys/config/auditing/request-headers/x-req', { hmac: true })
  await done('POST', 'sys/config/cors', {
    enabled: true,
    allowed_origins: ['https://ui.example'],
    allowed_headers: ['X-Own'],
  })
  await done('POST', 'sys/rotate')
  await done('POST', 'sys/rotate/config', { max_operations: 2_000_000, interval: '48h' })
  await done('POST', 'auth/token/roles/web', {
    allowed_policies: ['ops'],
    token_explicit_max_ttl: '8h',
    path_suffix: 'web',
    token_bound_cidrs: ['127.0.0.0/8'],
  })
  await done('POST', 'secret/config', { max_versions: 7, delete_version_after: '720h' })
  for (const i of [1, 2, 3]) await done('POST', 'secret/data/a', { data: { i } })
  await done('POST', 'secret/delete/a', { versions: [2] })
  await done('POST', 'secret/metadata/a', { custom_metadata: { team: 'x' }, max_versions: 5 })
  await done('POST', 'cubbyhole/own', { a: 1 })
  const limited = await createToken(server, {
    policies: ['ops'],
    no_default_policy: true,
    meta: { a: 'b' },
    display_name: 'limited',
  })
  const periodic = await createToken(server, { policies: ['default'], period: '24h' })
  const ofRole = await createToken(server, {}, 'auth/token/create/web')
  const batch = await createToken(server, { type: 'batch', policies: ['default'] })
  return [limited, periodic, ofRole, batch]
}

async function everything(server: TestServer, tokens: readonly string[]): Promise<readonly string[]> {
  const out: string[] = []
  for (const [method, path] of SHOWN) {
    const { status, text } = await server.call(method, path)
    out.push(`${path}: ${status} ${text.replace(/"request_id":"[^"]*"/, '').replace(/"active_time":"[^"]*"/, '')}`)
  }
  for (const token of tokens) {
    const { status, text } = await server.call('POST', 'auth/token/lookup', { token })
    out.push(`${status} ${text.replace(/"request_id":"[^"]*"/, '').replace(/"ttl":\d+/g, '')}`)
  }
  return out.map((line) => line.trim())
}

test('two starts draw different numbers, and one start never the same twice', async () => {
  const draws: Set<string>[] = []
  for (let i = 0; i < 2; i++) {
    await using server = await startServer({ storage: 'inmem' })
    const drawn = new Set<string>()
    for (let n = 0; n < 100; n++) {
      const answer = await server.call('POST', 'sys/tools/random/16', { format: 'hex' })
      drawn.add(textAt(answer.json, 'data', 'random_bytes')).add(textAt(answer.json, 'request_id'))
    }
    for (const key of server.keys) drawn.add(key)
    drawn.add(server.token)
    assert.equal(drawn.size, 202)
    draws.push(drawn)
  }
  const [first = new Set<string>(), second = new Set<string>()] = draws
  assert.equal(first.intersection(second).size, 0)
})

test('a new vault of the same configuration has no name, salt or accessor of the other', async () => {
  const seen: Set<unknown>[] = []
  for (let i = 0; i < 2; i++) {
    await using server = await startServer({ storage: 'inmem', audit: true })
    const mounts = Object.values(Object(at((await server.call('GET', 'sys/mounts')).json, 'data')))
    const hash = textAt((await server.call('POST', 'sys/audit-hash/file', { input: 'same' })).json, 'data', 'hash')
    seen.push(
      new Set([
        ...mounts.flatMap((mount) => [at(mount, 'uuid'), at(mount, 'accessor')]),
        hash,
        at((await server.call('GET', 'sys/seal-status')).json, 'cluster_id'),
        ...listAt((await server.call('LIST', 'auth/token/accessors')).json, 'data', 'keys'),
      ]),
    )
  }
  const [first = new Set(), second = new Set()] = seen
  assert.ok(first.size > 5)
  assert.equal(first.intersection(second).size, 0)
})
