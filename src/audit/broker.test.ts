import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { test } from 'node:test'
import { auditAdmin } from './admin.ts'
import { Device } from './device.ts'
import { StreamSink } from './devices/stream-sink.ts'
import { plainSettings } from './settings.ts'
import { body, event, request, salt } from './testdata/events.ts'
import { Harness } from './testdata/harness.ts'

function counter(server: Harness, name: string): number {
  const family = server.metrics.report().find((one) => one.name === name)
  return family?.series.reduce((sum, series) => sum + series.value, 0) ?? 0
}

/** From now on the file of a device can't be written: its folder is a file. */
function breakFile(server: Harness, name: string): void {
  fs.rmSync(server.path(name), { recursive: true })
  fs.writeFileSync(server.path(name), '')
}

test('two entries a request, in order, each on its line, under one request id', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x') })
  const ids = Array.from({ length: 200 }, (_, i) => `id-${i}`)
  await Promise.all(
    ids.map(async (id) => {
      const one = event({ request: request({ id }) })
      await server.broker.request(one)
      await server.broker.response({ ...one, reply: { data: { id } } })
    }),
  )
  const seen = server
    .lines('x')
    .slice(1)
    .map((line) => {
      const entry: { type: string; request: { id: string } } = JSON.parse(line)
      return `${entry.type} ${entry.request.id}`
    })
  assert.deepEqual(
    seen.filter((one) => one.startsWith('request')),
    ids.map((id) => `request ${id}`),
  )
  assert.deepEqual(
    seen.filter((one) => one.startsWith('response')).toSorted(),
    ids.map((id) => `response ${id}`).toSorted(),
  )
})

test('an entry is in the file by the time it is said to be', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x') })
  for (let i = 1; i < 20; i++) {
    await server.broker.request(event())
    assert.equal(server.lines('x').length, i + 1)
  }
})

test('where one device takes the entry the request goes on; where none does it fails', async () => {
  await using server = Harness.standing()
  await server.enable('good', { file_path: server.path('good') })
  await server.enable('bad', { file_path: server.path('folder/bad') })
  await server.table.unload()
  breakFile(server, 'folder')
  await server.load()
  await server.broker.request(event())
  assert.equal(server.lines('good').length, 2)
  // The bad one's failure comes later than the good one's success.
  await server.broker.reopen()
  assert.equal(counter(server, 'vault.audit.device_failure'), 1)
  assert.equal(counter(server, 'vault.audit.log_request_failure'), 0)
  await server.disable('good')
  await assert.rejects(server.broker.request(event()), { code: 'AUDIT_FAILED', status: 500, message: 'internal error' })
  await assert.rejects(server.broker.response(event()), {
    code: 'AUDIT_FAILED',
    status: 500,
    message: 'internal error',
  })
  assert.equal(counter(server, 'vault.audit.log_request_failure'), 1)
  assert.equal(counter(server, 'vault.audit.log_response_failure'), 1)
})

test('a device that hangs holds up nobody while another takes the entries', async () => {
  await using server = Harness.standing()
  await server.enable('good', { file_path: server.path('good') })
  execFileSync('mkfifo', [server.path('pipe')])
  // Both ends in one, so that there is a reader who does not read.
  const fd = fs.openSync(server.path('pipe'), fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
  const hanging = new Device(
    { path: 'hanging/', uuid: 'hanging', salt, settings: plainSettings, sink: new StreamSink(fd, server.clock) },
    server.environment,
  )
  server.broker.use([hanging, ...server.broker.devices])
  const long = event({ request: request({ path: 'x'.repeat(200_000) }) })
  for (let i = 0; i < 3; i++) {
    await server.broker.request(long)
    await server.broker.response(long)
  }
  assert.equal(server.lines('good').length, 7)
  await server.clock.advance(2000)
  assert.ok(server.log.some((line) => line.includes('in time') && line.includes('hanging/')))
  await server.broker.request(event())
  server.broker.use([hanging])
  await assert.rejects(server.broker.request(event()), { code: 'AUDIT_FAILED' })
  await hanging.close()
  fs.closeSync(fd)
})

test('a failing device is told once, and told again when it works', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('folder/x') })
  await server.table.unload()
  breakFile(server, 'folder')
  await server.load()
  const secret = event({ request: request({ body: body({ password: 'c4nary' }) }) })
  for (let i = 0; i < 5; i++) await assert.rejects(server.broker.request(secret), { code: 'AUDIT_FAILED' })
  const failures = (): number => server.log.filter((line) => line.includes('does not take entries')).length
  assert.equal(failures(), 1)
  fs.rmSync(server.path('folder'))
  await server.broker.request(secret)
  const [again = ''] = server.log.filter((line) => line.includes('works again'))
  assert.match(again, /"entries_not_taken":5/)
  assert.ok(server.log.every((line) => !line.includes('c4nary')))
  assert.equal(server.lines('folder/x').length, 1)
})

test('a rotated file is written until the reopening, and the new one from then on', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x') })
  fs.renameSync(server.path('x'), server.path('x.1'))
  await server.broker.request(event())
  assert.equal(server.lines('x.1').length, 2)
  await server.broker.reopen()
  await server.broker.request(event())
  assert.equal(server.lines('x.1').length, 2)
  assert.equal(server.lines('x').length, 1)
  assert.equal(fs.statSync(server.path('x')).mode & 0o777, 0o600)
})

test('a file that cannot be opened anew keeps its old one and is told', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x') })
  fs.renameSync(server.path('x'), server.path('x.1'))
  fs.mkdirSync(server.path('x'))
  await server.broker.reopen()
  assert.ok(server.log.some((line) => line.includes('could not be reopened')))
  await server.broker.request(event())
  assert.equal(server.lines('x.1').length, 2)
})

test('an entry of five MiB is an entry', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x'), log_raw: 'true' })
  await server.broker.request(event({ request: request({ body: body({ big: 'x'.repeat(5 * 1024 * 1024) }) }) }))
  assert.ok((server.lines('x')[1]?.length ?? 0) > 5 * 1024 * 1024)
})

test('an entry that cannot be built fails its request and no other', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x') })
  const loop: { self?: object } = {}
  loop.self = loop
  // No engine can say this in types; a cycle is what a broken one would make.
  const broken = event({ reply: { data: loop as Record<string, never> } })
  await assert.rejects(server.broker.response(broken), { code: 'AUDIT_FAILED' })
  await server.broker.response(event())
  assert.equal(server.lines('x').length, 2)
})

test('the system engine sees devices, hashes and headers through its port', async () => {
  await using server = Harness.standing()
  const admin = auditAdmin(server.table, server.broker, server.headers)
  const init = { type: 'file', description: 'x', local: true, options: new Map([['file_path', 'discard']]) }
  await server.store.write((view) => admin.enable(view, 'f', init))
  await server.load()
  assert.deepEqual(admin.list(), [{ path: 'f/', ...init }])
  assert.match(await admin.hash('f', 'x'), /^hmac-sha256:[0-9a-f]{64}$/)
  await assert.rejects(admin.hash('g', 'x'), { code: 'AUDIT_UNKNOWN_DEVICE', status: 400 })
  await server.store.write((view) => admin.putHeader(view, 'X-A', true))
  assert.deepEqual((await server.store.read((view) => admin.headers(view))).get('x-a'), { hmac: true })
  await server.store.write((view) => admin.deleteHeader(view, 'x-a'))
  assert.equal((await server.store.read((view) => admin.headers(view))).has('x-a'), false)
  await server.store.write((view) => admin.disable(view, 'f'))
  await server.load()
  assert.deepEqual(admin.list(), [])
})
