import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestErrors } from '../errors/request.ts'
import { toPrometheus } from '../lib/observe/index.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import { echo, json, RawClient, talk, testListener, turns } from '../../test/support/listener.ts'
import { listenerDefaults } from './index.ts'

const host = 'Host: a\r\n'
const get = `GET /v1/a HTTP/1.1\r\n${host}\r\n`
const noContent: WireReply = { status: 204, headers: [], body: undefined }

/** A promise and its key. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { passed: promise, open: resolve }
}

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

test('a body is read only if the handler asks, and the connection goes on', async () => {
  await using server = await testListener(async () => noContent)
  const raw = await talk(
    server.port,
    `POST /v1/a HTTP/1.1\r\n${host}Content-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`,
    get,
  )
  assert.equal(raw.match(/204 No Content/gu)?.length, 2)
})

test('an unread body that is long ends the connection, after the reply', async () => {
  await using server = await testListener(async () => noContent)
  const client = await RawClient.to(server.port)
  await client.send(`POST /v1/a HTTP/1.1\r\n${host}Content-Length: 9000000\r\n\r\n${'x'.repeat(100_000)}`)
  assert.match(await client.until(/\r\n\r\n/u), /204 No Content.*Connection: close/su)
  await client.send('x'.repeat(5_000_000))
  await client.finish()
})

test('a body is refused as soon as it is too large', async () => {
  const limits = { ...listenerDefaults.limits, requestSize: 100 }
  await using server = await testListener(echo, { limits })
  const chunk = `32\r\n${'x'.repeat(50)}\r\n`
  const announced = await RawClient.to(server.port)
  await announced.send(`POST /v1/a HTTP/1.1\r\n${host}Content-Length: 101\r\n\r\n`)
  assert.match(await announced.until(/\}/u), /413 Payload Too Large.*at most 100 bytes/su)
  await announced.finish()
  const chunked = await RawClient.to(server.port)
  await chunked.send(`POST /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${chunk}`, chunk)
  assert.equal(chunked.received, '')
  await chunked.send('1\r\nx\r\n')
  assert.match(await chunked.until(/\}/u), /413 Payload Too Large.*Connection: close.*at most 100 bytes/su)
  await chunked.finish()
  assert.match(
    await talk(server.port, `POST /v1/a HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\n${'x'.repeat(100)}`),
    /200 OK/u,
  )
})

test('100 Continue is sent when the body is wanted, and not before', async () => {
  const limits = { ...listenerDefaults.limits, requestSize: 100 }
  await using server = await testListener(
    async (request) => (request.target === '/v1/no' ? json(403, {}) : echo(request)),
    { limits },
  )
  const head = (target: string, length: number): string =>
    `POST ${target} HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`
  const wanted = await RawClient.to(server.port)
  await wanted.send(head('/v1/a', 5))
  assert.match(await wanted.until(/\r\n\r\n/u), /^HTTP\/1.1 100 Continue\r\n\r\n$/u)
  await wanted.send('hello')
  assert.match(await wanted.until(/\}/u), /200 OK.*"body":"hello"/su)
  await wanted.finish()
  assert.match(await talk(server.port, head('/v1/no', 5)), /^HTTP\/1.1 403.*Connection: close/su)
  assert.match(await talk(server.port, head('/v1/a', 500)), /^HTTP\/1.1 413.*Connection: close/su)
})

test('large bodies of many requests share a budget, and all get through', async () => {
  const size = 300_000
  const limits = { ...listenerDefaults.limits, bodyMemory: 400_000 }
  await using server = await testListener(async (request) => json(200, { length: (await request.readBody()).length }), {
    limits,
  })
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.to(server.port)))
  const half = 'x'.repeat(size / 2)
  await Promise.all(
    clients.map((client) => client.send(`POST /v1/a HTTP/1.1\r\n${host}Content-Length: ${size}\r\n\r\n`, half, half)),
  )
  for (const client of clients) {
    assert.match(await client.until(/\}/u), new RegExp(`"length":${size}`, 'u'))
    await client.finish()
  }
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

async function* chunks(count: number, after?: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (let i = 0; i < count; i++) yield Buffer.alloc(65_536, 'x')
  } finally {
    after?.()
  }
}

test('a stream goes out in pieces, and one that fails does not look whole', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('begun')
    await turns()
    throw new Error('disk')
  }
  const bodies = [chunks(3), failing()]
  await using server = await testListener(async () => ({ status: 200, headers: [], body: bodies.shift() }))
  const whole = await RawClient.to(server.port)
  await whole.send(get)
  assert.match(await whole.until(/\r\n0\r\n\r\n$/u), /Transfer-Encoding: chunked/u)
  assert.equal(whole.received.match(/x{65536}/gu)?.length, 3)
  await whole.finish()
  const cut = await RawClient.to(server.port)
  await cut.send(get)
  const raw = await cut.until(/never/u)
  assert.match(raw, /begun/u)
  assert.doesNotMatch(raw, /\r\n0\r\n/u)
})

test('a stream stops when its reader is gone, and waits while the reader is slow', async () => {
  const ended = gate()
  let made = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        made++
        yield Buffer.alloc(65_536)
      }
    } finally {
      ended.open()
    }
  }
  await using server = await testListener(async () => ({ status: 200, headers: [], body: endless() }))
  const client = await RawClient.to(server.port)
  client.socket.pause()
  await client.send(get)
  await turns(200)
  // What fits into the buffers of two sockets, far from all that could have been made.
  assert.ok(made > 1 && made < 1000)
  client.socket.destroy()
  await ended.passed
})

test('HEAD does not start a stream', async () => {
  let started = false
  async function* body(): AsyncGenerator<Uint8Array> {
    started = true
    yield Buffer.from('x')
  }
  await using server = await testListener(async () => ({ status: 200, headers: [], body: body() }))
  assert.match(await talk(server.port, `HEAD /v1/a HTTP/1.1\r\n${host}\r\n`), /200 OK/u)
  assert.equal(started, false)
})

test('close waits for requests under way, and for no longer than it was told', async () => {
  const slow = gate()
  const begun = gate()
  const server = await testListener(async (request) => {
    if (request.target === '/v1/slow') {
      begun.open()
      await slow.passed
    }
    return json(200, { target: request.target })
  })
  const [idle, busy] = [await RawClient.to(server.port), await RawClient.to(server.port)]
  await idle.send(get)
  await busy.send(`GET /v1/slow HTTP/1.1\r\n${host}\r\n`)
  await begun.passed
  assert.match(toPrometheus(server.metrics), /vault_listener_connections\{listener="tcp 127.0.0.1:0"\} 2\n/u)
  const closed = server.listener.close(60_000)
  await idle.until(/never/u)
  assert.equal(idle.closed, true)
  assert.equal(busy.closed, false)
  slow.open()
  assert.match(await busy.until(/\}/u), /Connection: close.*slow/su)
  await busy.finish()
  await closed

  const stuck = await testListener(() => new Promise(() => {}))
  const waiting = await RawClient.to(stuck.port)
  await waiting.send(get)
  const cut = stuck.listener.close(5000)
  await turns()
  assert.equal(waiting.closed, false)
  await stuck.clock.advance(5000)
  await cut
  await waiting.until(/never/u)
})

test('close lets a slow reader have the whole of its reply', async () => {
  const body = Buffer.alloc(8_000_000, 'x')
  const server = await testListener(async () => ({ status: 200, headers: [], body }))
  const client = await RawClient.to(server.port)
  client.socket.pause()
  await client.send(get)
  const closed = server.listener.close(60_000)
  await turns(50)
  client.socket.resume()
  assert.equal((await client.until(/never/u)).split('\r\n\r\n')[1]?.length, body.length)
  await client.finish()
  await closed
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

test('a malformed body ends the request that has it, with one reply', async () => {
  await using server = await testListener(echo)
  const raw = await talk(server.port, `POST /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n${get}`)
  assert.equal(raw.match(/HTTP\/1.1 /gu)?.length, 1)
  assert.match(raw, /^HTTP\/1.1 400 .*Connection: close/su)
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
