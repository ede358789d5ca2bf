import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { test } from 'node:test'
import { event } from './testdata/events.ts'
import { Harness } from './testdata/harness.ts'
import type { DeviceRequest } from './table.ts'
import { auditPrefix } from './storage-keys.ts'

test('an enabled device starts with a test entry, is listed, and takes entries', async () => {
  await using server = Harness.standing()
  assert.equal(server.broker.enabled, false)
  await server.broker.request(event())
  await server.enable('file', { file_path: server.path('a.log'), hmac_accessor: 'false' })
  assert.equal(server.broker.enabled, true)
  const options = new Map([
    ['file_path', server.path('a.log')],
    ['hmac_accessor', 'false'],
  ])
  assert.deepEqual(server.table.list(), [{ path: 'file/', type: 'file', description: '', options, local: false }])
  await server.broker.request(event())
  const [probe = '', entry = ''] = server.lines('a.log')
  const { request }: { request: { path: string } } = JSON.parse(probe)
  assert.equal(request.path, 'sys/audit/test')
  assert.ok(entry.includes('"accessor-of-bob"'))
})

const refusals: readonly (readonly [string, string, Readonly<Record<string, string>>, string, string])[] = [
  ['file', 'nope', {}, 'AUDIT_UNKNOWN_TYPE', 'unknown backend type: "nope"'],
  ['file', 'file', {}, 'AUDIT_MISSING_OPTION', 'file_path is required'],
  ['', 'file', {}, 'AUDIT_MISSING_PATH', 'backend path must be specified'],
  ['/', 'file', {}, 'AUDIT_MISSING_PATH', 'backend path must be specified'],
  [
    'a b',
    'file',
    { file_path: 'discard' },
    'AUDIT_BAD_PATH',
    'the path of an audit device takes printable characters without white space',
  ],
  ['file', 'file', { file_path: 'discard', log_raw: 'yes' }, 'AUDIT_OPTION', 'option "log_raw" takes true or false'],
  ['file', 'file', { file_path: 'discard', format: 'xml' }, 'AUDIT_OPTION', 'option "format" takes "json" or "jsonx"'],
  ['file', 'file', { file_path: 'discard', prefix: 'a\nb' }, 'AUDIT_OPTION', 'option "prefix" takes printable ASCII'],
  [
    'file',
    'file',
    { file_path: '/proc/x' },
    'AUDIT_FILE_REFUSED',
    'sanity check failed; the audit file stands in a folder that is closed to audit devices',
  ],
  [
    'file',
    'file',
    { path: '/proc/x' },
    'AUDIT_FILE_REFUSED',
    'sanity check failed; the audit file stands in a folder that is closed to audit devices',
  ],
]

for (const [path, type, options, code, message] of refusals) {
  test(`refused: ${type} at "${path}" with ${JSON.stringify(options)}`, async () => {
    await using server = Harness.standing()
    await assert.rejects(server.enable(path, options, type), { code, message, status: 400 })
    assert.equal((await server.store.read((view) => view.keys(''))).length, 0)
  })
}

test('an unknown option is named together with those there are', async () => {
  await using server = Harness.standing()
  await assert.rejects(server.enable('f', { file_path: 'discard', log_row: 'true' }), {
    code: 'AUDIT_UNKNOWN_OPTION',
    message: /"log_row".*log_raw/,
  })
})

test('nobody else writes to the file of a chained log, however its path is spelt', async () => {
  await using server = Harness.standing()
  const [log, other] = [server.path('a.log'), server.path('b.log')]
  const chained = { hash_chain: 'true' }
  await server.enable('chained', { file_path: log, ...chained })
  await server.enable('plain', { file_path: other })
  await server.enable('plain2', { file_path: other })
  const refused = { code: 'AUDIT_FILE_SHARED', status: 400, message: /"chained\/".*file_path of its own/ }
  const spelt = log.replace('/a.log', '/./a.log')
  for (const options of [{ file_path: log }, { path: spelt }, { file_path: spelt, ...chained }])
    await assert.rejects(server.enable('second', options), refused)
  await assert.rejects(server.enable('second', { file_path: other, ...chained }), { code: 'AUDIT_FILE_SHARED' })
  assert.equal(server.table.list().length, 3)
})

for (const mode of ['0700', '0601', '4600', '01600', 'rw', '', '99', '0o777', '-1']) {
  test(`refused: mode "${mode}"`, async () => {
    await using server = Harness.standing()
    await assert.rejects(server.enable('f', { file_path: server.path('x'), mode }), {
      code: 'AUDIT_OPTION',
      status: 400,
    })
    assert.deepEqual(fs.readdirSync(server.folder), [])
  })
}

