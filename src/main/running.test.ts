import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { request } from '../../test/support/http.ts'
import { tracked } from '../../test/support/tracked.ts'
import { systemClock } from '../lib/clock.ts'
import { openLog } from './log-setup.ts'
import { fromConfigFiles } from './config-settings.ts'
import { startRunning } from './running.ts'
import type { Settings } from './settings.ts'

const root = mkdtempSync(join(tmpdir(), 'coffer-running-'))
after(() => rmSync(root, { recursive: true }))
const path = join(root, 'coffer.hcl')
const CONFIGURATION = `
  storage "inmem" {}
  listener "tcp" { tls_disable = true address = "127.0.0.1:0" }
  log_level = "off"
  log_file = "${root}/"
  enable_response_header_hostname = true
`
writeFileSync(path, CONFIGURATION, { mode: 0o600 })
const settings = fromConfigFiles([path])

/** What the command itself looks at, before there is a server and after. */
const BY_THE_COMMAND = ['configFiles', 'pidFile', 'warnings']
/** Where other nodes share the storage, of which memory is not. */
const AMONG_OTHERS = ['cluster']
/** Called only when somebody asks for it. */
const LATER = ['sanitized']

function membersOf(value: object, at: string): readonly string[] {
  return Object.keys(value).map((name) => (at === '' ? name : `${at}.${name}`))
}

test('every member of the settings is used by the running server', async () => {
  const reads = new Set<string>()
  const settled: Settings = tracked(settings, reads)
  const log = await openLog(settled.log, systemClock)
  await using running = await startRunning(settled, log)
  const answer = await request(`http://${running.addresses[0] ?? ''}`, 'PUT', '/v1/sys/init', {
    body: { secret_shares: 1, secret_threshold: 1 },
  })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['x-vault-hostname'], hostname())
  const [listener] = settings.listeners
  assert.ok(listener !== undefined)
  const expected = [
    ...membersOf(settings, ''),
    ...membersOf(settings.log, 'log'),
    ...membersOf(settings.telemetry, 'telemetry'),
    ...membersOf(listener, 'listeners.tcp'),
    ...membersOf(listener.limits, 'listeners.tcp.limits'),
    ...membersOf(listener.timeouts, 'listeners.tcp.timeouts'),
  ]
  const unix = ['listeners.tcp.unixSocket']
  assert.deepEqual(
    expected.filter((name) => !reads.has(name) && ![...BY_THE_COMMAND, ...AMONG_OTHERS, ...unix].includes(name)),
    [],
  )
  assert.ok(LATER.every((name) => reads.has(name)))
})

test('a listener that cannot start leaves nothing behind', async () => {
  const log = await openLog(settings.log, systemClock)
  await using first = await startRunning(settings, log)
  const [listener] = settings.listeners
  assert.ok(listener !== undefined)
  const taken: Settings = { ...settings, listeners: [listener, { ...listener, address: first.addresses[0] ?? '' }] }
  await assert.rejects(startRunning(taken, log), { code: 'LISTENER_IN_USE' })
})
