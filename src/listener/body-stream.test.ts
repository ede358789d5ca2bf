/** Bodies that are read as they come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CofferError } from '../errors/coffer-error.ts'
import { gate, json, RawClient, talk, testListener } from '../../test/support/listener.ts'
import type { WireHandler, WireRequest } from '../request/wire.ts'
import { listenerDefaults } from './index.ts'

const host = 'Host: a\r\n'
const head = (length: number, more = ''): string =>
  `POST /v1/a HTTP/1.1\r\n${host}${more}Content-Length: ${length}\r\n\r\n`
const get = `GET /v1/a HTTP/1.1\r\n${host}\r\n`

/** Says how many bytes came; the code of what failed. */
const count: WireHandler = async (request) => {
  if (request.method === 'GET') return json(200, { got: true })
  let bytes = 0
  try {
    for await (const chunk of request.openBody()) bytes += chunk.length
  } catch (error) {
    if (!(error instanceof CofferError)) throw error
    return json(error.status, { code: error.code, bytes })
  }
  return json(200, { bytes })
}

test('a body beyond the limit of the others is read to its end, and the connection goes on', async () => {
  const limits = { ...listenerDefaults.limits, requestSize: 100 }
  await using server = await testListener(count, { limits })
  const raw = await talk(server.port, head(300_000), 'x'.repeat(150_000), 'x'.repeat(150_000), get)
  assert.match(raw, /200 OK.*"bytes":300000.*200 OK.*"got":true/su)
  const chunk = `c350\r\n${'x'.repeat(50_000)}\r\n`
  const chunked = `POST /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`
  assert.match(await talk(server.port, chunked, chunk, chunk, '0\r\n\r\n'), /"bytes":100000/u)
  assert.match(await talk(server.port, head(0)), /"bytes":0/u)
})

test('100 Continue is sent when the body is wanted', async () => {
  await using server = await testListener(count)
  const client = await RawClient.to(server.port)
  await client.send(head(5, 'Expect: 100-continue\r\n'))
  assert.match(await client.until(/\r\n\r\n/u), /^HTTP\/1.1 100 Continue\r\n\r\n$/u)
  await client.send('hello')
  assert.match(await client.until(/\}/u), /"bytes":5/u)
  await client.finish()
})

test('what the handler does not take stays with the client', async () => {
  const held = gate()
  await using server = await testListener(async (request) => {
    let bytes = 0
    for await (const chunk of request.openBody()) {
      bytes += chunk.length
      await held.passed
    }
    return json(200, { bytes })
  })
  const size = 64 << 20
  const client = await RawClient.to(server.port)
  await client.send(head(size))
  const block = Buffer.alloc(1 << 20)
  for (let at = 0; at < size; at += block.length) client.socket.write(block)
  // The kernel's buffers of both sides take some of it, and nobody else does.
  for (let before = -1; before !== client.socket.bytesWritten - client.socket.writableLength;) {
    before = client.socket.bytesWritten - client.socket.writableLength
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.ok(client.socket.writableLength > size / 2, `${client.socket.writableLength} bytes were not taken`)
  held.open()
  assert.match(await client.until(/\}/u), new RegExp(`"bytes":${size}`, 'u'))
  await client.finish()
})

test('a body that stands still is given up, one that goes on is not', async () => {
  const timeouts = { ...listenerDefaults.timeouts, readHeader: 50, read: 100, write: 300, request: 200 }
  await using server = await testListener(count, { timeouts })
  const client = await RawClient.to(server.port)
  await client.send(head(1000))
  // Longer than any of these times by the listener's clock, and than Node's own look after slow requests by the real one.
  const began = performance.now()
  let sent = 0
  while (performance.now() - began < 1500) {
    await client.send('x')
    sent++
    await server.clock.advance(60)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(client.received, '')
  }
  await client.send('x'.repeat(1000 - sent))
  assert.match(await client.until(/\}/u), /"bytes":1000/u)
  await client.finish()

  const still = await RawClient.to(server.port)
  await still.send(head(1000), 'x')
  await server.clock.advance(101)
  assert.match(await still.until(/\}/u), /408 Request Timeout.*Connection: close.*"code":"REQUEST_TIMEOUT","bytes":1/su)
  await still.finish()
  assert.equal(server.listener.inFlight, 0)
})

test('a client that goes away ends the reading', async () => {
  const ended = gate()
  let code = ''
  await using server = await testListener(async (request) => {
    try {
      for await (const _ of request.openBody());
    } catch (error) {
      code = error instanceof CofferError ? error.code : String(error)
    }
    ended.open()
    return json(200, {})
  })
  const client = await RawClient.to(server.port)
  await client.send(head(1000), 'x')
  client.socket.destroy()
  await ended.passed
  assert.equal(code, 'REQUEST_ABORTED')
})

test('a malformed body ends the reading, with one reply', async () => {
  await using server = await testListener(count)
  const raw = await talk(server.port, `POST /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n${get}`)
  assert.equal(raw.match(/HTTP\/1.1 /gu)?.length, 1)
  assert.match(raw, /^HTTP\/1.1 400 .*Connection: close/su)
})

test('a handler that stops in the middle gets its reply through', async () => {
  await using server = await testListener(async (request: WireRequest) => {
    for await (const chunk of request.openBody()) return json(400, { refused: chunk.length > 0 })
    return json(200, {})
  })
  const client = await RawClient.to(server.port)
  await client.send(head(10_000_000), 'x'.repeat(200_000))
  assert.match(await client.until(/\}/u), /400 Bad Request.*Connection: close.*"refused":true/su)
  await client.finish()
})

test('a reply that goes on may take longer than http_write_timeout and max_request_duration; one that is not taken may not', async () => {
  const timeouts = { ...listenerDefaults.timeouts, write: 100, request: 200 }
  await using server = await testListener(
    async () => ({
      status: 200,
      headers: [],
      body: (async function* () {
        for (let i = 0; i < 8; i++) {
          await server.clock.advance(60)
          yield Buffer.from('part ')
        }
      })(),
    }),
    { timeouts },
  )
  assert.equal((await talk(server.port, get)).match(/part /gu)?.length, 8)

  const large = Buffer.alloc(1 << 20)
  await using stuck = await testListener(
    async () => ({
      status: 200,
      headers: [],
      body: (async function* () {
        for (let i = 0; i < 64; i++) yield large
      })(),
    }),
    { timeouts },
  )
  const client = await RawClient.to(stuck.port)
  client.socket.pause()
  await client.send(get)
  for (let attempt = 0; attempt < 200 && stuck.listener.inFlight > 0; attempt++) {
    await stuck.clock.advance(101)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.equal(stuck.listener.inFlight, 0)
  client.socket.resume()
  await client.finish()
})
