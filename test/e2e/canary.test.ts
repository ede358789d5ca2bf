/** A canary in every place a secret can stand: none of them in the log, the audit log, the metrics or on the disk. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { textAt } from '../support/json.ts'
import { startServer } from '../support/server.ts'

test('no canary leaves by a side door', async () => {
  await using server = await startServer({ audit: true, config: 'log_level = "trace"' })
  const canary = (name: string) => `canary-${name}-5f1d`
  await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  await server.call('POST', 'sys/mounts/old', { type: 'kv' })
  await server.call('POST', 'secret/data/a', {
    data: { password: canary('v2'), nested: { list: [canary('nested'), { deep: canary('deep') }] } },
  })
  await server.call(
    'PATCH',
    'secret/data/a',
    { data: { more: canary('patch') } },
    { headers: { 'Content-Type': 'application/merge-patch+json' } },
  )
  await server.call('GET', 'secret/data/a')
  await server.call('POST', 'old/a', { password: canary('v1') })
  await server.call('GET', 'old/a')
  await server.call('POST', 'cubbyhole/a', { password: canary('cubbyhole') })
  await server.call('GET', 'cubbyhole/a')
  const wrapped = await server.call(
    'POST',
    'sys/wrapping/wrap',
    { password: canary('wrapped') },
    { headers: { 'X-Vault-Wrap-TTL': '60' } },
  )
  await server.call('POST', 'sys/wrapping/unwrap', { token: textAt(wrapped.json, 'wrap_info', 'token') })
  const made = await server.call('POST', 'auth/token/create', { policies: ['default'] })
  const token = textAt(made.json, 'auth', 'client_token')
  await server.call('GET', 'auth/token/lookup-self', undefined, { token })
  await server.call('GET', `secret/data/${canary('denied')}`, undefined, { token: canary('token') })
  await server.call('POST', 'secret/data/bad', undefined, {
    bytes: `{"data": ${canary('broken')}`,
    headers: { 'Content-Type': 'application/json' },
  })
  await server.call('POST', 'secret/data/bad', { data: canary('wrong-type') })
  await server.call('POST', 'auth/token/create', { ttl: canary('ttl'), num_uses: canary('uses') })
  await server.call('POST', 'sys/tools/hash', { input: Buffer.from(canary('hash')).toString('base64') })
  await server.call('PUT', 'sys/unseal', { key: canary('share') })
  await server.call('POST', 'sys/mounts/db', { type: 'database' })
  for (const verify of [false, true])
    await server.call('POST', 'db/config/away', {
      plugin_name: 'postgresql-database-plugin',
      connection_url: `postgres://u:${canary('db-url')}@127.0.0.1:1/x`,
      password: canary('db-password'),
      private_key: canary('db-key'),
      allowed_roles: '*',
      verify_connection: verify,
    })
  await server.call('POST', 'db/roles/away', { db_name: 'away', creation_statements: 'x' })
  await server.call('GET', 'db/creds/away')
  await server.call('GET', 'db/config/away')
  const metrics = await server.call('GET', 'sys/metrics?format=prometheus')
  assert.equal(metrics.status, 200)
  await server.kill('SIGTERM')

  const secrets = [
    ...CANARIES.map(canary),
    token,
    server.token,
    server.keys[0] ?? '',
    textAt(wrapped.json, 'wrap_info', 'token'),
  ]
  const audit = readFileSync(server.auditFile, 'utf8')
  assert.ok(audit.includes('"path":"secret/data/a"') && audit.includes('hmac-sha256:'), 'the audit log has entries')
  assert.ok(server.output.length > 0, 'the server logged something')
  const places: readonly (readonly [string, string])[] = [
    ['audit log', audit],
    ['log', server.output],
    ['metrics', metrics.text],
    ...filesBelow(join(server.folder, 'data')).map((file) => [file, readFileSync(file, 'latin1')] as const),
  ]
  for (const [place, text] of places)
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret.slice(0, 14)}… stands in ${place}`)
  for (const file of [server.auditFile, ...filesBelow(join(server.folder, 'data'))]) {
    assert.equal((statSync(file).mode & 0o077).toString(8), '0', `${file} is for its owner alone`)
  }
})

/** Those that are secrets; paths, display names and the metadata of tokens stand in the audit log in clear, as in Vault. */
const CANARIES = [
  'v2',
  'nested',
  'deep',
  'patch',
  'v1',
  'cubbyhole',
  'wrapped',
  'token',
  'broken',
  'wrong-type',
  'ttl',
  'uses',
  'hash',
  'share',
  'db-url',
  'db-password',
  'db-key',
]

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
