/** Clients are counted once, by whichever thread of a server they come, and are there after a restart. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runCli } from '../../src/cli/index.ts'
import { devSettings } from '../../src/main/dev-settings.ts'
import type { Settings } from '../../src/main/settings.ts'
import { until } from '../support/callers.ts'
import { testIo } from '../support/cli-io.ts'
import { request } from '../support/http.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { runServer } from '../support/running.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffer-activity-'))
after(() => rmSync(folder, { recursive: true }))

function settings(): Settings {
  const flags = { dev: true, 'dev-listen-address': '127.0.0.1:0' }
  // Only these of the flags are read where settings come from.
  const base = devSettings(flags as never, join(folder, 'data'))
  return { ...base, servingThreads: 2, log: { ...base.log, level: 'error' } }
}

const USERS = ['ann', 'bob', 'eve']
const month = new Date().toISOString().slice(0, 7)

test('clients of every thread are counted once, and kept', async () => {
  let token = ''
  let key = ''
  {
    await using server = await runServer(settings())
    const address = `http://${server.running.addresses[0] ?? ''}`
    const made = await request(address, 'PUT', '/v1/sys/init', { body: { secret_shares: 1, secret_threshold: 1 } })
    token = textAt(made.json, 'root_token')
    key = textAt(made.json, 'keys_base64', 0)
    const call = (method: string, path: string, body?: unknown, as = token, agent = new http.Agent()) =>
      request(address, method, `/v1/${path}`, { token: as, agent, ...(body === undefined ? {} : { body }) })
    await call('PUT', 'sys/unseal', { key })
    await call('POST', 'sys/auth/userpass', { type: 'userpass' })
    const tokens: string[] = []
    for (const name of USERS) {
      await call('POST', `auth/userpass/users/${name}`, { password: 'p' })
      for (let i = 0; i < 2; i++) {
        const log = await call('POST', `auth/userpass/login/${name}`, { password: 'p' }, '')
        tokens.push(textAt(log.json, 'auth', 'client_token'))
      }
    }
    // Two tokens with the same policies are one client, a third one another.
    for (const policies of [['default'], ['default'], ['other']]) {
      const one = await call('POST', 'auth/token/create', { policies })
      tokens.push(textAt(one.json, 'auth', 'client_token'))
    }
    const monthly = async () => at((await call('GET', 'sys/internal/counters/activity/monthly')).json, 'data')
    assert.equal(at(await monthly(), 'clients'), 0, 'a log-in that is not used is nobody')
    // Refused, so that it does not count.
    assert.equal((await call('GET', 'sys/mounts', undefined, tokens[0])).status, 403)
    assert.equal(at(await monthly(), 'clients'), 0)
    const use = () =>
      Promise.all(tokens.flatMap((one) => [1, 2, 3].map(() => call('GET', 'auth/token/lookup-self', undefined, one))))
    for (const answer of await use()) assert.equal(answer.status, 200)
    assert.deepEqual(
      [at(await monthly(), 'entity_clients'), at(await monthly(), 'non_entity_clients')],
      [USERS.length, 2],
    )
    for (const answer of await use()) assert.equal(answer.status, 200)
    assert.equal(at(await monthly(), 'clients'), USERS.length + 2)
  }
  await using server = await runServer(settings())
  const address = `http://${server.running.addresses[0] ?? ''}`
  await request(address, 'PUT', '/v1/sys/unseal', { body: { key } })
  const call = (path: string) => request(address, 'GET', `/v1/sys/internal/counters/${path}`, { token })
  const report = await call(`activity?start_time=${month}-01T00:00:00Z`)
  assert.equal(at(report.json, 'data', 'total', 'clients'), USERS.length + 2)
  const mounts = listAt(report.json, 'data', 'by_namespace', 0, 'mounts').map((one) => textAt(one, 'mount_path'))
  assert.deepEqual(mounts.toSorted(), ['auth/token/', 'auth/userpass/'])
  assert.equal((await call('activity')).status, 204, 'before this month there was nobody')
  const lines = (await call(`activity/export?start_time=${month}-01T00:00:00Z`)).text.trim().split('\n')
  assert.equal(lines.length, USERS.length + 2)
  assert.equal(lines.filter((line) => textAt(JSON.parse(line), 'client_type') === 'entity').length, USERS.length)
  assert.equal((await call('entities')).text.includes(`"total":${USERS.length}`), true)
  assert.equal((await call('activity?start_time=never')).status, 400)
  assert.equal((await call('activity?start_time=2026-03-01T00:00:00Z&end_time=2026-01-01T00:00:00Z')).status, 400)

  const { io, stdout, stderr } = testIo({ env: { COFFER_ADDR: address, COFFER_TOKEN: token } })
  assert.equal(await runCli(['operator', 'usage', `-start-time=${month}`], io), 0, stderr())
  assert.match(stdout(), /^\[root\] +3 +2 +5$/m)
  assert.match(stdout(), /^Total +3 +2 +5$/m)

  const write = (body: object) => request(address, 'POST', '/v1/sys/internal/counters/config', { token, body })
  assert.equal((await write({ retention_months: 0 })).status, 400)
  assert.equal((await write({ default_report_months: 0 })).status, 400)
  assert.equal((await write({ enabled: 'perhaps' })).status, 400)
  const disabled = await write({ enabled: 'disable' })
  assert.match(disabled.text, /the current monthly segment will be deleted/)
  assert.equal(textAt((await call('config')).json, 'data', 'enabled'), 'disabled')
  await until('what was counted this month is gone', async () => {
    return (await call(`activity?start_time=${month}-01T00:00:00Z`)).status === 204 || undefined
  })
})
