/** No entry, no answer: what clients see while the audit devices can't write, and what still works. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { at, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

test('while no device can write nothing is answered, and it recovers by itself', { skip: cannotLimit() }, async () => {
  await using server = await startServer({ audit: true })
  await prepare(server)
  fillDisk(server)
  const refused = await server.call('GET', 'secret/data/a')
  assert.equal(refused.status, 500)
  assert.ok(!refused.text.includes('canary'), 'no secret without an entry')
  const write = await server.call('POST', 'secret/data/b', { data: { x: 1 } })
  assert.equal(write.status, 500)
  assert.equal((await server.call('GET', 'sys/health')).status, 200)
  assert.equal((await server.call('GET', 'sys/seal-status')).status, 200)
  freeDisk(server)
  assert.equal((await server.call('GET', 'secret/data/a')).status, 200)
  assert.equal(
    (await server.call('GET', 'secret/data/b')).status,
    404,
    'the write whose request entry failed never ran',
  )
})

test('every request has its two entries, failed ones too', async () => {
  await using server = await startServer({ audit: true })
  await prepare(server)
  await server.call('GET', 'secret/data/a', undefined, { token: '' })
  await server.call('GET', 'secret/data/a', undefined, { token: 'hvs.nope' })
  const limited = await server.call('POST', 'auth/token/create', { policies: ['default'] })
  await server.call('GET', 'secret/data/a', undefined, { token: textAt(limited.json, 'auth', 'client_token') })
  await server.call('GET', 'sys/health')
  const entries = readFileSync(server.auditFile, 'utf8')
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const of = (type: string) => entries.filter((entry) => at(entry, 'type') === type)
  const paths = of('request').map((entry) => at(entry, 'request', 'path'))
  assert.ok(!paths.includes('sys/health'), 'health is one of the documented exceptions')
  const denied = of('response').filter((entry) => JSON.stringify(at(entry, 'error'))?.includes('permission denied'))
  assert.equal(denied.length, 3)
  const responses = new Set(of('response').map((entry) => at(entry, 'request', 'id')))
  for (const entry of of('request')) {
    const id = at(entry, 'request', 'id')
    // The entry a device is tried out with when it is made has no response.
    if (at(entry, 'request', 'path') !== 'sys/audit/test')
      assert.ok(responses.has(id), `no response entry for ${String(at(entry, 'request', 'path'))}`)
  }
})

test(
  'a device that is broken for good can be disabled, and the log says that nobody recorded it',
  { skip: cannotLimit() },
  async () => {
    await using server = await startServer({ config: 'unsafe_allow_api_audit_creation = true' })
    // Longer than the store's own file, which must be able to take the change.
    writeFileSync(server.auditFile, `${' '.repeat(8 << 20)}\n`, { mode: 0o600 })
    await server.call('PUT', 'sys/audit/mine', { type: 'file', options: { file_path: server.auditFile } })
    await prepare(server)
    fillDisk(server)
    assert.equal((await server.call('DELETE', 'sys/audit/mine', undefined, { token: 'hvs.nope' })).status, 500)
    assert.equal((await server.call('DELETE', 'sys/audit/mine')).status, 204)
    assert.equal((await server.call('GET', 'secret/data/a')).status, 200)
    assert.match(server.output, /carried out without an audit entry/)
  },
)

test('a device made through the API is refused in production unless the configuration allows it', async () => {
  await using server = await startServer()
  const refused = await server.call('PUT', 'sys/audit/mine', {
    type: 'file',
    options: { file_path: join(server.folder, 'mine.log') },
  })
  assert.equal(refused.status, 400)
  await using open = await startServer({ config: 'unsafe_allow_api_audit_creation = true' })
  const file = join(open.folder, 'mine.log')
  assert.equal((await open.call('PUT', 'sys/audit/mine', { type: 'file', options: { file_path: file } })).status, 204)
  assert.match(
    readFileSync(file, 'utf8'),
    /"type":"response".*"path":"sys\/audit\/mine"/,
    'the request that enabled it is its first entry',
  )
  assert.equal((await open.call('DELETE', 'sys/audit/mine')).status, 204)
  assert.deepEqual(at((await open.call('GET', 'sys/audit')).json, 'data'), {})
})

async function prepare(server: TestServer): Promise<void> {
  await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  assert.equal((await server.call('POST', 'secret/data/a', { data: { x: 'canary' } })).status, 200)
}

/** From now on a file of the server takes no byte more than it has: what a full disk does, for a process that may be root. */
function fillDisk(server: TestServer): void {
  limitFiles(server, `${statSync(server.auditFile).size}:unlimited`)
}

function freeDisk(server: TestServer): void {
  limitFiles(server, 'unlimited:unlimited')
}

function limitFiles(server: TestServer, limit: string): void {
  const done = spawnSync('prlimit', ['--pid', String(server.child.pid), `--fsize=${limit}`], { encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
}

/** Limiting a running process takes util-linux's prlimit and the right to use it on a process that forbids tracing. */
function cannotLimit(): string | false {
  if (process.getuid?.() !== 0) return 'prlimit on the server takes root'
  return spawnSync('prlimit', ['--version']).error === undefined ? false : 'prlimit is not installed'
}
