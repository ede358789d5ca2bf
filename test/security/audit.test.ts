/** The audit log holds no secret, each entry is its own request's, and a device decides about itself alone. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { tokenWith, until } from '../support/callers.ts'
import { at, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

describe('audit entries', () => {
  let server: TestServer
  let raw: string
  let plain: string
  before(async () => {
    server = await startServer({ audit: true, config: 'unsafe_allow_api_audit_creation = true\nlog_level = "trace"' })
    raw = join(server.folder, 'raw.log')
    plain = join(server.folder, 'plain.log')
    await server.call('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '2' } })
    assert.equal(
      (await server.call('PUT', 'sys/audit/raw', { type: 'file', options: { file_path: raw, log_raw: 'true' } }))
        .status,
      204,
    )
    assert.equal(
      (await server.call('PUT', 'sys/audit/plain', { type: 'file', options: { file_path: plain } })).status,
      204,
    )
  })
  after(() => server[Symbol.asyncDispose]())

  const entriesOf = (file: string) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))

  test('of a device that hides nothing stay in its own file, however many requests there are', async () => {
    const canaries = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const canary = `canary-raw-${i}-77`
        await server.call('POST', `kv/data/c${i}`, { data: { value: canary, list: [canary, { deep: canary }] } })
        await server.call('GET', `kv/data/c${i}`)
        return canary
      }),
    )
    const open = readFileSync(raw, 'utf8')
    const others = readFileSync(plain, 'utf8') + readFileSync(server.auditFile, 'utf8') + server.output
    for (const canary of canaries) {
      assert.ok(open.includes(canary), canary)
      assert.ok(!others.includes(canary), canary)
    }
  })

  test('are each their own tenant’s: no answer and no entry shows what another one asked', async () => {
    const tenants = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        await server.call('POST', `kv/data/tenant${i}`, { data: { canary: `tenant-${i}-only` } })
        const token = await tokenWith(server, `path "kv/data/tenant${i}" { capabilities = ["read", "update"] }`, {
          display_name: `tenant${i}`,
          meta: { tenant: `t${i}` },
        })
        return { i, token }
      }),
    )
    await Promise.all(
      Array.from({ length: 1000 }, async (_, n) => {
        const { i, token } = tenants[n % tenants.length] ?? { i: -1, token: '' }
        const own = n % 3 !== 0
        const answer = await server.call('GET', `kv/data/tenant${own ? i : (i + 1) % tenants.length}`, undefined, {
          token,
        })
        assert.equal(answer.status, own ? 200 : 403)
        if (own) assert.equal(at(answer.json, 'data', 'data', 'canary'), `tenant-${i}-only`)
        else assert.ok(!answer.text.includes('only'))
      }),
    )
    const entries = entriesOf(plain).filter(
      (entry) =>
        textAt(entry, 'request', 'path').startsWith('kv/data/tenant') &&
        String(at(entry, 'auth', 'display_name')).startsWith('token-tenant'),
    )
    assert.ok(entries.length >= 2000)
    for (const entry of entries) {
      const name = textAt(entry, 'auth', 'display_name').replace('token-', '')
      assert.equal(at(entry, 'auth', 'metadata', 'tenant'), name.replace('tenant', 't'))
      const refused = at(entry, 'error') !== undefined
      if (at(entry, 'type') === 'response')
        assert.equal(textAt(entry, 'request', 'path') === `kv/data/${name}`, !refused)
    }
  })

  test('and errors name the field that was wrong, never what was in it', async () => {
    const huge = `canary-huge-${'x'.repeat(1_000_000)}`
    const sent: readonly (readonly [string, string])[] = [
      ['kv/data/bad', '{"data":"canary-type-1"}'],
      ['kv/data/bad', '{"data":{"a":"canary-cut-2'],
      ['kv/data/bad', '{"data":{"a":"canary-bad-3"}} canary-tail-4'],
      ['kv/data/bad', '{"data":{},"options":{"cas":"canary-cas-5"}}'],
      ['kv/metadata/bad', JSON.stringify({ max_versions: huge })],
      ['kv/metadata/bad', '{"delete_version_after":"canary-duration-6"}'],
      ['auth/token/create', '{"ttl":"canary-ttl-7"}'],
      ['auth/token/create', '{"num_uses":{"canary-uses-8":1}}'],
      ['auth/token/roles/x', '{"token_type":"canary-kind-9"}'],
      ['sys/unseal', '{"reset":"canary-reset-10"}'],
      ['sys/tools/hash', '{"input":"canary not base64 11"}'],
      ['sys/mounts/x', '{"type":"kv","options":{"version":["canary-option-12"]}}'],
      ['sys/policies/acl/x', '{"policy":{"canary-policy-13":1}}'],
      ['sys/wrapping/unwrap', '{"token":["canary-token-14"]}'],
    ]
    for (const [path, bytes] of sent) {
      const answer = await server.call('POST', path, undefined, { bytes })
      assert.ok([400, 403, 413].includes(answer.status), `${path}: ${answer.status} ${answer.text.slice(0, 200)}`)
      assert.ok(!answer.text.includes('canary'), answer.text.slice(0, 300))
    }
    assert.match((await server.call('POST', 'kv/metadata/bad', { max_versions: 'x' })).text, /max_versions/)
    const all = readFileSync(plain, 'utf8') + readFileSync(server.auditFile, 'utf8') + server.output
    for (const piece of [
      'canary-type',
      'canary-cut',
      'canary-bad',
      'canary-tail',
      'canary-cas',
      'canary-huge',
      'canary-duration',
      'canary-ttl',
      'canary-reset',
      'canary not base64',
      'canary-token',
    ])
      assert.ok(!all.includes(piece), piece)
  })

  test('may be five MiB long, and hold no wrapped reply', async () => {
    const value = 'x'.repeat(5 << 20)
    const written = await server.call('POST', 'kv/data/huge', { data: { value } })
    assert.equal(written.status, 200, written.text.slice(0, 100))
    assert.ok((await server.call('GET', 'kv/data/huge')).text.includes(value))
    await server.call('POST', 'kv/data/w', { data: { value: 'canary-wrapped-5' } })
    const answer = await server.call('GET', 'kv/data/w', undefined, { headers: { 'X-Vault-Wrap-TTL': '60' } })
    const token = textAt(answer.json, 'wrap_info', 'token')
    await server.call('POST', 'sys/wrapping/unwrap', { token })
    const text = readFileSync(plain, 'utf8')
    assert.ok(!text.includes('canary-wrapped') && !text.includes(token))
  })

  test('have the headers that were asked for, and never one that is a token', async () => {
    await server.call('POST', 'sys/config/auditing/request-headers/X-Req', { hmac: false })
    await server.call('POST', 'sys/config/auditing/request-headers/X-Secret', { hmac: true })
    for (const name of ['X-Vault-Token', 'x-vault-token', 'Authorization', 'Cookie'])
      await server.call('POST', `sys/config/auditing/request-headers/${name}`, { hmac: false })
    await server.call('GET', 'kv/data/w', undefined, {
      headers: { 'X-Req': 'req-in-clear', 'X-Secret': 'canary-header-8', Authorization: `Bearer ${server.token}` },
    })
    const [entry] = await until('the entry', () => {
      const found = entriesOf(plain).filter((one) => JSON.stringify(one).includes('req-in-clear'))
      return found.length > 0 ? found : undefined
    })
    assert.deepEqual(at(entry, 'request', 'headers', 'x-req'), ['req-in-clear'])
    const text = readFileSync(plain, 'utf8') + readFileSync(server.auditFile, 'utf8')
    assert.ok(!text.includes('canary-header-8'))
    assert.ok(!text.includes(server.token), 'the root token stands in no audit log')
  })
})
