import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FakeClock } from '../lib/clock.ts'
import { EntryBuilder } from './entry.ts'
import type { HeaderTable } from './headers.ts'
import { Hmac } from './hmac.ts'
import { clear, hashing, type Redactor } from './redactor.ts'
import { body, bob, caller, event, mount, reply, request, salt } from './testdata/events.ts'
import { scenarios } from './testdata/scenarios.ts'

const hmac = new Hmac(salt)

function builder(
  redactor: Redactor = hashing(hmac, true),
  rules: HeaderTable = new Map(),
  elide = false,
): EntryBuilder {
  const clock = new FakeClock(Date.UTC(2026, 0, 1, 12, 30, 45, 7))
  return new EntryBuilder({
    redactor,
    elideListResponses: elide,
    headers: { rules },
    clock,
    builtinVersion: 'v1.0.0+builtin.coffer',
  })
}

// The files hold what a Vault-compatible log must show; `UPDATE_GOLDEN=1` writes them anew, to be looked at.
for (const [name, [first, second]] of Object.entries(scenarios)) {
  test(`entries of ${name}`, () => {
    const entries = builder()
    const lines = `${entries.build('request', first)}\n${entries.build('response', second)}\n`
    const file = join(import.meta.dirname, 'testdata', `${name}.jsonl`)
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, lines)
    assert.equal(lines, readFileSync(file, 'utf8'))
    for (const line of lines.trimEnd().split('\n')) assert.equal(typeof JSON.parse(line), 'object')
  })
}

function parsed(line: string): {
  auth: Record<string, unknown>
  request: Record<string, unknown>
  response: Record<string, unknown>
} {
  return JSON.parse(line)
}

test('the response of a request that was not seen before says all of it', () => {
  const [first, second] = scenarios['token-create'] ?? [event(), event()]
  const whole = builder()
  whole.build('request', first)
  assert.equal(builder().build('response', second), whole.build('response', second))
})

test('what changed between the two entries stands in the second as it is then', () => {
  const entries = builder()
  const first = event({ caller: undefined, verdict: undefined })
  entries.build('request', first)
  const later = parsed(entries.build('response', { ...first, caller: bob, operation: 'create' }))
  assert.equal(later.request['operation'], 'create')
  assert.equal(later.auth['display_name'], 'userpass-bob')
})

test('requests whose response never comes are forgotten', () => {
  const entries = builder()
  for (let i = 0; i < 5000; i++) entries.build('request', event({ request: request() }))
  assert.ok(entries.underWay <= 4096)
  const one = event()
  entries.build('request', one)
  const before = entries.underWay
  entries.build('response', one)
  assert.equal(entries.underWay, before - 1)
})

test('a token of other uses is another holder', () => {
  const entries = builder()
  const uses = (numUses: number): unknown =>
    parsed(entries.build('request', event({ caller: caller({ numUses }) }))).auth['remaining_uses']
  assert.deepEqual([uses(3), uses(2), uses(0)], [3, 2, undefined])
})

test('accessors stay in clear where that is asked for, and nothing else does', () => {
  const [, second] = scenarios['wrapped'] ?? [event(), event()]
  const line = builder(hashing(hmac, false)).build('response', second)
  for (const shown of ['accessor-of-bob', 'accessor-of-wrapping', 'accessor-of-the-new-token'])
    assert.ok(line.includes(`"${shown}"`))
  for (const hidden of ['hvs.', 's3cr3t']) assert.ok(!line.includes(hidden))
})

test('a raw device hashes nothing', () => {
  const [, second] = scenarios['token-create'] ?? [event(), event()]
  const line = builder(clear).build('response', second)
  for (const shown of ['hvs.the-token-of-bob', 'hvs.a-new-token', 'accessor-of-bob']) assert.ok(line.includes(shown))
  assert.ok(!line.includes('hmac-sha256'))
})

