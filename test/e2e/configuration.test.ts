/** What keys of the configuration do to a running server. Each key that is set here has its effect looked at. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { request, type Answer } from '../support/http.ts'
import { at, listAt } from '../support/json.ts'
import { freePort, startServer, type TestServer } from '../support/server.ts'

describe('a server with much configured', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-configured-'))
  const pidFile = join(folder, 'coffer.pid')
  let server: TestServer
  let strict = ''
  let metricsAlone = ''
  before(async () => {
    strict = `127.0.0.1:${await freePort()}`
    metricsAlone = `127.0.0.1:${await freePort()}`
    server = await startServer({
      audit: true,
      listener: `
        redact_cluster_name = true
        redact_version = true
        telemetry { unauthenticated_metrics_access = true }
        inflight_requests_logging { unauthenticated_in_flight_requests_access = true }
        custom_response_headers { "default" = { "X-Default" = ["yes"] } "4xx" = { "X-Client-Error" = ["a", "b"] } }`,
      config: `
        listener "tcp" {
          address = "${strict}"
          tls_disable = true
          telemetry { disallow_metrics = true }
          require_request_header = true
          max_json_depth = 4
          max_request_json_strings = 9
          max_json_object_entry_count = 3
          max_json_string_value_length = 100
          max_request_json_memory = "4KiB"
          max_request_size = "8KiB"
        }
        listener "tcp" {
          address = "${metricsAlone}"
          tls_disable = true
          role = "metrics_only"
        }
        cluster_name = "main"
        api_addr = "https://vault.example:8200"
        raw_storage_endpoint = true
        enable_response_header_hostname = true
        default_lease_ttl = "30m"
        max_lease_ttl = "1h"
        log_file = "${folder}/"
        log_requests_level = "info"
        pid_file = "${pidFile}"
        telemetry {
          metrics_prefix = "coffer"
          disable_hostname = true
          prefix_filter = ["-coffer.runtime", "+coffer.runtime.sys_bytes"]
        }
        unsafe_allow_api_audit_creation = true`,
    })
    await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const on = (address: string, method: string, path: string, body?: unknown): Promise<Answer> =>
    request(`http://${address}`, method, `/v1/${path}`, {
      token: server.token,
      headers: { 'X-Vault-Request': 'true' },
      ...(body === undefined ? {} : { body }),
    })
  const withoutToken = (path: string) => server.call('GET', path, undefined, { token: '' })

  test('redact_cluster_name and redact_version', async () => {
    for (const path of ['sys/health', 'sys/seal-status']) {
      const open = Object(JSON.parse((await on(strict, 'GET', path)).text))
      assert.deepEqual([open.cluster_name, open.version === ''], ['main', false], path)
      const redacted = Object(JSON.parse((await withoutToken(path)).text))
      assert.deepEqual([Object.hasOwn(redacted, 'cluster_name'), redacted.version], [false, ''], path)
      assert.equal(redacted.cluster_id, open.cluster_id)
    }
  })

  test('unauthenticated_metrics_access, disallow_metrics, role', async () => {
    assert.equal((await withoutToken('sys/metrics')).status, 200)
    assert.equal((await server.call('POST', 'sys/metrics', {}, { token: '' })).status, 405)
    const refused = await on(strict, 'GET', 'sys/metrics')
    assert.deepEqual(
      [refused.status, listAt(refused.json, 'errors')],
      [403, ['sys/metrics is disabled for this listener']],
    )
    assert.equal((await request(`http://${metricsAlone}`, 'GET', '/v1/sys/metrics')).status, 200)
    for (const path of ['sys/health', 'kv/a', 'nothing/here']) {
      const answer = await on(metricsAlone, 'GET', path)
      assert.deepEqual(
        [answer.status, listAt(answer.json, 'errors')],
        [404, ['this listener only serves the metrics endpoint']],
        path,
      )
    }
  })

  test('unauthenticated_in_flight_requests_access', async () => {
    const answer = await withoutToken('sys/in-flight-req')
    assert.equal(answer.status, 200)
    assert.match(answer.text, /"request_path":"\/v1\/sys\/in-flight-req"/)
    assert.equal(
      (await request(`http://${strict}`, 'GET', '/v1/sys/in-flight-req', { headers: { 'X-Vault-Request': 'true' } }))
        .status,
      403,
    )
  })

  test('metrics_prefix, prefix_filter, disable_hostname', async () => {
    const { text } = await withoutToken('sys/metrics?format=prometheus')
    assert.match(text, /^coffer_core_handle_request_count \d+$/m)
    assert.match(text, /^coffer_core_in_flight_requests 1$/m)
    assert.match(text, /^coffer_runtime_sys_bytes \d+$/m)
    assert.doesNotMatch(text, /^vault_|coffer_runtime_alloc/m)
  })

  test('limits of JSON bodies hold on their listener alone', async () => {
    const bodies = {
      max_json_depth: { a: { b: { c: { d: {} } } } },
      max_request_json_strings: { a: ['1', '2', '3', '4', '5', '6', '7', '8', '9'] },
      max_json_object_entry_count: { a: 1, b: 2, c: 3, d: 4 },
      max_json_string_value_length: { a: 'x'.repeat(101) },
      max_request_json_memory: { a: Array.from({ length: 400 }, () => 1) },
    }
    for (const [name, body] of Object.entries(bodies)) {
      const refused = await on(strict, 'POST', `kv/${name}`, body)
      assert.equal(refused.status, 400, `${name}: ${refused.text}`)
      assert.equal((await server.call('POST', `kv/${name}`, body)).status, 204, name)
    }
    assert.equal((await on(strict, 'POST', 'kv/size', { a: Array.from({ length: 5000 }, () => 1) })).status, 413)
    assert.equal((await on(strict, 'POST', 'kv/small', { a: { b: {} } })).status, 204)
  })

  test('require_request_header', async () => {
    assert.equal((await request(`http://${strict}`, 'GET', '/v1/sys/health')).status, 412)
  })

  test('enable_response_header_hostname and custom_response_headers', async () => {
    const found = await server.call('GET', 'sys/health')
    assert.deepEqual(
      [found.headers['x-vault-hostname'], found.headers['x-default'], found.headers['x-client-error']],
      [hostname(), 'yes', undefined],
    )
    const refused = await withoutToken('kv/a')
    assert.deepEqual([refused.headers['x-vault-hostname'], refused.headers['x-client-error']], [hostname(), 'a; b'])
  })

  test('default_lease_ttl and max_lease_ttl', async () => {
    const ttlOf = async (body: object) =>
      at(
        (await server.call('POST', 'auth/token/create', { policies: ['default'], ...body })).json,
        'auth',
        'lease_duration',
      )
    assert.deepEqual([await ttlOf({}), await ttlOf({ ttl: '10h' }), await ttlOf({ ttl: '5m' })], [1800, 3600, 300])
  })

  test('api_addr', async () => {
    assert.equal(
      at((await server.call('GET', 'sys/ha-status')).json, 'data', 'nodes', 0, 'api_address'),
      'https://vault.example:8200',
    )
  })

  test('what is in force is shown, and no secret', async () => {
    const { json, text } = await server.call('GET', 'sys/config/state/sanitized')
    assert.deepEqual(
      [
        at(json, 'data', 'cluster_name'),
        at(json, 'data', 'raw_storage_endpoint'),
        at(json, 'data', 'telemetry', 'metrics_prefix'),
      ],
      ['main', true, 'coffer'],
    )
    assert.doesNotMatch(text, /audit\.log/)
  })

  test('unsafe_allow_api_audit_creation, and allow_audit_log_prefixing that is not set', async () => {
    const device = (options: object) => server.call('POST', 'sys/audit/second', { type: 'file', options })
    assert.equal((await device({ file_path: join(folder, 'second.log'), prefix: '#!' })).status, 400)
    assert.equal((await device({ file_path: join(folder, 'second.log') })).status, 204)
    assert.equal((await server.call('DELETE', 'sys/audit/second')).status, 204)
  })

  test('pid_file', () => {
    assert.equal(readFileSync(pidFile, 'utf8'), `${server.child.pid ?? 0}\n`)
  })

  test('log_requests_level, to the log_file too', async () => {
    await server.call('GET', 'kv/quiet?canary=canary-query', undefined, { token: 'canary-token' })
    await server.said(/completed_request: .*status_code=403 request_path=\/v1\/kv\/quiet request_method=GET/)
    assert.deepEqual(
      readdirSync(folder)
        .filter((name) => name.startsWith('coffer.'))
        .toSorted(),
      ['coffer.log', 'coffer.pid'],
    )
    await server.call('PUT', 'sys/seal')
    await server.said(/request_path=\/v1\/sys\/seal/)
    const log = readFileSync(join(folder, 'coffer.log'), 'utf8')
    assert.match(log, /request_path=\/v1\/kv\/quiet/)
    assert.doesNotMatch(log + server.output, /canary/)
    assert.equal((await withoutToken('sys/metrics')).status, 200, 'metrics are open while sealed')
    assert.equal((await on(strict, 'GET', 'sys/in-flight-req')).status, 503)
    await server.unseal()
  })

  test('raw_storage_endpoint: the storage, but for the keys, and nothing of it in the audit log', async () => {
    await server.call('POST', 'kv/raw', { password: 'canary-stored' })
    const uuid = String(at((await server.call('GET', 'sys/mounts/kv')).json, 'data', 'uuid'))
    assert.ok(listAt((await server.call('LIST', 'sys/raw/logical')).json, 'data', 'keys').includes(`${uuid}/`))
    const path = `sys/raw/logical/${uuid}/secret/raw`
    assert.match(String(at((await server.call('GET', path)).json, 'data', 'value')), /canary-stored/)
    const encoded = String(at((await server.call('GET', `${path}?encoding=base64`)).json, 'data', 'value'))
    assert.match(Buffer.from(encoded, 'base64').toString(), /canary-stored/)
    const changed = Buffer.from(encoded, 'base64').toString().replace('canary-stored', 'canary-changed')
    assert.equal(
      (await server.call('PUT', path, { value: Buffer.from(changed).toString('base64'), encoding: 'base64' })).status,
      204,
    )
    assert.equal(at((await server.call('GET', 'kv/raw')).json, 'data', 'password'), 'canary-changed')
    for (const key of ['core/keyring', 'core/root-key', 'core/seal-config'])
      assert.equal((await server.call('GET', `sys/raw/${key}`)).status, 400)
    const audit = readFileSync(server.auditFile, 'utf8')
    assert.ok(audit.includes(path))
    assert.ok(
      !audit.includes('canary-') &&
        !audit.includes(encoded) &&
        !audit.includes(Buffer.from(changed).toString('base64')),
    )
  })

  test('raw_storage_endpoint needs sudo', async () => {
    await server.call('PUT', 'sys/policies/acl/raw', {
      policy: 'path "sys/raw/*" { capabilities = ["create", "read", "update", "delete", "list"] }',
    })
    const { json } = await server.call('POST', 'auth/token/create', { policies: ['raw'] })
    const token = String(at(json, 'auth', 'client_token'))
    assert.equal((await server.call('LIST', 'sys/raw/core', undefined, { token })).status, 403)
    assert.equal((await server.call('GET', 'sys/raw/core/cluster', undefined, { token })).status, 403)
  })

  test('an orderly end removes the pid file', async () => {
    assert.equal(await server.kill('SIGTERM'), 0)
    assert.ok(!existsSync(pidFile))
    assert.match(readFileSync(join(folder, 'coffer.log'), 'utf8'), /stopped\n$/)
  })
})

test('a server with nothing configured has none of it', async () => {
  await using server = await startServer({ config: 'telemetry { prometheus_retention_time = 0 }' })
  assert.equal((await server.call('GET', 'sys/metrics', undefined, { token: '' })).status, 403)
  assert.equal((await server.call('GET', 'sys/in-flight-req', undefined, { token: '' })).status, 403)
  const raw = await server.call('LIST', 'sys/raw/core')
  assert.deepEqual([raw.status, /unsupported path/.test(raw.text)], [404, true])
  const off = await server.call('GET', 'sys/metrics?format=prometheus')
  assert.deepEqual([off.status, listAt(off.json, 'errors')], [400, ['prometheus is not enabled']])
  const { text } = await server.call('GET', 'sys/metrics')
  assert.ok(
    text.includes(`"vault.${hostname()}.core.in_flight_requests"`),
    'gauges have the name of the host unless told otherwise',
  )
  assert.ok(text.includes('"vault.core.handle_request"'))
  assert.equal((await server.call('GET', 'sys/health')).headers['x-vault-hostname'], undefined)
  assert.notEqual(at((await server.call('GET', 'sys/health')).json, 'version'), '')
  assert.equal(
    (
      await server.call('POST', 'sys/audit/second', {
        type: 'file',
        options: { file_path: join(server.folder, 'x.log') },
      })
    ).status,
    400,
  )
  assert.doesNotMatch(server.output, /completed_request/)
})
