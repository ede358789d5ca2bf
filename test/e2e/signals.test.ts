/** SIGTERM, SIGINT and SIGHUP, sent to a running server. */
import assert from 'node:assert/strict'
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { request } from '../support/http.ts'
import { tlsFile } from '../support/listener.ts'
import { freePort, startServer, type TestServer } from '../support/server.ts'

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} lets a request under way end, takes no further one, and keeps what was written`, async () => {
    await using server = await startServer()
    await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
    const begun = await beginWrite(server, 'kv/slow', '{"a":"b"}')
    server.child.kill(signal)
    await server.said(/stopping/)
    await assert.rejects(server.call('GET', 'sys/health'), 'no connection is taken any more')
    const gone = new Promise<number | null>((resolve) => server.child.once('exit', resolve))
    begun.finish()
    assert.match(await begun.answer, /^HTTP\/1\.1 204 [^]*\r\nConnection: close\r\n/)
    assert.equal(await gone, 0)
    assert.match(server.output, /stopping: signal=SIG[^]*stopped\n$/)

    await server.restart()
    await server.unseal()
    assert.match((await server.call('GET', 'kv/slow')).text, /"a":"b"/)
  })
}

test('a second signal ends it at once', async () => {
  await using server = await startServer()
  await beginWrite(server, 'cubbyhole/slow', '{"a":"b"}')
  server.child.kill('SIGTERM')
  await server.said(/stopping/)
  assert.equal(await server.kill('SIGTERM'), 1)
})

test('SIGHUP takes new certificates, and keeps the old ones where the new are no good', async () => {
  await using server = await startServer({ tls: true })
  const { port } = new URL(server.address)
  assert.equal(await subjectAt(Number(port)), 'server-one')

  writeFileSync(join(server.folder, 'cert.pem'), 'nonsense')
  await reload(server, 1)
  assert.match(
    server.output,
    /\[ERROR\] the certificates of 127\.0\.0\.1:\d+ could not be reloaded; what was there stays in use: reason="/,
  )
  assert.equal(await subjectAt(Number(port)), 'server-one')
  assert.equal((await server.call('GET', 'sys/health')).status, 200)

  copyFileSync(tlsFile('renewed.pem'), join(server.folder, 'cert.pem'))
  await reload(server, 2)
  assert.equal(await subjectAt(Number(port)), 'server-one', 'the key is still that of the old one')

  copyFileSync(tlsFile('renewed.key'), join(server.folder, 'key.pem'))
  await reload(server, 3)
  assert.equal(await subjectAt(Number(port)), 'server-two')
})

test('SIGHUP takes a new authority of clients', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-client-ca-'))
  const authority = join(folder, 'clients.pem')
  copyFileSync(tlsFile('stranger.pem'), authority)
  const port = await freePort()
  const clients = `listener "tcp" {
    address = "127.0.0.1:${port}"
    tls_cert_file = "${tlsFile('server.pem')}"
    tls_key_file = "${tlsFile('server.key')}"
    tls_client_ca_file = "${authority}"
    tls_require_and_verify_client_cert = true
  }`
  try {
    await using server = await startServer({ config: clients })
    assert.deepEqual([await asksAs('client', port), await asksAs('stranger', port)], ['refused', 200])
    copyFileSync(tlsFile('ca.pem'), authority)
    await reload(server, 1)
    assert.deepEqual([await asksAs('client', port), await asksAs('stranger', port)], [200, 'refused'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('SIGHUP reads log_level and log_requests_level anew, and keeps them where the configuration is wrong', async () => {
  await using server = await startServer({ config: 'log_level = "warn"' })
  const path = join(server.folder, 'coffer.hcl')
  const levelOf = async () => (await server.call('GET', 'sys/loggers/core')).text
  assert.match(await levelOf(), /"core":"warn"/)

  const before = readFileSync(path, 'utf8')
  writeFileSync(path, before.replace('log_level = "warn"', 'log_level = "info"\nlog_requests_level = "info"'))
  await reload(server, 1)
  assert.match(await levelOf(), /"core":"info"/)
  await server.said(/completed_request: .*request_path=\/v1\/sys\/loggers\/core/)

  appendFileSync(path, 'log_level = "loud"\n')
  server.child.kill('SIGHUP')
  await server.said(
    /\[ERROR\] the configuration could not be read again; what was there stays in use: reason=".*given a second time/,
  )
  assert.match(await levelOf(), /"core":"info"/)

  assert.equal((await server.call('POST', 'sys/loggers', { level: 'debug' })).status, 204)
  assert.match(await levelOf(), /"core":"debug"/)
  assert.equal((await server.call('DELETE', 'sys/loggers')).status, 204)
  assert.match(await levelOf(), /"core":"info"/, 'back to what the configuration said last')
})

test('SIGHUP opens the audit file and the log file again after they were renamed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-rotated-'))
  const log = join(folder, 'server.log')
  try {
    await using server = await startServer({ audit: true, config: `log_file = "${log}"` })
    renameSync(server.auditFile, `${server.auditFile}.1`)
    renameSync(log, `${log}.1`)
    await reload(server, 1)
    await server.call('GET', 'sys/mounts/cubbyhole')
    const entries = readFileSync(server.auditFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes('sys/mounts/cubbyhole'))
    assert.equal(entries.length, 2, 'a request and a response')
    await server.kill('SIGTERM')
    assert.match(readFileSync(log, 'utf8'), /reloaded[^]*stopped\n$/)
    assert.match(readFileSync(`${log}.1`, 'utf8'), /coffer is listening/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** Sends SIGHUP and waits until the `count`th reload is over. */
async function reload(server: TestServer, count: number): Promise<void> {
  server.child.kill('SIGHUP')
  await server.said(new RegExp(`(?:reloaded certificates[^]*){${count}}`))
}

/** A write whose last byte is held back. */
async function beginWrite(server: TestServer, path: string, body: string) {
  const { hostname, port } = new URL(server.address)
  const socket: Socket = connect(Number(port), hostname)
  const answer = new Promise<string>((resolve, reject) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
  // One that nobody waits for may end with the server.
  answer.catch(() => undefined)
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  socket.write(
    `POST /v1/${path} HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${server.token}\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, -1)}`,
  )
  while (!(await server.call('GET', 'sys/in-flight-req')).text.includes(`/v1/${path}"`)) continue
  return { finish: () => void socket.write(body.slice(-1)), answer }
}

function subjectAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { subject } = socket.getPeerCertificate()
      socket.destroy()
      resolve(String(subject.CN))
    })
    socket.once('error', reject)
  })
}

async function asksAs(name: string, port: number): Promise<number | 'refused'> {
  const agent = new Agent({
    cert: readFileSync(tlsFile(`${name}.pem`)),
    key: readFileSync(tlsFile(`${name}.key`)),
    rejectUnauthorized: false,
    maxCachedSessions: 0,
  })
  try {
    return (await request(`https://127.0.0.1:${port}`, 'GET', '/v1/sys/health', { agent })).status
  } catch {
    return 'refused'
  } finally {
    agent.destroy()
  }
}
