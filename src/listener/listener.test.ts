import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestErrors } from '../errors/request.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import { echo, gate, json, RawClient, talk, testListener, turns } from '../../test/support/listener.ts'
import { listenerDefaults } from './index.ts'

const host = 'Host: a\r\n'
const get = `GET /v1/a HTTP/1.1\r\n${host}\r\n`
const noContent: WireReply = { status: 204, headers: [], body: undefined }

test('what the handler sees of a request', async () => {
  const seen: WireRequest[] = []
  await using server = await testListener(
    async (request) => {
      seen.push(request)
      return noContent
    },
    { requireRequestHeader: true },
  )
  await talk(
    server.port,
    `GET //v1/%2e?a=%zz&b#c HTTP/1.1\r\n${host}X-Vault-Token: one\r\nx-vault-token: two\r\n__proto__: x\r\n\r\n`,
  )
  const [request] = seen
  assert.equal(request?.target, '//v1/%2e?a=%zz&b#c')
  assert.deepEqual(request.headers.get('x-vault-token'), ['one', 'two'])
  assert.deepEqual(request.headers.get('__proto__'), ['x'])
  assert.deepEqual([request.remoteAddress, request.tls, request.peerCertificate], ['127.0.0.1', false, undefined])
  assert.ok(request.remotePort > 0)
  assert.deepEqual([request.listener.name, request.listener.requireRequestHeader], ['tcp 127.0.0.1:0', true])
})

test('no header is left out, however many there are', async () => {
  await using server = await testListener(async (request) =>
    json(200, { tokens: request.headers.get('x-vault-token') ?? [], count: request.headers.size }),
  )
  const many = Array.from({ length: 1400 }, (_, i) => `X${i}: y\r\n`).join('')
  const raw = await talk(
    server.port,
    `GET /v1/a HTTP/1.1\r\n${host}X-Vault-Token: one\r\n${many}X-VAULT-TOKEN: two\r\n\r\n`,
  )
  assert.match(raw, /\{"tokens":\["one","two"\],"count":1402\}/u)
})

test('headers of each reply', async () => {
  const replies: readonly WireReply[] = [
    noContent,
    json(200, {}),
    {
      status: 200,
      headers: [
        ['cache-control', 'max-age=1'],
        ['X-Two', 'a'],
        ['X-Two', 'b'],
      ],
      body: 'é',
    },
    { status: 304, headers: [], body: undefined },
    { status: 404, headers: [], body: undefined },
    { status: 200, headers: [], body: new Uint8Array([1, 2, 3]) },
  ]
  let next = 0
  await using server = await testListener(async () => replies[next++] ?? noContent)
  const raw = await talk(server.port, get.repeat(replies.length))
  const heads = raw
    .split('HTTP/1.1 ')
    .slice(1)
    .map((reply) => reply.split('\r\n\r\n')[0] ?? '')
  const pick = (head: string): string =>
    head
      .split('\r\n')
      .filter((line) => !/^(?:Date|Keep-Alive|Connection|Strict)/u.test(line))
      .join(' | ')
  assert.deepEqual(heads.map(pick), [
    '204 No Content | Cache-Control: no-store',
    '200 OK | Content-Type: application/json | Cache-Control: no-store | Content-Length: 2',
    '200 OK | cache-control: max-age=1 | X-Two: a | X-Two: b | Content-Length: 2',
    '304 Not Modified | Cache-Control: no-store',
    '404 Not Found | Cache-Control: no-store | Content-Length: 0',
    '200 OK | Cache-Control: no-store | Content-Length: 3',
  ])
  assert.ok(heads.every((head) => head.includes('Strict-Transport-Security: max-age=31536000; includeSubDomains')))
})

test('HEAD has the headers of the reply and no body', async () => {
  await using server = await testListener(async (request) => json(200, { method: request.method }))
  const raw = await talk(server.port, `HEAD /v1/a HTTP/1.1\r\n${host}\r\n${get}`)
  const [head = '', another = ''] = raw.split(/(?<!^)(?=HTTP\/1.1)/u)
  assert.match(head, /Content-Length: 17\r\n.*\r\n\r\n$/su)
  assert.match(another, /\{"method":"GET"\}$/u)
})

test('the signal is aborted when the client goes away, and the body read ends', async () => {
  const begun = gate()
  const outcome = Promise.withResolvers<string>()
  await using server = await testListener(async (request) => {
    begun.open()
    const aborted = new Promise((resolve) => request.signal.addEventListener('abort', resolve))
    const error = await request.readBody().then(String, String)
    await aborted
    outcome.resolve(error)
    return noContent
  })
  const client = await RawClient.to(server.port)
  await client.send(`POST /v1/a HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\nhalf`)
  await begun.passed
  client.socket.destroy()
  assert.match(await outcome.promise, /the client closed the connection/u)
  await turns()
  assert.equal(server.listener.inFlight, 0)
})

