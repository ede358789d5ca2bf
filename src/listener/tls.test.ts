import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import type { WireReply, WireRequest } from '../request/wire.ts'
import { echo, json, RawClient, talk, testListener, testTls, tlsFile, turns } from '../../test/support/listener.ts'
import type { TlsConfig } from './index.ts'
import { opensslCiphers } from './cipher-suites.ts'

const get = 'GET /v1/a HTTP/1.1\r\nHost: a\r\n\r\n'
const client = { cert: await readFile(tlsFile('client.pem')), key: await readFile(tlsFile('client.key')) }
const stranger = { cert: await readFile(tlsFile('stranger.pem')), key: await readFile(tlsFile('stranger.key')) }
const requireCert: TlsConfig = { ...testTls, requireAndVerifyClientCert: true, clientCaFile: tlsFile('ca.pem') }

async function certificateNames(request: WireRequest): Promise<WireReply> {
  const names = request.peerCertificate?.chain.map((der) => new X509Certificate(der).subject)
  return json(200, { tls: request.tls, names: names ?? null })
}

async function ask(port: number, options: ConnectionOptions = {}): Promise<string> {
  const tls = await RawClient.tls(port, options)
  await tls.send(get)
  const reply = await tls.until(/\}$/u)
  await tls.finish()
  return reply
}

async function serverName(port: number): Promise<string> {
  const socket = await handshake(port)
  const name = socket.getPeerX509Certificate()?.subject ?? ''
  socket.destroy()
  return name
}

function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    socket.once('secureConnect', () => resolve(socket))
    socket.once('error', reject)
  })
}

test('TLS 1.2 and 1.3 are served, 1.1 is not', async () => {
  await using server = await testListener(certificateNames, { tls: testTls })
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    assert.match(await ask(server.port, { minVersion: version, maxVersion: version }), /200 OK.*"tls":true/su)
  }
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await assert.rejects(handshake(server.port, old))
  await using newest = await testListener(echo, { tls: { ...testTls, minVersion: 'tls13' } })
  await assert.rejects(handshake(newest.port, { maxVersion: 'TLSv1.2' }))
})

test('cipher suites go by their names in Go', async () => {
  assert.match(
    opensslCiphers(['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256']),
    /:TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256$/u,
  )
  assert.throws(() => opensslCiphers(['TLS_RSA_WITH_RC4_128_SHA']), { code: 'LISTENER_TLS_CIPHER' })
  const cipherSuites = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256']
  await using server = await testListener(echo, { tls: { ...testTls, cipherSuites } })
  const socket = await handshake(server.port, { maxVersion: 'TLSv1.2' })
  assert.equal(socket.getCipher().name, 'ECDHE-ECDSA-AES128-GCM-SHA256')
  socket.destroy()
  await assert.rejects(handshake(server.port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }))
})

test('plain HTTP to a TLS port is told so', async () => {
  await using server = await testListener(echo, { tls: testTls })
  assert.equal(
    await talk(server.port, get),
    'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n',
  )
  assert.equal((await talk(server.port, 'no HTTP at all')).includes('HTTP'), false)
  assert.match(await ask(server.port), /200 OK/u)
})

test('a certificate is taken note of where one is offered, from whomever', async () => {
  await using server = await testListener(certificateNames, { tls: testTls })
  assert.match(await ask(server.port), /"names":null/u)
  assert.match(await ask(server.port, client), /"names":\["CN=client-a"\]/u)
  assert.match(await ask(server.port, stranger), /"names":\["CN=client-b"\]/u)
})

