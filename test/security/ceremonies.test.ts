/** Key ceremonies: nobody unknown has a hand in them unless the operator says so, and those who have lost every token get one again. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { until } from '../support/callers.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { coffer, startServer, type TestServer } from '../support/server.ts'

const STRANGER = { token: '' }
const FAMILIES = {
  'generate-root': ['sys/generate-root/attempt', 'sys/generate-root/update'],
  rekey: [
    'sys/rekey/init',
    'sys/rekey/update',
    'sys/rekey/verify',
    'sys/rekey-recovery-key/init',
    'sys/rekey-recovery-key/update',
    'sys/rekey-recovery-key/verify',
  ],
} as const

/** The lines of the audit file, once there are as many as there must be. */
async function audited(server: TestServer, path: string, type: 'request' | 'response'): Promise<readonly unknown[]> {
  const found = () =>
    readFileSync(server.auditFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line))
      .filter((entry) => at(entry, 'type') === type && at(entry, 'request', 'path') === path)
  return until(`an entry of ${path}`, async () => (found().length > 0 ? found() : undefined))
}

async function rootTokenOf(server: TestServer, options: { readonly token?: string }): Promise<string> {
  const begun = (await server.call('PUT', 'sys/generate-root/attempt', {}, options)).json
  const nonce = textAt(begun, 'nonce')
  let last: unknown
  for (const key of server.keys.slice(0, 2))
    last = (await server.call('PUT', 'sys/generate-root/update', { key, nonce }, options)).json
  const decoded = await server.call(
    'PUT',
    'sys/decode-token',
    { encoded_token: textAt(last, 'encoded_token'), otp: textAt(begun, 'otp') },
    options,
  )
  return textAt(decoded.json, 'data', 'token')
}

