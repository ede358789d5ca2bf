/** `initialize` stanzas: a server that sets itself up when it starts for the first time, and never again. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/index.ts'
import { until } from '../support/callers.ts'
import { healthOf, startNodesAtOnce } from '../support/cluster.ts'
import { at } from '../support/json.ts'
import { clusterStanza, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { startServer, type TestServer } from '../support/server.ts'

const SEAL = `seal "static" {\n  current_key_id = "a"\n  current_key = "${'5a'.repeat(32)}"\n}\n`
const secrets = mkdtempSync(join(tmpdir(), 'coffer-initialize-'))
writeFileSync(join(secrets, 'admin.password'), 'correct horse\n', { mode: 0o600 })

const STANZAS = `
initialize "access" {
  request "policy" {
    operation = "update"
    path      = "sys/policies/acl/admin"
    data = {
      policy = "path \\"*\\" { capabilities = [\\"create\\", \\"read\\", \\"update\\", \\"delete\\", \\"list\\", \\"sudo\\"] }"
    }
  }
  request "userpass" {
    operation = "update"
    path      = "sys/auth/userpass"
    data      = { type = "userpass" }
  }
  request "admin" {
    operation = "update"
    path      = "auth/userpass/users/admin"
    data = {
      password       = "file://${secrets}/admin.password"
      token_policies = ["admin"]
    }
  }
  request "again" {
    operation     = "update"
    path          = "sys/auth/userpass"
    data          = { type = "userpass" }
    allow_failure = true
  }
}

initialize "as-admin" {
  request "log-in" {
    operation = "update"
    path      = "auth/userpass/login/admin"
    data = {
      password = {
        eval_source     = "request"
        eval_type       = "string"
        initialize_name = "access"
        request_name    = "admin"
        field_selector  = ["data", "password"]
      }
    }
  }
  request "engine" {
    operation = "update"
    path      = "sys/mounts/apps"
    token = {
      eval_source     = "response"
      eval_type       = "string"
      initialize_name = "as-admin"
      response_name   = "log-in"
      field_selector  = ["auth", "client_token"]
    }
    data = {
      type    = "kv"
      options = { version = "2" }
    }
  }
}
`

async function unsealed(server: TestServer): Promise<void> {
  for (let attempt = 0; attempt < 2000; attempt++) {
    if ((await server.call('GET', 'sys/health')).status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`the server did not unseal:\n${server.output}`)
}

async function logIn(server: TestServer): Promise<string> {
  const answer = await server.call('POST', 'auth/userpass/login/admin', { password: 'correct horse' })
  assert.equal(answer.status, 200, answer.text)
  return (answer.json as { auth: { client_token: string } }).auth.client_token
}

test('a server sets itself up at its first start, and leaves no root token', async () => {
  await using server = await startServer({ raw: true, audit: true, config: SEAL + STANZAS })
  await unsealed(server)
  const token = await logIn(server)
  const mounts = await server.call('GET', 'sys/mounts/apps', undefined, { token })
  assert.equal(mounts.status, 200, mounts.text)
  const accessors = await server.call('LIST', 'auth/token/accessors', undefined, { token })
  const { keys } = (accessors.json as { data: { keys: string[] } }).data
  const policies: string[] = []
  for (const accessor of keys) {
    const found = await server.call('POST', 'auth/token/lookup-accessor', { accessor }, { token })
    policies.push(...(found.json as { data: { policies: string[] } }).data.policies)
  }
  assert.ok(policies.includes('admin'))
  assert.ok(!policies.includes('root'), 'no root token is left')
  await server.said(/request "again" of initialize "access" failed, as it may/)
  await server.said(/the first start is done/)
  assert.doesNotMatch(server.output, /correct horse|hvs\./)
  // All of it was audited, and nothing in clear.
  const audit = readFileSync(server.auditFile, 'utf8')
  assert.match(audit, /"path":"sys\/mounts\/apps"/)
  assert.doesNotMatch(audit, /correct horse/)

  // It starts again without asking anything, even if what was needed then is gone.
  await server.call('DELETE', 'sys/mounts/apps', undefined, { token })
  await server.kill('SIGTERM')
  await server.restart()
  await unsealed(server)
  assert.equal((await server.call('GET', 'sys/mounts/apps', undefined, { token: await logIn(server) })).status, 400)
})

test(
  'of nodes that start at once on an empty storage one makes the vault, and the others follow',
  { skip: withoutPostgres() },
  async () => {
    for (let round = 0; round < 2; round++) {
      await using postgres = await startPostgres()
      const storageStanza = clusterStanza(postgres.url())
      await using cluster = await startNodesAtOnce(3, storageStanza, { config: SEAL + STANZAS })
      const said = (text: string) => cluster.nodes.filter((node) => node.output.includes(text))
      await until('the end of the first start', async () =>
        said('the first start is done').length > 0 ? true : undefined,
      )
      for (const node of cluster.nodes)
        await until('a node that serves', async () => ([200, 429].includes(await healthOf(node)) ? true : undefined))
      assert.equal(said('the first start is done').length, 1)
      assert.equal(said('the first start failed').length, 0)
      for (const node of cluster.nodes) {
        const token = await logIn(node)
        assert.equal((await node.call('GET', 'sys/mounts/apps', undefined, { token })).status, 200)
        // Nothing was asked twice.
        const mounts = await node.call('GET', 'sys/auth', undefined, { token })
        assert.deepEqual(Object.keys(Object(at(mounts.json, 'data'))).toSorted(), ['token/', 'userpass/'])
      }
    }
  },
)

test('a request that fails ends the start: the root token is revoked, and the storage is not used any more', async () => {
  const stanza = `
initialize "a" {
  request "one" {
    operation = "update"
    path      = "sys/policies/acl/one"
    data      = { policy = "path \\"a\\" { capabilities = [\\"read\\"] }" }
  }
  request "two" {
    operation = "update"
    path      = "sys/mounts/nowhere"
    data      = { type = "no-such-engine" }
  }
}
`
  await assert.rejects(startServer({ raw: true, audit: true, config: SEAL + stanza }), (error: Error) => {
    assert.match(error.message, /the first start failed: request "two" of initialize "a": 400/)
    return true
  })

  const folder = mkdtempSync(join(tmpdir(), 'coffer-initialize-'))
  const log = join(secrets, 'audit.log')
  const audit = `audit "file" "kept" {\n  options {\n    file_path = "${log}"\n  }\n}\n`
  const options = { raw: true, storageStanza: `storage "lmdb" {\n  path = "${folder}"\n}` }
  await startServer({ ...options, config: SEAL + audit + stanza }).catch(() => undefined)
  const entries = readFileSync(log, 'utf8').trimEnd().split('\n')
  const last: { type: string; error?: string; request: { path: string } } = JSON.parse(entries.at(-1) ?? '')
  assert.deepEqual([last.type, last.request.path, last.error], ['response', 'auth/token/revoke-self', undefined])
  // Nobody has a token for it, and what is missing cannot be told: it stays sealed, whatever the stanzas say now.
  await using server = await startServer({ ...options, config: SEAL })
  await server.said(/the first start of this storage did not come to its end/)
  const health = await server.call('GET', 'sys/health')
  assert.equal((health.json as { sealed: boolean }).sealed, true)
  rmSync(folder, { recursive: true, force: true })
})

test('values that cannot be had are told of by their names', async () => {
  const stanza = (value: string): string => `
initialize "a" {
  request "one" {
    operation = "update"
    path      = "sys/policies/acl/one"
    data      = { policy = ${value} }
  }
}
`
  for (const [value, sentence] of [
    ['"env://COFFER_TEST_NO_SUCH"', /the environment has no variable COFFER_TEST_NO_SUCH/],
    [
      '{ eval_source = "env" eval_type = "string" env_var = "COFFER_TEST_NO_SUCH" require_present = true }',
      /the environment has no variable COFFER_TEST_NO_SUCH/,
    ],
    ['"file:///no/such/file"', /\/no\/such\/file cannot be read \(ENOENT\)/],
  ] as const)
    await assert.rejects(startServer({ raw: true, config: SEAL + stanza(value) }), sentence)
})

test('what is wrong with the stanzas is told before anything starts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-initialize-'))
  const path = join(folder, 'coffer.hcl')
  const messages = (stanzas: string, seal = SEAL): string => {
    writeFileSync(path, `storage "inmem" {}\nlistener "tcp" {\n  tls_disable = true\n}\n${seal}${stanzas}`, {
      mode: 0o600,
    })
    try {
      loadConfig([path])
      return ''
    } catch (error) {
      return error instanceof Error ? error.message : ''
    }
  }
  const request = (more: string): string =>
    `initialize "a" {\n  request "one" {\n    operation = "update"\n    path = "x"\n    ${more}\n  }\n}\n`
  assert.equal(messages(request('')), '')
  assert.match(messages(request(''), ''), /initialize needs a seal that opens by itself/)
  assert.match(messages(request(''), 'seal "shamir" {}\n'), /initialize needs a seal that opens by itself/)
  assert.match(messages('initialize "a" {\n  request "one" {}\n}\n'), /needs operation.*needs path/)
  assert.match(messages(request('dta = {}')), /unknown key "dta".*did you mean "data"/)
  assert.match(messages(request('data = "x"')), /data takes an object/)
  assert.match(messages(request('data = { a = { eval_source = "cel" eval_type = "any" } }')), /"cel" is not supported/)
  assert.match(
    messages(request('data = { a = { eval_source = "env" eval_type = "x" env_var = "y" } }')),
    /eval_type takes/,
  )
  assert.match(messages(request('') + request('')), /there is another initialize "a"/)
  const late =
    'data = { a = { eval_source = "response" eval_type = "any" initialize_name = "a" response_name = "two" field_selector = "x" } }'
  assert.match(messages(request(late)), /there is no request "two" of initialize "a" before this one/)
  assert.match(messages('initialize "1" {}\n'), /begins with no digit/)
  rmSync(folder, { recursive: true })
})
