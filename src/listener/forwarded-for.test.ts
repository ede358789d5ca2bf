import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { X509Certificate } from 'node:crypto'
import type { WireReply, WireRequest } from '../request/wire.ts'
import { json, talk, testListener, tlsFile } from '../../test/support/listener.ts'
import type { ForwardedForConfig } from './index.ts'

const trusted: ForwardedForConfig = {
  authorizedAddrs: ['127.0.0.1/32', '::1'],
  hopSkips: 0,
  rejectNotAuthorized: true,
  rejectNotPresent: true,
  clientCertHeader: 'X-Client-Cert',
  clientCertDecoders: ['URL'],
}
const untrusted: ForwardedForConfig = { ...trusted, authorizedAddrs: ['10.0.0.0/8'] }

async function origin(request: WireRequest): Promise<WireReply> {
  const certificate = request.peerCertificate?.chain[0]
  return json(200, {
    from: request.remoteAddress,
    header: request.headers.get('x-forwarded-for') ?? null,
    certHeader: request.headers.has('x-client-cert'),
    certificate: certificate === undefined ? null : new X509Certificate(certificate).subject,
  })
}

async function ask(forwardedFor: ForwardedForConfig | undefined, ...headers: readonly string[]): Promise<string> {
  await using server = await testListener(origin, { forwardedFor })
  const raw = await talk(
    server.port,
    `GET /v1/a HTTP/1.1\r\nHost: a\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
  )
  const status = raw.slice(9, 12)
  return `${status} ${raw.slice(raw.indexOf('\r\n\r\n') + 4).trim()}`
}

async function from(config: ForwardedForConfig | undefined, ...headers: readonly string[]): Promise<string> {
  const answer = await ask(config, ...headers)
  return /"from":"([^"]*)"/u.exec(answer)?.[1] ?? answer
}

test('the header means nothing unless it is listened to', async () => {
  assert.equal(await from(undefined, 'X-Forwarded-For: 10.1.1.1'), '127.0.0.1')
})

test('of an authorised proxy, the last hop counts', async () => {
  assert.equal(await from(trusted, 'X-Forwarded-For: 1.2.3.4'), '1.2.3.4')
  assert.equal(await from(trusted, 'X-Forwarded-For: 1.2.3.4, 5.6.7.8'), '5.6.7.8')
  assert.equal(await from(trusted, 'X-Forwarded-For: 1.2.3.4', 'x-forwarded-for: 5.6.7.8 ,9.9.9.9'), '9.9.9.9')
  assert.equal(await from(trusted, 'X-Forwarded-For: 2001:db8::1'), '2001:db8::1')
  assert.equal(await from(trusted, 'X-Forwarded-For: [2001:db8::1]:99'), '2001:db8::1')
  assert.equal(await from(trusted, 'X-Forwarded-For: 1.2.3.4:99'), '1.2.3.4')
})

test('hops are skipped from the end', async () => {
  const hops = 'X-Forwarded-For: 1.2.3.4, 2.3.4.5, 3.4.5.6, 4.5.6.7'
  assert.equal(await from({ ...trusted, hopSkips: 1 }, hops), '3.4.5.6')
  assert.equal(await from({ ...trusted, hopSkips: 3 }, hops), '1.2.3.4')
  assert.match(await ask({ ...trusted, hopSkips: 4 }, hops), /^400 .*hops to skip \(4\).*chain length 4/u)
})

test('what is no address is refused', async () => {
  for (const hop of ['unknown', '1.2.3', '1.2.3.4.5', '0x7f.1', 'fe80::1%eth0', '1.2.3.4,', 'a, ']) {
    assert.match(await ask(trusted, `X-Forwarded-For: ${hop}`), /^400 .*malformed x-forwarded-for/u, hop)
  }
})

test('absent headers and unauthorised senders', async () => {
  assert.match(await ask(trusted), /^400 .*missing x-forwarded-for header/u)
  assert.match(await ask(trusted, 'X-Forwarded-For: '), /^400 .*missing/u)
  assert.equal(await from({ ...trusted, rejectNotPresent: false }), '127.0.0.1')
  assert.match(await ask(untrusted, 'X-Forwarded-For: 10.1.1.1'), /^400 .*not authorized for x-forwarded-for/u)
  const ignoring = { ...untrusted, rejectNotAuthorized: false }
  assert.equal(
    await ask(ignoring, 'X-Forwarded-For: 10.1.1.1', 'X-Client-Cert: x'),
    '200 {"from":"127.0.0.1","header":null,"certHeader":false,"certificate":null}',
  )
})

test('a certificate is taken from an authorised proxy alone', async () => {
  const pem = encodeURIComponent(await readFile(tlsFile('client.pem'), 'latin1'))
  const hop = 'X-Forwarded-For: 1.2.3.4'
  assert.match(await ask(trusted, hop, `X-Client-Cert: ${pem}`), /"certificate":"CN=client-a"/u)
  const der = new X509Certificate(await readFile(tlsFile('client.pem'))).raw.toString('base64')
  assert.match(
    await ask({ ...trusted, clientCertDecoders: ['BASE64', 'DER'] }, hop, `X-Client-Cert: ${der}`),
    /"certificate":"CN=client-a"/u,
  )
  assert.match(
    await ask({ ...trusted, rejectNotPresent: false }, `X-Client-Cert: ${pem}`),
    /"certHeader":false,"certificate":null/u,
  )
  assert.match(
    await ask({ ...trusted, clientCertHeader: undefined }, hop, `X-Client-Cert: ${pem}`),
    /"certificate":null/u,
  )
  assert.match(await ask(trusted, hop, `X-Client-Cert: ${pem}`, `X-Client-Cert: ${pem}`), /^400 /u)
  for (const bad of ['x', '%zz', 'AAAA'])
    assert.match(await ask(trusted, hop, `X-Client-Cert: ${bad}`), /^400 .*cannot be decoded/u)
})