describe('CVE-2026-5807, CVE-2025-4656, CVE-2025-52894: by default a stranger', () => {
  let server: TestServer
  before(async () => void (server = await startServer({ shares: 3, threshold: 2, audit: true })))
  after(() => server[Symbol.asyncDispose]())

  test('cannot start, feed, read or cancel a ceremony, and each try is in the audit log', async () => {
    const begun = (await server.call('PUT', 'sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })).json
    await server.call('PUT', 'sys/generate-root/attempt', {})
    for (const path of Object.values(FAMILIES).flat()) {
      for (const method of ['GET', 'PUT', 'POST', 'DELETE'])
        assert.equal(
          (await server.call(method, path, { key: server.keys[0], nonce: textAt(begun, 'nonce') }, STRANGER)).status,
          403,
          `${method} ${path}`,
        )
      for (const entry of await audited(server, path, 'response'))
        if (at(entry, 'auth', 'accessor') === undefined) assert.match(textAt(entry, 'error'), /permission denied/)
    }
    assert.equal(at((await server.call('GET', 'sys/rekey/init')).json, 'nonce'), at(begun, 'nonce'))
    assert.equal(at((await server.call('GET', 'sys/rekey/init')).json, 'progress'), 0)
    assert.equal(at((await server.call('GET', 'sys/generate-root/attempt')).json, 'started'), true)
    await server.call('DELETE', 'sys/rekey/init')
    await server.call('DELETE', 'sys/generate-root/attempt')
  })

  test('is not joined by a token that may not do it', async () => {
    const made = await server.call('POST', 'auth/token/create', { policies: ['default'] })
    const token = textAt(made.json, 'auth', 'client_token')
    for (const path of Object.values(FAMILIES).flat())
      assert.equal((await server.call('PUT', path, {}, { token })).status, 403, path)
    assert.equal((await server.call('DELETE', 'sys/root-tokens', undefined, { token })).status, 403)
  })

  test('finds neither shares nor tokens nor passwords in what is logged and audited', async () => {
    const root = await rootTokenOf(server, {})
    const begun = (await server.call('PUT', 'sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })).json
    const nonce = textAt(begun, 'nonce')
    let made: unknown
    const old = server.keys
    for (const key of old.slice(0, 2)) made = (await server.call('PUT', 'sys/rekey/update', { key, nonce })).json
    const fresh = listAt(made, 'keys_base64').map(String)
    const hex = listAt(made, 'keys').map(String)
    server.keys = fresh
    await audited(server, 'sys/rekey/update', 'response')
    const written = `${server.output}\n${readFileSync(server.auditFile, 'utf8')}`
    for (const secret of [root, ...old, ...fresh, ...hex]) assert.ok(!written.includes(secret), 'a secret was written')
    await server.call('PUT', 'sys/seal')
    for (const key of old.slice(0, 2)) await server.call('PUT', 'sys/unseal', { key })
    assert.equal(at((await server.call('GET', 'sys/seal-status')).json, 'sealed'), true)
    await server.unseal()
    assert.equal(at((await server.call('GET', 'sys/seal-status')).json, 'sealed'), false)
  })

  test('progress ends with the sealing', async () => {
    const { nonce } = Object((await server.call('PUT', 'sys/generate-root/attempt', {})).json)
    await server.call('PUT', 'sys/generate-root/update', { key: server.keys[0], nonce })
    await server.call('PUT', 'sys/seal')
    assert.equal((await server.call('GET', 'sys/generate-root/attempt')).status, 503)
    await server.unseal()
    const status = (await server.call('GET', 'sys/generate-root/attempt')).json
    assert.deepEqual([at(status, 'started'), at(status, 'progress')], [false, 0])
  })

  test('threads and requests go on through two replacements of the root key', async () => {
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'secret/data/a', { data: { a: 1 } })
    for (let round = 0; round < 2; round++) {
      const begun = (await server.call('PUT', 'sys/rotate/root/init', { secret_shares: 3, secret_threshold: 2 })).json
      const nonce = textAt(begun, 'data', 'nonce')
      let made: unknown
      for (const key of server.keys.slice(0, 2))
        made = (await server.call('PUT', 'sys/rotate/root/update', { key, nonce })).json
      server.keys = listAt(made, 'data', 'keys_base64').map(String)
      // Connections are shared out among the threads.
      for (let i = 0; i < 20; i++)
        assert.equal(
          (await server.call('GET', 'secret/data/a', undefined, { headers: { Connection: 'close' } })).status,
          200,
        )
      assert.equal((await server.call('POST', 'sys/rotate')).status, 204)
    }
    await server.kill()
    await server.restart()
    await server.unseal()
    assert.equal((await server.call('GET', 'secret/data/a')).status, 200)
  })
})

describe('R-5: the last token that may do anything is lost', () => {
  let server: TestServer
  before(async () => void (server = await startServer({ shares: 3, threshold: 2, audit: true })))
  after(() => server[Symbol.asyncDispose]())

  const configuration = () => join(server.folder, 'coffer.hcl')
  const hangUp = () => process.kill(server.child.pid ?? 0, 'SIGHUP')
  const attempt = () => server.call('GET', 'sys/generate-root/attempt', undefined, STRANGER)

  test('those with access to the host and enough shares get a root token again, all of it audited', async () => {
    assert.equal(at((await server.call('DELETE', 'sys/root-tokens')).json, 'data', 'revoked'), 1)
    assert.equal((await server.call('GET', 'sys/mounts')).status, 403)
    const text = readFileSync(configuration(), 'utf8')
    assert.equal((await attempt()).status, 403)

    writeFileSync(configuration(), `enable_unauthenticated_access = ["generate-root"]\n${text}`)
    hangUp()
    await until('the door opens', async () => ((await attempt()).status === 200 ? true : undefined))
    await server.said(/a listener lets anyone use paths/)
    assert.equal((await server.call('GET', 'sys/rekey/init', undefined, STRANGER)).status, 403)
    const token = await rootTokenOf(server, STRANGER)

    writeFileSync(configuration(), text)
    hangUp()
    // Each thread by itself.
    await until('the door shuts', async () => {
      const statuses = await Promise.all(
        Array.from({ length: 12 }, () =>
          server.call('GET', 'sys/generate-root/attempt', undefined, { ...STRANGER, headers: { Connection: 'close' } }),
        ),
      )
      return statuses.every(({ status }) => status === 403) ? true : undefined
    })
    server.token = token
    assert.equal((await server.call('GET', 'sys/mounts')).status, 200)
    const entries = await audited(server, 'sys/generate-root/update', 'response')
    assert.equal(entries.length, 2)
    for (const entry of entries) assert.notEqual(at(entry, 'request', 'remote_address'), undefined)
    assert.ok((await audited(server, 'sys/generate-root/attempt', 'request')).length >= 2)
  })

  test('whoever is let in without a token needs the nonce to cancel what he did not start', async () => {
    const text = readFileSync(configuration(), 'utf8')
    writeFileSync(configuration(), `enable_unauthenticated_access = ["generate-root", "rekey"]\n${text}`)
    hangUp()
    await until('the door opens', async () => ((await attempt()).status === 200 ? true : undefined))
    for (const [path, body] of [
      ['sys/generate-root/attempt', {}],
      ['sys/rekey/init', { secret_shares: 1, secret_threshold: 1 }],
    ] as const) {
      const nonce = textAt((await server.call('PUT', path, body)).json, 'nonce')
      assert.equal((await server.call('DELETE', path, undefined, STRANGER)).status, 400)
      assert.equal((await server.call('DELETE', `${path}?nonce=another`, undefined, STRANGER)).status, 400)
      assert.equal(at((await server.call('GET', path)).json, 'nonce'), nonce)
      assert.equal((await server.call('DELETE', `${path}?nonce=${nonce}`, undefined, STRANGER)).status, 204)
      assert.equal(at((await server.call('GET', path)).json, 'started'), false)
    }
    // The first shares of a recovery key are for nobody unknown, and there is none here.
    assert.equal((await server.call('PUT', 'sys/rekey-recovery-key/init', {}, STRANGER)).status, 400)
    // What always needs a token still does.
    for (const path of ['sys/generate-root-token/attempt', 'sys/rotate/root/init', 'sys/rekey/backup'])
      assert.equal((await server.call('GET', path, undefined, STRANGER)).status, 403, path)
    writeFileSync(configuration(), text)
    hangUp()
    await until('the door shuts', async () => ((await attempt()).status === 403 ? true : undefined))
  })
})

test('a listener speaks for itself, whatever is said for all', async () => {
  await using server = await startServer({
    config: 'enable_unauthenticated_access = ["generate-root", "rekey"]',
    listener: 'disable_unauthed_generate_root_endpoints = true',
  })
  assert.equal((await server.call('GET', 'sys/generate-root/attempt', undefined, STRANGER)).status, 403)
  assert.equal((await server.call('GET', 'sys/rekey/init', undefined, STRANGER)).status, 200)
  await server.said(/lets anyone use sys\/rekey without a token/)
})

describe('root tokens', () => {
  let server: TestServer
  before(async () => void (server = await startServer({ shares: 3, threshold: 2 })))
  after(() => server[Symbol.asyncDispose]())

  const gauge = async () => {
    const metrics = await server.call('GET', 'sys/metrics?format=prometheus')
    return /^vault_\S*token_root (\d+)$/m.exec(metrics.text)?.[1]
  }

  test('that live are counted, listed and warned of, however they were made', async () => {
    await server.said(/root tokens are alive.*count=1/)
    const begun = (await server.call('PUT', 'sys/generate-root/attempt', { ttl: '1h' })).json
    const nonce = textAt(begun, 'nonce')
    for (const key of server.keys.slice(0, 2)) await server.call('PUT', 'sys/generate-root/update', { key, nonce })
    await server.call('POST', 'auth/token/create', { policies: ['root'], ttl: '2h' })
    await server.call('POST', 'auth/token/create', { policies: ['default'] })
    const list = (await server.call('LIST', 'sys/root-tokens')).json
    assert.equal(listAt(list, 'data', 'keys').length, 3)
    const infos = Object.values(Object(at(list, 'data', 'key_info')))
    assert.equal(infos.filter((info) => at(info, 'expire_time') === null).length, 1)
    await until('the gauge', async () => ((await gauge()) === '3' ? true : undefined))
    await server.said(/root tokens are alive.*count=3 forEver=1/)
  })

  test('are told of by operator diagnose, which needs no keys for that', () => {
    const run = spawnSync(
      coffer,
      ['operator', 'diagnose', '-format=json', `-config=${join(server.folder, 'coffer.hcl')}`],
      { encoding: 'utf8' },
    )
    const findings: unknown = JSON.parse(run.stdout)
    assert.ok(Array.isArray(findings))
    const found: unknown = findings.find((one: unknown) => at(one, 'area') === 'root tokens')
    assert.deepEqual([at(found, 'status'), at(found, 'detail')], ['warn', '3 stored, each of which may do everything'])
  })

  test('end all at once; what was made with them does, unless it is spared', async () => {
    const child = await server.call('POST', 'auth/token/create', { policies: ['default'] })
    const token = textAt(child.json, 'auth', 'client_token')
    assert.equal(at((await server.call('DELETE', 'sys/root-tokens?orphan=true')).json, 'data', 'revoked'), 3)
    assert.equal((await server.call('GET', 'sys/mounts')).status, 403)
    assert.equal((await server.call('GET', 'auth/token/lookup-self', undefined, { token })).status, 200)
  })
})