test('a request over its time is answered', async () => {
  const signals: AbortSignal[] = []
  await using server = await testListener(
    (request) => {
      signals.push(request.signal)
      return new Promise(() => {})
    },
    { timeouts: { ...listenerDefaults.timeouts, request: 5000 } },
  )
  const client = await RawClient.to(server.port)
  await client.send(get)
  await server.clock.advance(4999)
  assert.equal(signals[0]?.aborted, false)
  await server.clock.advance(1)
  assert.match(await client.until(/\}/u), /^HTTP\/1.1 503 /u)
  assert.equal(signals[0]?.aborted, true)
  assert.equal(server.listener.inFlight, 0)
  await client.finish()
})

test('a handler that fails costs one request', async () => {
  const broken: readonly (() => Promise<WireReply>)[] = [
    () => Promise.reject(new Error('canary')),
    () => {
      throw new Error('canary')
    },
    async () => {
      throw requestErrors.BAD_PATH({ reason: 'no' })
    },
    async () => ({ status: 200, headers: [['X-Bad', 'a\r\nb']], body: 'x' }),
    async () => ({ status: 99, headers: [], body: 'x' }),
  ]
  let next = 0
  await using server = await testListener((request) => (broken[next++] ?? (() => echo(request)))())
  const raw = await talk(server.port, get.repeat(6))
  assert.deepEqual(
    [...raw.matchAll(/HTTP\/1.1 (\d+)/gu)].map(([, status]) => status),
    ['500', '500', '400', '500', '500', '200'],
  )
  assert.ok(!raw.includes('canary') && raw.includes('{"errors":["internal error"]}'))
  assert.equal(server.listener.inFlight, 0)
  assert.ok(server.logged.some((line) => line.includes('canary')))
})

test('an address in use or malformed is an error that names it', async () => {
  await using server = await testListener(echo)
  await assert.rejects(testListener(echo, { address: `127.0.0.1:${server.port}` }), { code: 'LISTENER_IN_USE' })
  await assert.rejects(testListener(echo, { address: '127.0.0.1' }), { code: 'LISTENER_ADDRESS' })
  await assert.rejects(testListener(echo, { address: '203.0.113.1:0' }), { code: 'LISTENER_BIND' })
  await assert.rejects(testListener(echo, { address: '127.0.0.1:70000' }), { code: 'LISTENER_ADDRESS' })
})

test('bytes that are no HTTP, too many headers, CONNECT', async () => {
  await using server = await testListener(echo)
  const many = Array.from({ length: 4000 }, (_, i) => `X${i}: y\r\n`).join('')
  const rows: readonly (readonly [string, RegExp])[] = [
    ['\x16\x03\x01\x02\x00', /^HTTP\/1.1 400 /u],
    [
      `GET /v1/a HTTP/1.1\r\n${host}X: ${'y'.repeat(17_000)}\r\n\r\n`,
      /^HTTP\/1.1 431 .*the request headers are too large/su,
    ],
    [`GET /v1/a HTTP/1.1\r\n${host}${many}\r\n`, /^HTTP\/1.1 431 /u],
    [`GET /${'y'.repeat(8200)} HTTP/1.1\r\n${host}\r\n`, /^HTTP\/1.1 414 /u],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', /^HTTP\/1.1 405 /u],
    ['GET /v1/a HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 .*exactly one Host/su],
  ]
  for (const [bytes, want] of rows) assert.match(await talk(server.port, bytes), want)
  assert.match(await talk(server.port, get), /200 OK/u)
})

test('custom headers come in by status, and never in the way of the reply', async () => {
  const responseHeaders = new Map([
    [
      'default',
      new Map([
        ['X-A', 'default'],
        ['X-B', 'default'],
        ['Cache-Control', 'private'],
        ['X-Vault-Token', 'x'],
        ['Content-Length', '1'],
        ['Bad\r\nName', 'x'],
        ['X-Bad', 'a\r\nb'],
      ]),
    ],
    [
      '2xx',
      new Map([
        ['x-b', 'class'],
        ['X-C', 'class'],
      ]),
    ],
    [
      '200',
      new Map([
        ['X-C', 'code'],
        ['Strict-Transport-Security', 'max-age=1'],
      ]),
    ],
  ])
  await using server = await testListener(
    async (request) => ({ ...json(request.target === '/v1/404' ? 404 : 200, {}), headers: [['x-a', 'reply']] }),
    { responseHeaders },
  )
  const fine = await talk(server.port, get)
  for (const line of [
    'X-A: default',
    'x-b: class',
    'X-C: code',
    'Cache-Control: private',
    'Strict-Transport-Security: max-age=1',
    'Content-Length: 2',
  ]) {
    assert.ok(fine.includes(`\r\n${line}\r\n`), line)
  }
  assert.doesNotMatch(fine, /reply|X-Vault|Bad/u)
  const absent = await talk(server.port, `GET /v1/404 HTTP/1.1\r\n${host}\r\n`)
  assert.match(absent, /X-B: default\r\n/u)
  assert.doesNotMatch(absent, /X-C/u)
  assert.equal(server.logged.filter((line) => line.includes('not accepted')).length, 4)
})
