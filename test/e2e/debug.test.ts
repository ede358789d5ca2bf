/** `coffer monitor` and `coffer debug`, against a running server; nothing that it keeps is in a bundle. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { runCli } from '../../src/cli/index.ts'
import { until } from '../support/callers.ts'
import { testIo } from '../support/cli-io.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { coffer, startServer, type TestServer } from '../support/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffer-debug-'))
after(() => rmSync(folder, { recursive: true }))

const CANARY = 'canary-bundle-77d0'

async function filled(): Promise<TestServer> {
  const server = await startServer({ audit: true, config: `log_level = "trace"\nlog_requests_level = "trace"` })
  await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  await server.call('POST', 'sys/mounts/db', { type: 'database' })
  await server.call('POST', 'db/config/away', {
    plugin_name: 'postgresql-database-plugin',
    connection_url: `postgres://u:${CANARY}@127.0.0.1:1/x`,
    password: CANARY,
    verify_connection: false,
  })
  return server
}

/** Names and contents of the files in an archive. */
function filesOf(archive: string): ReadonlyMap<string, string> {
  const bytes = gunzipSync(readFileSync(archive))
  const files = new Map<string, string>()
  for (let place = 0; bytes[place] !== 0 && place < bytes.length;) {
    const name = bytes.toString('latin1', place, bytes.indexOf(0, place))
    const size = Number.parseInt(bytes.toString('latin1', place + 124, place + 135), 8)
    files.set(name.slice(name.indexOf('/') + 1), bytes.toString('utf8', place + 512, place + 512 + size))
    place += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

test('a bundle holds what helps to find out what a server does, and no secret of it', async () => {
  await using server = await filled()
  const output = join(folder, 'all')
  const { io, stdout, stderr } = testIo({ env: { COFFER_ADDR: server.address, COFFER_TOKEN: server.token } })
  let isDone = false
  const running = runCli(['debug', '-duration=4s', '-interval=2s', '-metrics-interval=1s', `-output=${output}`], io)
  const code = running.finally(() => (isDone = true))
  while (!isDone) {
    await server.call('POST', 'secret/data/a', { data: { password: CANARY } })
    await server.call('GET', 'secret/data/a')
    await server.call('GET', 'db/creds/away')
  }
  assert.equal(await code, 0, stderr())
  assert.match(stdout(), /Success! Bundle written to: .*all\.tar\.gz\n$/)
  assert.match(stdout(), /capturing metrics: count=1/)
  assert.ok(!existsSync(output), 'the folder is gone')
  assert.equal(statSync(`${output}.tar.gz`).mode & 0o777, 0o600)
  const files = filesOf(`${output}.tar.gz`)
  const index: unknown = JSON.parse(files.get('index.json') ?? '')
  assert.deepEqual(at(index, 'errors'), [])
  for (const name of [
    'config',
    'host_info',
    'metrics',
    'replication_status',
    'leader',
    'requests',
    'server_status',
    'health',
  ])
    assert.ok(listAt(JSON.parse(files.get(`${name}.json`) ?? '')).length > 0, name)
  assert.ok(listAt(JSON.parse(files.get('metrics.json') ?? '')).length >= 3)
  assert.match(files.get('coffer.log') ?? '', /\[TRACE\]/)
  const profile = [...files.keys()].find((name) => name.endsWith('/profile.cpuprofile'))
  assert.ok(listAt(JSON.parse(files.get(profile ?? '') ?? ''), 'nodes').length > 0)
  for (const [name, text] of files) {
    assert.ok(!text.includes(CANARY), name)
    assert.ok(!text.includes(server.token), name)
    for (const key of server.keys) assert.ok(!text.includes(key), name)
  }
})

test('a bundle of some things holds those, and says what could not be had', async () => {
  await using server = await filled()
  const made = await server.call('POST', 'auth/token/create', { policies: ['default'] })
  const env = { COFFER_ADDR: server.address, COFFER_TOKEN: textAt(made.json, 'auth', 'client_token') }
  const output = join(folder, 'some')
  const { io, stderr } = testIo({ env })
  const args = ['-compress=false', '-duration=1s', '-target=config', '-target=server-status', `-output=${output}`]
  assert.equal(await runCli(['debug', ...args], io), 0, stderr())
  assert.match(stderr(), /^config: Error making API request/)
  const index: unknown = JSON.parse(readFileSync(join(output, 'index.json'), 'utf8'))
  assert.equal(at(index, 'errors', 0, 'target'), 'config')
  assert.equal(existsSync(join(output, 'config.json')), false)
  assert.equal(existsSync(join(output, 'metrics.json')), false)
  assert.equal(listAt(JSON.parse(readFileSync(join(output, 'health.json'), 'utf8'))).length, 1)
  assert.equal(statSync(output).mode & 0o777, 0o700)
  const again = testIo({ env })
  assert.equal(await runCli(['debug', ...args], again.io), 1)
  assert.match(again.stderr(), /output path already exists/)
  const wrong = testIo({ env })
  assert.equal(await runCli(['debug', '-target=nothing'], wrong.io), 1)
})

test('monitor shows lines as they are written, and ends when the server does', async () => {
  await using server = await startServer()
  const child = spawn(coffer, ['monitor', '-log-level=trace', `-address=${server.address}`], {
    env: { ...process.env, COFFER_TOKEN: server.token },
  })
  try {
    let output = ''
    child.stdout.on('data', (text: Buffer) => (output += text.toString()))
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    // What begins before it looks on is not seen.
    await until('a line was shown', () => {
      server.child.kill('SIGHUP')
      return output.includes('reloaded certificates') || undefined
    })
    await server.kill('SIGTERM')
    assert.equal(await ended, 0)
  } finally {
    child.kill()
  }
})
