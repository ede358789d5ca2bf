/** No secret reaches a device that hashes: SECURITY, audit and logs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RawJson } from '../lib/json/index.ts'
import type { AuditEvent } from '../request/ports.ts'
import type { Reply } from '../request/reply.ts'
import { body, caller, event, request } from './testdata/events.ts'
import { Harness } from './testdata/harness.ts'

const canary = 'c4nary'

/** JSON in which each string, and no key, is a canary in some disguise. */
const secrets = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => JSON.stringify(value, (_key, one: unknown) => (typeof one === 'string' ? `${canary}-${one}` : one)))
const members = fc.dictionary(fc.string({ minLength: 1 }), secrets, { minKeys: 1, noNullPrototype: true })

const replies: fc.Arbitrary<Reply> = fc.oneof(
  members.map((data) => ({ data: new Map(Object.entries(data).map(([name, text]) => [name, new RawJson(text)])) })),
  members.map((data) => ({
    data: new RawJson(JSON.stringify(data, (_key, one: unknown) => (typeof one === 'string' ? canary : one))),
  })),
  fc.constant({ raw: { contentType: 'text/plain', body: `x ${canary} x` } }),
  fc.constant({ raw: { contentType: 'application/octet-stream', body: Buffer.from(canary) } }),
  fc.constant({ headers: [['X-Nonce', canary]] as const }),
  fc.constant({
    auth: {
      clientToken: canary,
      accessor: canary,
      policies: ['p'],
      tokenPolicies: ['p'],
      identityPolicies: [],
      metadata: undefined,
      leaseDuration: 1,
      renewable: true,
      entityId: 'e',
      tokenType: 'service' as const,
      orphan: true,
      mfaRequirement: undefined,
      numUses: 0,
    },
  }),
  fc.constant({
    data: { a: canary },
    wrapInfo: {
      token: canary,
      accessor: canary,
      ttl: 1,
      creationTime: 't',
      creationPath: 'p',
      wrappedAccessor: canary,
    },
  }),
)

const events: fc.Arbitrary<AuditEvent> = fc
  .record({ sent: members, reply: replies, known: fc.boolean(), query: fc.boolean(), header: fc.boolean() })
  .map(({ sent, reply, known, query, header }) =>
    event({
      request: request({
        clientToken: canary,
        body: new Map(Object.entries(sent).map(([name, text]) => [name, new RawJson(text)])),
        query: query ? new Map([['q', canary]]) : new Map(),
        headers: header
          ? new Map([
              ['x-audited', [canary]],
              ['cookie', [canary]],
            ])
          : new Map(),
      }),
      caller: known ? caller({ token: canary, accessor: canary }) : undefined,
      reply,
    }),
  )

test('devices that hash show no secret, whatever a raw device beside them shows', async () => {
  await using server = Harness.standing()
  await server.store.write((view) => server.headers.write(view, 'x-audited', { hmac: true }))
  await server.store.read((view) => server.headers.load(view))
  await server.enable('raw', { file_path: server.path('raw.log'), log_raw: 'true' })
  await server.enable('json', { file_path: server.path('json.log') })
  await server.enable('xml', { file_path: server.path('xml.log'), format: 'jsonx', prefix: '@cee: ' })
  await fc.assert(
    fc.asyncProperty(fc.array(events, { minLength: 1, maxLength: 20 }), async (batch) => {
      await Promise.all(
        batch.map(async (one) => {
          await server.broker.request(one)
          await server.broker.response(one)
        }),
      )
    }),
    { numRuns: 50 },
  )
  await server.broker.reopen()
  const [raw, json, xml] = ['raw.log', 'json.log', 'xml.log'].map((name) => server.lines(name))
  assert.ok(raw !== undefined && raw.slice(1).every((line) => line.includes(canary)))
  assert.equal(raw.length, json?.length)
  assert.equal(raw.length, xml?.length)
  for (const line of [...(json ?? []), ...(xml ?? [])]) assert.ok(!line.includes(canary), line)
  for (const line of server.log) assert.ok(!line.includes(canary), line)
  for (const line of json ?? []) assert.equal(typeof JSON.parse(line), 'object')
})

test('every hash in an entry is what sys/audit-hash says of the value', async () => {
  await using server = Harness.standing()
  await server.enable('file', { file_path: server.path('a.log') })
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'binary' }), { minKeys: 1, noNullPrototype: true }),
      async (sent) => {
        await server.broker.request(event({ request: request({ body: body(sent) }) }))
        await server.broker.reopen()
        const { request: logged }: { request: { data: Record<string, string> } } = JSON.parse(
          server.lines('a.log').at(-1) ?? '',
        )
        for (const [name, value] of Object.entries(sent)) {
          // As sent, a lone surrogate is U+FFFD.
          const decoded: string = JSON.parse(JSON.stringify(value))
          assert.equal(logged.data[name], server.broker.hashValue('file', decoded))
        }
        assert.deepEqual(Object.keys(logged.data).toSorted(), Object.keys(sent).toSorted())
      },
    ),
    { numRuns: 60 },
  )
})

test('two devices have different salts, and a device enabled anew has another', async () => {
  await using server = Harness.standing()
  await server.enable('a', { file_path: server.path('a.log') })
  await server.enable('b', { file_path: server.path('b.log') })
  const hash = (): string => server.broker.hashValue('a/', 'value')
  const first = hash()
  assert.notEqual(first, server.broker.hashValue('b', 'value'))
  await server.disable('a')
  await server.enable('a', { file_path: server.path('a.log') })
  assert.notEqual(hash(), first)
})

const hostile = [
  'a\n{"type":"response"}',
  'a\r\nb',
  'esc\u001b[2J',
  'csi\u009b31m',
  'del\u007f',
  'ls\u2028ps\u2029',
  'rtl\u202eevil',
  'nul\u0000',
  'bom\ufeff',
  'lone\ud800',
]

test('a name with line breaks, escapes or reordering marks stays one line that says what it was', async () => {
  await using server = Harness.standing()
  await server.enable('json', { file_path: server.path('json.log') })
  await server.enable('raw', { file_path: server.path('raw.log'), log_raw: 'true' })
  await server.enable('xml', { file_path: server.path('xml.log'), format: 'jsonx' })
  for (const name of hostile) {
    const asked = request({
      path: `secret/${name}`,
      body: new Map([[name, new RawJson(JSON.stringify(name))]]),
      remoteAddress: name,
    })
    await server.broker.request(
      event({ request: asked, caller: caller({ displayName: name, meta: new Map([[name, name]]) }), error: name }),
    )
  }
  await server.broker.reopen()
  for (const file of ['json.log', 'raw.log', 'xml.log']) {
    const lines = server.lines(file).slice(1)
    assert.equal(lines.length, hostile.length, file)
    // oxlint-disable-next-line no-control-regex
    for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u200e\u202e\u2028\u2029\ufeff]/u)
  }
  for (const file of ['json.log', 'raw.log']) {
    const names = server
      .lines(file)
      .slice(1)
      .map((line) => {
        const entry: { auth: { display_name: string }; request: { path: string } } = JSON.parse(line)
        return [entry.auth.display_name, entry.request.path]
      })
    assert.deepEqual(
      names,
      hostile.map((name) => [name, `secret/${name}`]),
    )
  }
})