test('a certificate is required and verified', async () => {
  await using server = await testListener(certificateNames, { tls: requireCert })
  assert.match(await ask(server.port, client), /"names":\["CN=client-a"/u)
  for (const options of [{}, stranger]) {
    const reply = await ask(server.port, { ...options, maxVersion: 'TLSv1.3' }).catch(() => '')
    assert.equal(reply, '')
    await assert.rejects(handshake(server.port, { ...options, maxVersion: 'TLSv1.2' }))
  }
})

test('no certificate is asked for where they are disabled', async () => {
  await using server = await testListener(certificateNames, { tls: { ...testTls, disableClientCerts: true } })
  assert.match(await ask(server.port, client), /"names":null/u)
})

test('no session is resumed where certificates count', async () => {
  await using server = await testListener(certificateNames, { tls: testTls })
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await handshake(server.port, { ...client, minVersion: version, maxVersion: version })
    const sessions: Buffer[] = []
    socket.on('session', (session: Buffer) => sessions.push(session))
    socket.write(get)
    await new Promise((resolve) => socket.once('data', resolve))
    const kept = sessions.at(-1) ?? socket.getSession()
    socket.destroy()
    const again = await handshake(server.port, {
      ...(kept === undefined ? {} : { session: kept }),
      minVersion: version,
      maxVersion: version,
    })
    assert.equal(again.isSessionReused(), false)
    again.destroy()
    assert.match(await ask(server.port, kept === undefined ? {} : { session: kept }), /"names":null/u)
  }
})

test('renegotiation is refused', async () => {
  await using server = await testListener(certificateNames, { tls: testTls })
  const socket = await handshake(server.port, { maxVersion: 'TLSv1.2' })
  socket.on('error', () => {})
  let renegotiated = false
  socket.renegotiate({}, (error) => {
    renegotiated = error === null
  })
  await turns(50)
  assert.equal(renegotiated, false)
  socket.destroy()
})

test('files that do not fit together keep the listener from starting', async () => {
  const rows: readonly (readonly [Partial<TlsConfig>, string])[] = [
    [{ certFile: '/nowhere.pem' }, 'LISTENER_TLS_FILE'],
    [{ keyFile: tlsFile('renewed.key') }, 'LISTENER_TLS_PAIR'],
    [{ keyFile: tlsFile('server.pem') }, 'LISTENER_TLS_PAIR'],
    [{ requireAndVerifyClientCert: true, clientCaFile: tlsFile('server.key') }, 'LISTENER_TLS_CLIENT_CA'],
    [{ requireAndVerifyClientCert: true, disableClientCerts: true }, 'LISTENER_TLS_CLIENT_CERTS'],
    [{ minVersion: 'tls13', maxVersion: 'tls12' }, 'LISTENER_TLS_VERSIONS'],
  ]
  for (const [change, code] of rows)
    await assert.rejects(testListener(echo, { tls: { ...testTls, ...change } }), { code })
})

test('a reload takes a new certificate as a whole or not at all', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'coffer-tls-'))
  const [certFile, keyFile] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  const put = async (name: string): Promise<void> => {
    await copyFile(tlsFile(`${name}.pem`), certFile)
    await copyFile(tlsFile(`${name}.key`), keyFile)
  }
  await put('server')
  await using server = await testListener(echo, { tls: { ...testTls, certFile, keyFile } })
  const kept = await RawClient.tls(server.port)
  assert.equal(await serverName(server.port), 'CN=server-one')
  await copyFile(tlsFile('renewed.pem'), certFile)
  await assert.rejects(server.listener.reload(), { code: 'LISTENER_TLS_PAIR' })
  await writeFile(certFile, 'no certificate')
  await assert.rejects(server.listener.reload(), { code: 'LISTENER_TLS_PAIR' })
  await rm(keyFile)
  await assert.rejects(server.listener.reload(), { code: 'LISTENER_TLS_FILE' })
  assert.equal(await serverName(server.port), 'CN=server-one')
  await put('renewed')
  await server.listener.reload()
  assert.equal(await serverName(server.port), 'CN=server-two')
  // Connections that are open go on.
  await kept.send(get)
  assert.match(await kept.until(/\}$/u), /200 OK/u)
  await kept.finish()
  await rm(dir, { recursive: true })
})

test('close does not wait for a handshake', async () => {
  const server = await testListener(echo, { tls: testTls })
  const silent = await RawClient.to(server.port)
  await turns()
  await server.listener.close(0)
  await silent.until(/never/u)
  await silent.finish()
})

test('a client that goes away in the middle of the handshake costs nothing', async () => {
  await using server = await testListener(echo, { tls: testTls })
  for (let i = 0; i < 20; i++) {
    const raw = await RawClient.to(server.port)
    await raw.send('\x16\x03\x01\x00\x05\x01')
    raw.socket.resetAndDestroy()
  }
  await turns()
  assert.match(await ask(server.port), /200 OK/u)
})
