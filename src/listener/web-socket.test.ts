import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { encodeMessage, SWITCHING, UPGRADE_HEADERS } from '../request/stream-messages.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import { json, talk, testListener, testTls, turns, type TestListener } from '../../test/support/listener.ts'
import { until } from '../../test/support/until.ts'

const UPGRADE = [
  'Host: a',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

function head(line: string, headers: readonly string[]): string {
  return `${line}\r\n${headers.join('\r\n')}\r\n\r\n`
}

/** A handler whose streams a test feeds; `/v1/stream` alone has one. */
class Feed {
  readonly requests: string[] = []
  readonly open: { write: (bytes: Uint8Array) => void; end: () => void; readonly signal: AbortSignal }[] = []
  /** Streams that were begun and ended. */
  ended = 0

  readonly handler = async (request: WireRequest): Promise<WireReply> => {
    this.requests.push(`${request.method} ${request.target}`)
    if (request.target !== '/v1/stream') return json(200, { target: request.target })
    return { status: SWITCHING, headers: UPGRADE_HEADERS, body: this.#stream(request.signal) }
  }

  #stream(signal: AbortSignal): AsyncIterable<Uint8Array> {
    const waiting: Uint8Array[] = []
    let isOver = false
    let wake: () => void = () => undefined
    const end = (): void => {
      if (!isOver) this.ended++
      isOver = true
      wake()
    }
    signal.addEventListener('abort', end)
    const write = (bytes: Uint8Array): void => {
      waiting.push(bytes)
      wake()
    }
    this.open.push({ write, end, signal })
    const iterator: AsyncIterator<Uint8Array> = {
      next: async () => {
        for (;;) {
          const value = waiting.shift()
          if (value !== undefined) return { done: false, value }
          if (isOver) return { done: true, value: undefined }
          await new Promise<void>((resolve) => (wake = resolve))
        }
      },
      return: async () => {
        end()
        return { done: true, value: undefined }
      },
    }
    return { [Symbol.asyncIterator]: () => iterator }
  }
}

function text(content: string): Uint8Array {
  return encodeMessage({ kind: 'text', content: Buffer.from(content) })
}

async function client(port: number): Promise<{ readonly socket: WebSocket; readonly got: string[]; closed: string }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/stream`)
  const seen = { socket, got: [] as string[], closed: '' }
  socket.on('message', (data: Buffer, isBinary) => seen.got.push(`${isBinary ? 'binary' : 'text'} ${data.toString()}`))
  socket.on('close', (code, reason) => (seen.closed = `${code} ${reason.toString()}`))
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('open', resolve))
  return seen
}

suite('a WebSocket', () => {
  test('carries the messages of a reply, however its pieces are cut', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler)
    const one = await client(server.port)
    const bytes = Buffer.concat([text('first'), encodeMessage({ kind: 'binary', content: Buffer.from('second') })])
    for (const byte of bytes) feed.open[0]?.write(Buffer.from([byte]))
    await until(() => one.got.length === 2)
    assert.deepEqual(one.got, ['text first', 'binary second'])
    feed.open[0]?.write(encodeMessage({ kind: 'close', code: 1008, reason: 'no more' }))
    await until(() => one.closed !== '')
    assert.equal(one.closed, '1008 no more')
    await until(() => feed.ended === 1)
  })

  test('ends for the handler as soon as the client has gone, also over TLS', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler, { tls: testTls })
    const socket = new WebSocket(`wss://127.0.0.1:${server.port}/v1/stream`, { rejectUnauthorized: false })
    await new Promise((resolve) => socket.once('open', resolve))
    assert.equal(server.listener.inFlight, 0)
    socket.terminate()
    await until(() => feed.ended === 1)
    assert.equal(feed.open[0]?.signal.aborted, true)
  })

  test('does not hold up the end of the listener, and is told of it', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler)
    const one = await client(server.port)
    await server.listener.close(60_000)
    await until(() => one.closed !== '')
    assert.equal(one.closed, '1001 the server stops')
    assert.equal(feed.ended, 1)
  })

  test('outlasts the time that a request may take', async () => {
    const feed = new Feed()
    const timeouts = { readHeader: 1000, read: 1000, idle: 1000, write: 1000, request: 1000 }
    await using server = await testListener(feed.handler, { timeouts })
    const one = await client(server.port)
    await server.clock.advance(10_000)
    feed.open[0]?.write(text('still here'))
    await until(() => one.got.length === 1)
    one.socket.terminate()
  })

  test('is cut off where pings are not answered', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler)
    const silent = new WebSocket(`ws://127.0.0.1:${server.port}/v1/stream`, { autoPong: false })
    await new Promise((resolve) => silent.once('open', resolve))
    const answering = await client(server.port)
    let pings = 0
    for (const one of [silent, answering.socket]) one.on('ping', () => pings++)
    await server.clock.advance(30_000)
    await until(() => pings === 2)
    // What comes back now was sent after the pong.
    answering.socket.ping()
    await new Promise((resolve) => answering.socket.once('pong', resolve))
    await server.clock.advance(30_000)
    await until(() => feed.ended === 1)
    assert.equal(feed.open[0]?.signal.aborted, true)
    assert.equal(answering.closed, '')
    answering.socket.terminate()
  })

  test('fetches no more while the client does not read', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler)
    const one = await client(server.port)
    one.socket.pause()
    const big = text('x'.repeat(200_000))
    let taken = 0
    const stream = feed.open[0]
    // Each piece is asked for when there is room: what is asked for stands still at some time.
    for (let i = 0; i < 400; i++) stream?.write(big)
    stream?.write(text('end'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    one.socket.on('message', () => taken++)
    one.socket.resume()
    await until(() => one.got.at(-1) === 'text end', 20_000)
    assert.equal(taken, 401)
    one.socket.terminate()
  })
})

