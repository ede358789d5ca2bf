import assert from 'node:assert/strict'
import { test } from 'node:test'
import { json, RawClient, testListener } from '../../test/support/listener.ts'
import { listenerDefaults } from './index.ts'

const timeouts = { ...listenerDefaults.timeouts, write: 5000 }
const get = 'GET /v1/a HTTP/1.1\r\nHost: a\r\n\r\n'

test('a reply that is not taken in time costs the connection', async () => {
  let begun: () => void = () => {}
  const started = new Promise<void>((resolve) => {
    begun = resolve
  })
  const handler = async () => ({ status: 200, headers: [], body: endless(begun) })
  await using server = await testListener(handler, { timeouts })
  const client = await RawClient.to(server.port)
  client.socket.pause()
  client.socket.write(get)
  await started
  assert.equal(server.listener.inFlight, 1)
  await server.clock.advance(4999)
  assert.equal(server.listener.inFlight, 1)
  await server.clock.advance(1)
  client.socket.resume()
  await client.until(/never/u)
  assert.ok(client.closed)
  assert.doesNotMatch(client.received, /\r\n0\r\n\r\n$/u, 'it does not look whole')
})

test('one that is taken in time costs nothing, and the connection goes on', async () => {
  await using server = await testListener(async () => json(200, { a: 1 }), { timeouts })
  const client = await RawClient.to(server.port)
  await client.send(get)
  await client.until(/\}/u)
  await server.clock.advance(10_000)
  assert.ok(!client.closed)
  await client.send(get)
  assert.equal((await client.finish()).match(/"a":1/gu)?.length, 2)
})

async function* endless(begun: () => void): AsyncGenerator<Uint8Array> {
  begun()
  for (;;) yield new Uint8Array(65_536)
}
