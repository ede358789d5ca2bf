import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gate, RawClient, talk, testListener, turns } from '../../test/support/listener.ts'

const host = 'Host: a\r\n'
const get = `GET /v1/a HTTP/1.1\r\n${host}\r\n`

async function* chunks(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(65_536, 'x')
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
