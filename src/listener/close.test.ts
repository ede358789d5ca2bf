import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toPrometheus } from '../lib/observe/index.ts'
import { gate, json, RawClient, testListener, turns } from '../../test/support/listener.ts'

const host = 'Host: a\r\n'
const get = `GET /v1/a HTTP/1.1\r\n${host}\r\n`

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