test('headers stand in the entry if their name was asked for', () => {
  const rules = new Map([
    ['x-correlation-id', { hmac: false }],
    ['x-secret', { hmac: true }],
    ['absent', { hmac: false }],
  ])
  const headers = new Map([
    ['x-correlation-id', ['c-1', 'c-2']],
    ['x-secret', ['canary']],
    ['cookie', ['canary']],
  ])
  const line = builder(hashing(hmac, true), rules).build('request', event({ request: request({ headers }) }))
  assert.deepEqual(parsed(line).request['headers'], {
    'x-correlation-id': ['c-1', 'c-2'],
    'x-secret': [hmac.string('canary')],
  })
  assert.ok(!line.includes('canary'))
})

test("a mount's exempt keys count for its own direction, and a sensitive field is never exempt", () => {
  const tuned = mount('secret/', 'kv', {
    auditNonHmacRequestKeys: ['user', 'pass'],
    auditNonHmacResponseKeys: ['note'],
  })
  const asked = event({
    request: request({ body: body({ user: 'u', pass: 'canary', note: 'x' }) }),
    mount: tuned,
    sensitive: new Set(['pass']),
    reply: reply({ data: { user: 'u', note: 'n', pass: 'canary' } }),
  })
  const line = parsed(builder().build('response', asked))
  assert.deepEqual(line.request['data'], { user: 'u', pass: hmac.string('canary'), note: hmac.string('x') })
  assert.deepEqual(line.response['data'], { user: hmac.string('u'), note: 'n', pass: hmac.string('canary') })
})

test('long lists become numbers on a device that asks for it, for lists alone', () => {
  const listed = reply({ data: { keys: ['a', 'b', 'c'], key_info: { a: {} } } })
  const data = (operation: 'list' | 'read'): unknown =>
    parsed(builder(hashing(hmac, true), new Map(), true).build('response', event({ operation, reply: listed })))
      .response['data']
  assert.deepEqual(data('list'), { keys: 3, key_info: 1 })
  assert.deepEqual(data('read'), { keys: ['a', 'b', 'c'].map((key) => hmac.string(key)), key_info: { a: {} } })
})

test('client_id stands for the policies of a token without an entity, as Vault counts clients', () => {
  const line = parsed(builder().build('request', event({ caller: caller({ policies: ['root'] }) })))
  assert.equal(line.request['client_id'], createHash('sha256').update('root\0root').digest('base64'))
  const entity = parsed(builder().build('request', event({ caller: caller({ entityId: 'e-9' }) })))
  assert.equal(entity.request['client_id'], 'e-9')
})

test('a wrapping token in the form of a JWT is named by the token in it', () => {
  const jwt = ['{"alg":"none"}', '{"jti":"hvs.inner","type":"wrapping"}', 'sig']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
  const wrapInfo = { token: jwt, accessor: 'a', ttl: 5, creationTime: '', creationPath: 'x' }
  const line = parsed(builder().build('response', event({ reply: reply({ wrapInfo }) })))
  assert.deepEqual(line.response['wrap_info'], {
    ttl: 5,
    token: hmac.string('hvs.inner'),
    accessor: hmac.string('a'),
    creation_path: 'x',
  })
})

test('a stream of bytes has an entry without its content', () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('canary')
  }
  const raw = { contentType: 'application/gzip', body: chunks() }
  const line = parsed(builder().build('response', event({ reply: reply({ raw }) })))
  assert.deepEqual(line.response['data'], { http_content_type: hmac.string('application/gzip'), http_status_code: 200 })
})

test('bytes of a reply in its own format are hashed as bytes', () => {
  const raw = { contentType: 'x', body: Buffer.from('canary') }
  const line = parsed(builder().build('response', event({ reply: reply({ raw, status: 206 }) })))
  assert.deepEqual(line.response['data'], {
    http_content_type: hmac.string('x'),
    http_raw_body: hmac.string('canary'),
    http_status_code: 206,
  })
})
