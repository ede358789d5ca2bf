import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireReply } from '../request/wire.ts'
import { echo, json, RawClient, talk, testListener } from '../../test/support/listener.ts'
import { listenerDefaults } from './index.ts'

const host = 'Host: a\r\n'
const get = `GET /v1/a HTTP/1.1\r\n${host}\r\n`
const noContent: WireReply = { status: 204, headers: [], body: undefined }

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

test('a malformed body ends the request that has it, with one reply', async () => {
  await using server = await testListener(echo)
  const raw = await talk(server.port, `POST /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n${get}`)
  assert.equal(raw.match(/HTTP\/1.1 /gu)?.length, 1)
  assert.match(raw, /^HTTP\/1.1 400 .*Connection: close/su)
})

test('heads and bodies that do not arrive in time are answered and cut off', async () => {
  const timeouts = { ...listenerDefaults.timeouts, readHeader: 50, read: 100 }
  await using server = await testListener(echo, { timeouts })
  const begun = ['GET /v1/a HT', 'LIS', `POST /v1/a HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhel`]
  const clients = await Promise.all(begun.map(() => RawClient.to(server.port)))
  await Promise.all(clients.map((client, i) => client.send(begun[i] ?? '')))
  for (const client of clients) {
    const raw = await client.until(/never/u)
    assert.match(raw, /^HTTP\/1.1 408 Request Timeout.*did not arrive in time/su)
    assert.equal(raw.match(/HTTP\/1.1/gu)?.length, 1)
    await client.finish()
  }
  assert.equal(server.listener.inFlight, 0)
})
