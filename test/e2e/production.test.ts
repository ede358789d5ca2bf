/** The production path: TLS, five shares of which three open, a crash in the middle, everything still there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startServer } from '../support/server.ts'

test('three of five shares open a TLS server, and a crash loses nothing', async () => {
  await using server = await startServer({ tls: true, shares: 5, threshold: 3, audit: true })
  assert.equal(server.keys.length, 5)
  await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  assert.equal((await server.call('POST', 'secret/data/a', { data: { one: 1 } })).status, 200)

  assert.equal((await server.call('PUT', 'sys/seal')).status, 204)
  assert.equal((await server.call('GET', 'secret/data/a')).status, 503)
  assert.equal((await server.call('GET', 'sys/health')).status, 503)
  await server.unseal()
  assert.equal((await server.call('GET', 'secret/data/a')).status, 200)

  await server.kill('SIGKILL')
  await server.restart()
  const before = (await server.call('GET', 'sys/seal-status')).json
  assert.deepEqual(pick(before, ['initialized', 'sealed', 't', 'n', 'progress']), {
    initialized: true,
    sealed: true,
    t: 3,
    n: 5,
    progress: 0,
  })
  await server.call('PUT', 'sys/unseal', { key: server.keys[4] })
  await server.call('PUT', 'sys/unseal', { key: server.keys[4] })
  assert.equal(
    pick((await server.call('GET', 'sys/seal-status')).json, ['progress'])['progress'],
    1,
    'a share given twice counts once',
  )
  await server.call('PUT', 'sys/unseal', { key: server.keys[2] })
  await server.call('PUT', 'sys/unseal', { key: Buffer.from(server.keys[0] ?? '', 'base64').toString('hex') })
  const secret = await server.call('GET', 'secret/data/a')
  assert.equal(secret.status, 200)
  assert.match(secret.text, /"data":\{"one":1\}/)
  assert.ok(readFileSync(server.auditFile, 'utf8').includes('"path":"secret/data/a"'))
})

test('wrong shares reset the progress and open nothing', async () => {
  await using server = await startServer({ shares: 3, threshold: 2, raw: true })
  await server.initialize()
  const bad = Buffer.alloc(33, 7).toString('base64')
  await server.call('PUT', 'sys/unseal', { key: server.keys[0] })
  const answer = await server.call('PUT', 'sys/unseal', { key: bad })
  assert.equal(answer.status, 400)
  assert.equal(pick((await server.call('GET', 'sys/seal-status')).json, ['progress'])['progress'], 0)
  await server.call('PUT', 'sys/unseal', { key: server.keys[0] })
  assert.equal(
    pick((await server.call('PUT', 'sys/unseal', { key: server.keys[1] })).json, ['sealed'])['sealed'],
    false,
  )
})

test('a plain client, and one that speaks TLS 1.1 only, get nothing from a TLS listener', async () => {
  await using server = await startServer({ tls: true })
  const { request } = await import('../support/http.ts')
  const plain = await request(server.address.replace('https', 'http'), 'GET', '/v1/sys/health').catch(
    (error: unknown) => error,
  )
  assert.ok(plain instanceof Error || (plain as { status: number }).status === 400)
  const tls = await import('node:tls')
  const url = new URL(server.address)
  const outcome = await new Promise<string>((resolve) => {
    const socket = tls.connect({
      host: url.hostname,
      port: Number(url.port),
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    socket.on('secureConnect', () => resolve('connected'))
    socket.on('error', () => resolve('refused'))
  })
  assert.equal(outcome, 'refused')
})

test('init is done once, also when many ask at the same moment', async () => {
  await using server = await startServer({ raw: true })
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => server.call('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })),
  )
  assert.equal(answers.filter((answer) => answer.status === 200).length, 1)
  assert.ok(answers.filter((answer) => answer.status !== 200).every((answer) => answer.status === 400))
})

function pick(value: unknown, names: readonly string[]): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null)
  const entries = new Map(Object.entries(value))
  return Object.fromEntries(names.map((name) => [name, entries.get(name)]))
}