test('paths that are, hold or lie in a device are taken', async () => {
  await using server = Harness.standing()
  await server.enable('a/b', { file_path: 'discard' })
  for (const path of ['a/b', 'a/b/', 'a', '/a/b/c']) {
    await assert.rejects(server.enable(path, { file_path: 'discard' }), {
      code: 'AUDIT_PATH_IN_USE',
      message: 'path already in use',
    })
  }
  await server.enable('a/bc', { file_path: 'DISCARD' })
  await server.disable('/a/b/')
  await server.disable('a/b')
  assert.deepEqual(
    server.table.list().map(({ path }) => path),
    ['a/bc/'],
  )
})

test('what the configuration closes stays closed to the API', async () => {
  await using server = Harness.standing()
  const enable = (table: typeof server.table): Promise<void> => {
    const options = new Map([
      ['file_path', 'discard'],
      ['prefix', 'x'],
    ])
    return server.store.write((view) =>
      table.enable(view, { path: 'f', type: 'file', description: '', local: false, options }),
    )
  }
  const off = 'cannot enable audit device via API; use declarative, config-based audit device management instead'
  await assert.rejects(enable(server.tableWith({ allowApiCreation: false })), {
    code: 'AUDIT_API_CREATION_OFF',
    message: off,
  })
  await assert.rejects(enable(server.tableWith({ allowPrefix: false })), {
    code: 'AUDIT_PREFIX_OFF',
    message: 'audit log prefixing is not allowed',
  })
})

test('skip_test enables a device without a test entry', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x'), skip_test: 'true' })
  assert.deepEqual(server.lines('x'), [])
})

test('a device that is rolled back was never enabled', async () => {
  await using server = Harness.standing()
  const init = { path: 'f', type: 'file', description: '', local: false, options: new Map([['file_path', 'discard']]) }
  const attempt = server.store.write(async (view) => {
    await server.table.enable(view, init)
    throw new Error('the handler failed')
  })
  await assert.rejects(attempt)
  await server.load()
  assert.equal(server.broker.enabled, false)
})

test('devices come back at unseal with their salts', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x') })
  const hash = server.broker.hashValue('f', 'v')
  await server.table.unload()
  assert.equal(server.broker.enabled, false)
  assert.deepEqual(server.table.list(), [])
  assert.throws(() => server.broker.hashValue('f', 'v'), {
    code: 'AUDIT_UNKNOWN_DEVICE',
    message: 'unknown audit backend "f/"',
  })
  await server.load()
  assert.equal(server.broker.hashValue('f/', 'v'), hash)
})

test('loading again keeps the devices that did not change', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x') })
  const [device] = server.broker.devices
  await server.enable('g', { file_path: 'discard' })
  await Promise.all([server.load(), server.load()])
  assert.equal(server.broker.devices.length, 2)
  assert.equal(server.broker.devices[0], device)
})

test('a stored device that is not allowed here stays in force and takes nothing', async () => {
  await using server = Harness.standing()
  await server.enable('f', { file_path: server.path('x') })
  await server.store.write(async (view) => {
    const [key = ''] = (await view.keys(auditPrefix)).filter((one) => one.includes('/devices/'))
    const row = Buffer.from((await view.get(key)) ?? '').toString()
    view.put(key, Buffer.from(row.replace(server.path('x'), '/proc/self/mem')))
  })
  await server.load()
  await assert.rejects(server.broker.request(event()), { code: 'AUDIT_FAILED', status: 500, message: 'internal error' })
  await server.disable('f')
  await server.broker.request(event())
})

function declared(path: string, options: Readonly<Record<string, string>>): DeviceRequest {
  return { path, type: 'file', description: 'd', local: false, options: new Map(Object.entries(options)) }
}

test('devices of the configuration come and go with it, keep their salts, and are closed to the API', async () => {
  await using server = Harness.standing({ allowApiCreation: false })
  const declare = async (requests: readonly DeviceRequest[]): Promise<void> => {
    await server.store.write((view) => server.table.declare(view, requests))
    await server.load()
  }
  await declare([declared('a', { file_path: 'discard' }), declared('b', { file_path: server.path('b') })])
  const hash = server.broker.hashValue('b', 'v')
  await assert.rejects(server.disable('b'), {
    code: 'AUDIT_CONFIG_MANAGED',
    message: 'cannot disable configuration-managed audit device',
  })
  await declare([declared('b', { file_path: server.path('b2') })])
  assert.deepEqual(
    server.table.list().map(({ path }) => path),
    ['b/'],
  )
  assert.equal(server.broker.hashValue('b', 'v'), hash)
  await server.broker.request(event())
  assert.equal(server.lines('b2').length, 1)
  await assert.rejects(declare([declared('b', { file_path: 'discard', mode: '0777' })]), { code: 'AUDIT_OPTION' })
  await declare([])
  assert.equal(server.broker.enabled, false)
})

test('a configuration cannot take the path of a device made by the API', async () => {
  await using server = Harness.standing()
  await server.enable('a', { file_path: 'discard' })
  await assert.rejects(
    server.store.write((view) => server.table.declare(view, [declared('a', { file_path: 'discard' })])),
    { code: 'AUDIT_PATH_IN_USE' },
  )
})
