import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { echo, RawClient, talk, testListener, testTls, turns } from '../../test/support/listener.ts'
import type { ProxyProtocolConfig } from './index.ts'
import { parseProxyHeader } from './proxy-protocol.ts'

const get = 'GET /v1/a HTTP/1.1\r\nHost: a\r\n\r\n'
const v1 = 'PROXY TCP4 10.1.2.3 10.0.0.1 4711 8200\r\n'
const signature = '\r\n\r\n\0\r\nQUIT\n'
const always: ProxyProtocolConfig = { behavior: 'use_always', authorizedAddrs: [] }

/** A header of version 2: command and family, then the addresses as hex. */
function v2(commandAndFamily: string, hex: string): string {
  const body = Buffer.from(hex, 'hex')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(body.length)
  return `${signature}${Buffer.concat([Buffer.from(commandAndFamily, 'hex'), length, body]).toString('latin1')}`
}

const v2of4 = v2('2111', '0a0102030a00000112672008')
const v2of6 = v2('2121', `20010db8000000000000000000000001${'00'.repeat(15)}01${'12672008'}`)

function from(raw: string): string {
  return /"remoteAddress":"([^"]*)"/u.exec(raw)?.[1] ?? raw
}

test('headers of both versions', () => {
  const parse = (text: string): unknown => parseProxyHeader(Buffer.from(text, 'latin1'))
  const source = { address: '10.1.2.3', port: 4711 }
  assert.deepEqual(parse(v1 + get), { kind: 'found', length: v1.length, source })
  assert.deepEqual(parse(v2of4), { kind: 'found', length: 28, source })
  assert.deepEqual(parse(v2of6), { kind: 'found', length: 52, source: { address: '2001:db8::1', port: 4711 } })
  assert.deepEqual(parse('PROXY TCP6 2001:db8::1 ::1 4711 8200\r\n'), {
    kind: 'found',
    length: 38,
    source: { address: '2001:db8::1', port: 4711 },
  })
  for (const unnamed of [
    'PROXY UNKNOWN\r\n',
    'PROXY UNKNOWN whatever 1 2\r\n',
    v2('2011', '0a0102030a00000112672008'),
    v2('2100', ''),
    v2('2131', '00'.repeat(216)),
  ]) {
    assert.deepEqual(parse(unnamed), { kind: 'found', length: unnamed.length, source: undefined })
  }
  for (const text of [v1, v2of4, v2of6]) {
    for (let i = 0; i < text.length; i++) assert.deepEqual(parse(text.slice(0, i)), { kind: 'incomplete' }, `${i}`)
  }
  const malformed = [
    'PROXY TCP4 10.1.2.3 10.0.0.1 4711\r\n',
    'PROXY TCP4 2001:db8::1 ::1 1 2\r\n',
    'PROXY TCP4 10.1.2.3 10.0.0.1 99999 1\r\n',
    'PROXY TCP4  10.1.2.3 10.0.0.1 1 1\r\n',
    'PROXY UDP4 10.1.2.3 10.0.0.1 1 2\r\n',
    `PROXY ${'x'.repeat(120)}`,
    v2('1111', '0a0102030a00000112672008'),
    v2('2211', ''),
    v2('2111', '0a01'),
    v2('2121', '00'.repeat(12)),
    `${signature}\x21\x11\xff\xff`,
  ]
  for (const text of malformed)
    assert.deepEqual({ kind: 'malformed' }, { kind: (parse(text) as { kind: string }).kind }, text)
  for (const text of [get, 'POST / ', 'PATCH', '\x16\x03\x01', '\r\n\r\nGET'])
    assert.deepEqual(parse(text), { kind: 'absent' })
})

test("use_always takes everybody's word, in any packets", async () => {
  await using server = await testListener(echo, { proxyProtocol: always })
  for (const header of [v1, v2of4]) assert.equal(from(await talk(server.port, header + get)), '10.1.2.3')
  assert.equal(from(await talk(server.port, ...v1, get)), '10.1.2.3')
  assert.equal(from(await talk(server.port, get)), '127.0.0.1')
  assert.equal(from(await talk(server.port, `PROXY UNKNOWN\r\n${get}`)), '127.0.0.1')
  assert.equal(await talk(server.port, `PROXY nonsense\r\n${get}`), '')
})

test('allow_authorized ignores what others say', async () => {
  const config: ProxyProtocolConfig = { behavior: 'allow_authorized', authorizedAddrs: ['127.0.0.1'] }
  await using listed = await testListener(echo, { proxyProtocol: config })
  assert.equal(from(await talk(listed.port, v1 + get)), '10.1.2.3')
  await using unlisted = await testListener(echo, { proxyProtocol: { ...config, authorizedAddrs: ['10.0.0.0/8'] } })
  assert.equal(from(await talk(unlisted.port, v1 + get)), '127.0.0.1')
})

test('deny_unauthorized cuts others off, and the listener goes on', async () => {
  const config: ProxyProtocolConfig = { behavior: 'deny_unauthorized', authorizedAddrs: ['127.0.0.1'] }
  await using server = await testListener(echo, { proxyProtocol: config, address: '0.0.0.0:0' })
  for (let i = 0; i < 50; i++) {
    const other = await RawClient.to(server.port, '127.0.0.9')
    await other.send(v1 + get)
    assert.equal(other.received, '')
    other.socket.destroy()
  }
  assert.equal(from(await talk(server.port, v1 + get)), '10.1.2.3')
})

test('a thousand malformed headers do not stop it', async () => {
  await using server = await testListener(echo, { proxyProtocol: always })
  for (let i = 0; i < 1000; i++) {
    const bad = await RawClient.to(server.port)
    bad.socket.write('PROXY \r\n\r\n')
    bad.socket.resetAndDestroy()
  }
  await turns()
  assert.equal(from(await talk(server.port, v1 + get)), '10.1.2.3')
})

test('the header stands in front of TLS', async () => {
  await using server = await testListener(echo, { proxyProtocol: always, tls: testTls })
  const raw = await RawClient.to(server.port)
  raw.socket.removeAllListeners('data')
  raw.socket.write(v1)
  const tls = connectTls({ socket: raw.socket, rejectUnauthorized: false })
  let reply = ''
  const done = new Promise((resolve) => {
    tls.on('data', (chunk: Buffer) => {
      reply += chunk.toString()
      if (reply.endsWith('}')) resolve(undefined)
    })
  })
  tls.write(get)
  await done
  assert.equal(from(reply), '10.1.2.3')
  tls.destroy()
})

test('LIST works behind it, and a silent client is cut off', async () => {
  await using server = await testListener(echo, { proxyProtocol: always })
  const list = 'LIST /v1/a HTTP/1.1\r\nHost: a\r\n\r\n'
  const raw = await talk(server.port, v1 + list, list, 'LI', 'ST /v1/b HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(raw.match(/"method":"LIST"/gu)?.length, 3)
  const silent = await RawClient.to(server.port)
  await turns()
  await server.clock.advance(10_000)
  await silent.until(/never/u)
  assert.equal(silent.closed, true)
  await silent.finish()
})
