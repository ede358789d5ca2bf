/** Control groups and policy expressions on a server of several threads: at the command line, in its audit entries, and on its disk. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { at, textAt } from '../support/json.ts'
import { coffer, startServer, type TestServer } from '../support/server.ts'

const CANARY = 'canary-held-77e1'

describe('a server of several threads', () => {
  let server: TestServer
  const tokens = new Map<string, string>()
  const entities = new Map<string, string>()

  before(async () => {
    server = await startServer({ audit: true, config: 'serving_threads = 2\nlog_level = "trace"' })
    await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
    await server.call('POST', 'sys/mounts/transit', { type: 'transit' })
    await server.call('POST', 'transit/keys/k')
    await server.call('POST', 'sys/auth/userpass', { type: 'userpass' })
    const factor = 'factor "boss" { identity { group_names = ["bosses"] approvals = 1 } }'
    await server.call('PUT', 'sys/policies/acl/held', {
      policy: ['kv/*', 'transit/encrypt/k']
        .map((path) => `path "${path}" { capabilities = ["create", "read", "update"] control_group = { ${factor} } }`)
        .join('\n'),
    })
    await server.call('PUT', 'sys/policies/acl/boss', {
      policy: 'path "sys/control-group/authorize" { capabilities = ["update"] }',
    })
    for (const [name, policy] of [
      ['bob', 'held'],
      ['ann', 'boss'],
    ] as const) {
      await server.call('POST', `auth/userpass/users/${name}`, { password: name, token_policies: policy })
      const login = await server.call('POST', `auth/userpass/login/${name}`, { password: name })
      tokens.set(name, textAt(login.json, 'auth', 'client_token'))
      entities.set(name, textAt(login.json, 'auth', 'entity_id'))
    }
    await server.call('POST', 'identity/group', { name: 'bosses', member_entity_ids: [entities.get('ann')] })
  })
  after(() => server[Symbol.asyncDispose]())

  const by = (name: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    server.call(method, path, body, { token: tokens.get(name) ?? '', headers })
  const cli = (name: string, ...args: readonly string[]) =>
    spawnSync(coffer, args, {
      encoding: 'utf8',
      env: { ...process.env, VAULT_ADDR: server.address, VAULT_TOKEN: tokens.get(name), HOME: server.folder },
    })
  const entries = () =>
    readFileSync(server.auditFile, 'utf8')
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))

  test('each of its threads holds, with the body, and none carries it out by itself', async () => {
    for (let i = 0; i < 24; i++) {
      const plaintext = Buffer.from(`${CANARY}-${i}`).toString('base64')
      const held = await by('bob', 'POST', 'transit/encrypt/k', { plaintext })
      assert.equal(textAt(held.json, 'wrap_info', 'creation_path'), 'transit/encrypt/k')
      const body = { accessor: textAt(held.json, 'wrap_info', 'accessor') }
      const status = await by('bob', 'POST', 'sys/control-group/request', body)
      assert.equal(at(status.json, 'data', 'approved'), false)
      assert.equal(at((await by('ann', 'POST', 'sys/control-group/authorize', body)).json, 'data', 'approved'), true)
      const done = await by('bob', 'POST', 'sys/wrapping/unwrap', { token: textAt(held.json, 'wrap_info', 'token') })
      assert.match(textAt(done.json, 'data', 'ciphertext'), /^vault:v1:/, done.text)
    }
  })

  test('the command line shows the token, authorizes and unwraps', async () => {
    await server.call('POST', 'kv/a', { password: 'found' })
    const asked = cli('bob', 'read', '-format=json', 'kv/a')
    assert.equal(asked.status, 0, asked.stderr)
    const info: unknown = JSON.parse(asked.stdout)
    const table = cli('bob', 'read', 'kv/a')
    for (const row of ['wrapping_token:', 'wrapping_accessor:', 'wrapping_token_ttl:', 'wrapping_token_creation_path:'])
      assert.ok(table.stdout.includes(row), table.stdout)
    const accessor = `accessor=${textAt(info, 'wrap_info', 'accessor')}`
    assert.match(cli('bob', 'write', 'sys/control-group/request', accessor).stdout, /approved\s+false/)
    assert.match(cli('ann', 'write', 'sys/control-group/authorize', accessor).stdout, /approved\s+true/)
    const unwrapped = cli('bob', 'unwrap', textAt(info, 'wrap_info', 'token'))
    assert.match(unwrapped.stdout, /password\s+found/, unwrapped.stderr)
    const explained = cli('bob', 'policy', 'explain', '-format=json', '-', 'kv/a', 'read')
    assert.match(explained.stderr + explained.stdout, /permission denied/, 'nobody explains without sudo')
    const told = spawnSync(coffer, ['policy', 'explain', 'held', 'kv/a', 'read'], {
      encoding: 'utf8',
      env: { ...process.env, VAULT_ADDR: server.address, VAULT_TOKEN: server.token, HOME: server.folder },
    })
    assert.match(told.stdout, /held until others have authorized it/)
    assert.match(told.stdout, /factor "boss" holds every operation until 1 of bosses authorizes it/)
  })

  test('an entry names who let it through; the body is nowhere in clear', async () => {
    const held = await by('bob', 'POST', 'kv/b', { password: CANARY })
    await by('ann', 'POST', 'sys/control-group/authorize', { accessor: textAt(held.json, 'wrap_info', 'accessor') })
    const files = readdirSync(join(server.folder, 'data')).map((name) =>
      readFileSync(join(server.folder, 'data', name)),
    )
    for (const bytes of files) assert.ok(!bytes.includes(CANARY), 'on the disk')
    const done = await by('bob', 'POST', 'sys/wrapping/unwrap', { token: textAt(held.json, 'wrap_info', 'token') })
    assert.equal(done.status, 204, done.text)
    const all = entries()
    const carried = all.filter(
      (one) => at(one, 'request', 'control_group') !== undefined && at(one, 'request', 'path') === 'kv/b',
    )
    assert.deepEqual(
      carried.map((one) => at(one, 'type')),
      ['request', 'response'],
    )
    const [request] = carried
    assert.equal(at(request, 'request', 'control_group', 'authorizations', 0, 'entity_id'), entities.get('ann'))
    assert.equal(at(request, 'auth', 'entity_id'), entities.get('bob'))
    const id = at(request, 'request', 'control_group', 'request_id')
    const first = all.find((one) => at(one, 'request', 'id') === id && at(one, 'type') === 'response')
    assert.equal(at(first, 'request', 'path'), 'kv/b')
    assert.equal(at(first, 'auth', 'policy_results', 'allowed'), false)
    assert.ok(at(first, 'response', 'wrap_info', 'accessor') !== undefined)
    assert.ok(!readFileSync(server.auditFile, 'utf8').includes(CANARY), 'in the audit log')
    assert.ok(!server.output.includes(CANARY), 'in the log')
  })

  test('an expression holds on each thread from the moment it was written; what was overridden is on record', async () => {
    const put = (policy: string, level: string) =>
      server.call('POST', 'sys/policies/egp/self', {
        policy,
        paths: 'auth/token/lookup-self',
        enforcement_level: level,
      })
    const look = (headers = {}) => by('ann', 'GET', 'auth/token/lookup-self', undefined, headers)
    for (let round = 0; round < 6; round++) {
      assert.equal((await put('false', 'soft-mandatory')).status, 204)
      for (const answer of await Promise.all(Array.from({ length: 12 }, () => look()))) assert.equal(answer.status, 403)
      assert.equal((await server.call('DELETE', 'sys/policies/egp/self')).status, 204)
      for (const answer of await Promise.all(Array.from({ length: 12 }, () => look()))) assert.equal(answer.status, 200)
    }
    await put('false', 'soft-mandatory')
    const denied = entries().length
    assert.equal((await look()).status, 403)
    assert.equal((await look({ 'X-Vault-Policy-Override': 'true' })).status, 200)
    const [first, , second] = entries().slice(denied)
    assert.deepEqual(at(first, 'auth', 'policy_results', 'governing_policies', 0, 'result'), 'denied')
    assert.equal(at(second, 'request', 'policy_override'), true)
    assert.deepEqual(at(second, 'auth', 'policy_results', 'governing_policies', 0), {
      name: 'self',
      namespace_id: 'root',
      type: 'egp',
      enforcement_level: 'soft-mandatory',
      result: 'overridden',
      trace: 'Clause 1 (line 1, column 1) evaluated to false',
    })
    await server.said(/a policy was overridden/)
    await put('false', 'advisory')
    assert.equal((await look()).status, 200)
    await server.said(/an advisory policy was not passed/)
  })
})
