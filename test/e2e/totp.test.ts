/** Codes over the threads of one server: each is good once, whatever connections it comes by. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { devSettings } from '../../src/main/dev-settings.ts'
import { at, textAt } from '../support/json.ts'
import { request } from '../support/http.ts'
import { runServer } from '../support/running.ts'

test('a code sent over thirty connections to three threads is good once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-totp-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const flags = { dev: true, 'dev-listen-address': '127.0.0.1:0' }
  // Only these of the flags are read where settings come from.
  const base = devSettings(flags as never, join(folder, 'data'))
  await using server = await runServer({ ...base, servingThreads: 3, log: { ...base.log, level: 'error' } })
  const address = `http://${server.running.addresses[0] ?? ''}`
  const made = await request(address, 'PUT', '/v1/sys/init', { body: { secret_shares: 1, secret_threshold: 1 } })
  const token = textAt(made.json, 'root_token')
  const call = (method: string, path: string, body?: unknown, agent?: http.Agent) =>
    request(address, method, `/v1/${path}`, {
      token,
      ...(agent === undefined ? {} : { agent }),
      ...(body === undefined ? {} : { body }),
    })
  await call('PUT', 'sys/unseal', { key: at(made.json, 'keys_base64', 0) })
  await call('POST', 'sys/mounts/totp', { type: 'totp' })
  await call('POST', 'totp/keys/a', { key: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', period: '24h' })

  const agents = Array.from({ length: 30 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }))
  t.after(() => agents.forEach((agent) => agent.destroy()))
  const codes = await Promise.all(agents.map((agent) => call('GET', 'totp/code/a', undefined, agent)))
  const code = textAt(codes[0]?.json, 'data', 'code')
  assert.ok(codes.every(({ json }) => textAt(json, 'data', 'code') === code))
  const checked = await Promise.all(agents.map((agent) => call('POST', 'totp/code/a', { code }, agent)))
  assert.equal(checked.filter(({ status }) => status === 200).length, 1)
  assert.equal(checked.filter(({ status }) => status === 400).length, 29)
})