suite('a request for a WebSocket', () => {
  test('that is answered otherwise is answered, and its connection is closed: what else was sent is no request', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler)
    const answer = await talk(
      server.port,
      head('GET /v1/other HTTP/1.1', UPGRADE) + head('GET /v1/smuggled HTTP/1.1', ['Host: a']),
    )
    assert.match(answer, /^HTTP\/1\.1 200 OK[\s\S]*"\/v1\/other"/)
    assert.deepEqual(feed.requests, ['GET /v1/other'])
  })

  test('that is not one in every respect is a request like any', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler)
    const odd: readonly (readonly string[])[] = [
      UPGRADE.filter((line) => !line.startsWith('Connection')),
      UPGRADE.map((line) => line.replace('websocket', 'h2c')),
      UPGRADE.map((line) => line.replace('13', '8')),
      UPGRADE.map((line) => line.replace('dGhl', 'd')),
      [...UPGRADE, 'Content-Length: 0'],
      [...UPGRADE, 'Expect: 100-continue'],
    ]
    for (const headers of odd) {
      const answer = await talk(server.port, head('GET /v1/stream HTTP/1.1', [...headers, 'Connection: close']))
      assert.match(answer, /HTTP\/1\.1 400 /, headers.join('|'))
    }
    assert.match(await talk(server.port, head('POST /v1/stream HTTP/1.1', UPGRADE)), /HTTP\/1\.1 400 /)
    // What was begun for them is over.
    assert.equal(feed.ended, feed.open.length)
  })

  test('leaves LIST to work before and beside it', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler)
    const answer = await talk(
      server.port,
      head('LIST /v1/a HTTP/1.1', ['Host: a']),
      head('GET /v1/stream HTTP/1.1', UPGRADE),
    )
    assert.match(answer, /200 OK[\s\S]*101 Switching/)
    assert.deepEqual(feed.requests, ['LIST /v1/a', 'GET /v1/stream'])
  })

  test('that is none and expects to go on, without a body, leaves what follows its reply', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler)
    const requests =
      head('GET /v1/a HTTP/1.1', ['Expect: 100-continue', 'Host: a']) + head('GET /v1/b HTTP/1.1', ['Host: a'])
    const answer = await withTime(server, talk(server.port, requests))
    assert.deepEqual(feed.requests, ['GET /v1/a', 'GET /v1/b'])
    assert.match(answer, /200 OK[^]*"\/v1\/a"[^]*200 OK[^]*"\/v1\/b"/)
  })

  test('pipelined behind another never mixes with its reply', async () => {
    const feed = new Feed()
    await using server = await testListener(feed.handler)
    const answer = await talk(
      server.port,
      head('GET /v1/a HTTP/1.1', ['Host: a']) + head('GET /v1/stream HTTP/1.1', UPGRADE),
    )
    assert.match(answer, /^HTTP\/1\.1 200 OK[\s\S]*"\/v1\/a"\}HTTP\/1\.1 400 /)
  })
})

const line = fc.constantFrom(
  'GET /v1/stream HTTP/1.1',
  'GET /v1/a HTTP/1.1',
  'GET /v1/stream HTTP/1.0',
  'POST /v1/stream HTTP/1.1',
  'LIST /v1/stream HTTP/1.1',
)
const header = fc.constantFrom(
  ...UPGRADE,
  'Connection: upgrade, close',
  'Connection: close',
  'Upgrade: h2c',
  'Upgrade: websocket, h2c',
  'Upgrade:',
  'Sec-WebSocket-Version: 7',
  'Sec-WebSocket-Key: short',
  'Sec-WebSocket-Protocol: x',
  'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99',
  'Content-Length: 5',
  'Content-Length: 0',
  'Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'Origin: http://evil.example',
)
const tail = fc.constantFrom('', 'abcde', '0\r\n\r\n', '\x81\x02hi', head('GET /v1/smuggled HTTP/1.1', ['Host: a']))

test('whatever stands in a request for a WebSocket, it gets one answer, and what follows an upgrade is no request', async () => {
  const feed = new Feed()
  await using server = await testListener(feed.handler)
  await fc.assert(
    fc.asyncProperty(line, fc.array(header, { maxLength: 9 }), fc.boolean(), tail, async (first, some, whole, rest) => {
      feed.requests.length = 0
      const headers = whole ? [...new Set([...UPGRADE, ...some])] : some
      const answer = await withTime(server, talk(server.port, head(first, headers) + rest))
      const upgraded = answer.startsWith('HTTP/1.1 101 ')
      if (upgraded) assert.deepEqual(feed.requests, ['GET /v1/stream'])
      else assert.match(answer, /^(HTTP\/1\.1 \d{3} |$)/)
      // One reply for each request that was understood; besides, one that was refused, and bytes that are no request.
      const replies = [...answer.matchAll(/HTTP\/1\.1 (?!100)\d{3} /gu)].length
      assert.ok(replies >= feed.requests.length && replies <= feed.requests.length + 2, answer)
    }),
    { numRuns: 300 },
  )
  await until(() => feed.ended === feed.open.length, 10_000, 'the end of all streams')
})

/** What is waited for by the listener's clock passes. */
async function withTime<T>(server: TestListener, work: Promise<T>): Promise<T> {
  let isOver = false
  const done = work.finally(() => (isOver = true))
  await turns(20)
  while (!isOver) {
    await server.clock.advance(2_500)
    await turns()
  }
  return done
}
