/** Quotas against those who would have more than theirs. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { residentMemory } from '../support/callers.ts'
import { at, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const MIB = 1 << 20

describe('a rate limit', () => {
  let server: TestServer
  const post = async (path: string, body: object) => {
    const answer = await server.call('POST', path, body)
    assert.ok(answer.status < 300, answer.text)
    return answer
  }
  before(async () => {
    server = await startServer({ audit: true })
    await post('sys/auth/userpass', { type: 'userpass' })
    await post('sys/auth/approle', { type: 'approle' })
    await post('sys/mounts/secret', { type: 'kv' })
    await post('auth/approle/role/web', { bind_secret_id: false, secret_id_bound_cidrs: '0.0.0.0/0' })
  })
  after(() => server[Symbol.asyncDispose]())

  test('comes before the body is parsed: of 200 large ones, all but a few cost nothing', async () => {
    await post('sys/quotas/rate-limit/login', { path: 'auth/userpass', rate: 5, interval: 60 })
    // It could not be parsed: whoever has parsed it says so.
    const bytes = Buffer.alloc(MIB, '{"password":[')
    const began = performance.now()
    const statuses = new Map<number, number>()
    for (let i = 0; i < 200; i++) {
      const { status } = await server.call('POST', 'auth/userpass/login/bob', undefined, { token: '', bytes })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    assert.deepEqual(Object.fromEntries(statuses), { 400: 5, 429: 195 })
    assert.ok(performance.now() - began < 60_000)
  })

  test('comes before the body is read', async () => {
    // Not one byte of what is announced is asked for, or sent.
    assert.deepEqual(await expecting(server, 'auth/userpass/login/bob', 30 * MIB), { status: 429, continued: false })
  })

  test('for a role reads a small body and refuses a large one unread', async () => {
    await post('sys/quotas/rate-limit/web', { path: 'auth/approle', role: 'web', rate: 3, interval: 60 })
    assert.deepEqual(await expecting(server, 'auth/approle/login', MIB), { status: 413, continued: false })
    const roleId = textAt((await server.call('GET', 'auth/approle/role/web/role-id')).json, 'data', 'role_id')
    const login = async (body: string) =>
      (await server.call('POST', 'auth/approle/login', undefined, { token: '', bytes: Buffer.from(body) })).status
    // Blanks make it no other role, and no body too large to look at.
    const statuses = await Promise.all([
      login(`{"role_id":"${roleId}"}`),
      login(`{"role_id":" ${roleId} ","x":"${'y'.repeat(1000)}"}`),
      login(`${' '.repeat(60_000)}{"role_id":"${roleId}"}`),
    ])
    assert.deepEqual(statuses, [200, 200, 200])
    assert.equal(await login(`{"role_id":"${roleId}"}`), 429)
    assert.equal(await login(`${' '.repeat(70_000)}{"role_id":"${roleId}"}`), 413)
    const chunked = await server.call('POST', 'auth/approle/login', undefined, {
      token: '',
      bytes: Buffer.from(`${' '.repeat(70_000)}{"role_id":"${roleId}"}`),
      headers: { 'Transfer-Encoding': 'chunked' },
    })
    assert.equal(chunked.status, 413)
  })

  test('counts by the address of the connection, whatever headers say of another', async () => {
    await post('sys/quotas/rate-limit/kv', { path: 'secret', rate: 4, interval: 60 })
    let through = 0
    for (const name of ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'True-Client-IP']) {
      for (let i = 0; i < 3; i++) {
        const headers = { [name]: name === 'Forwarded' ? `for=10.1.1.${i}` : `10.1.1.${i}` }
        if ((await server.call('GET', 'secret/x', undefined, { headers })).status !== 429) through++
      }
    }
    assert.equal(through, 4)
    const other = await server.call('GET', 'secret/x', undefined, { localAddress: '127.0.0.2' })
    assert.equal(other.status, 404)
  })

  test('knows one path however it is written', async () => {
    await post('sys/quotas/rate-limit/one', { path: 'secret/guarded', rate: 1, interval: 60 })
    const from = { localAddress: '127.0.0.3' }
    assert.equal((await server.call('GET', 'secret/guarded', undefined, from)).status, 404)
    for (const path of ['secret/guarded', 'secret/%67uarded', 'secret/g%75arded', 'secret/guarded/'])
      assert.equal((await server.call('GET', path, undefined, from)).status, 429, path)
  })

  test('refuses without an audit entry, unless that is configured', async () => {
    const from = { localAddress: '127.0.0.3' }
    const refused = async () => assert.equal((await server.call('GET', 'secret/guarded', undefined, from)).status, 429)
    const told = () => readFileSync(server.auditFile, 'utf8').split('rate limit quota exceeded').length - 1
    await refused()
    assert.equal(told(), 0)
    await post('sys/quotas/config', { enable_rate_limit_audit_logging: true })
    await refused()
    assert.ok(told() > 0)
  })

  test(
    'does not let the memory grow with the number of addresses',
    { skip: process.platform !== 'linux' && 'needs /proc' },
    async () => {
      await using behind = await startServer({
        storage: 'inmem',
        listener: 'x_forwarded_for_authorized_addrs = "127.0.0.1/32"\n  x_forwarded_for_reject_not_present = false',
      })
      const limit = await behind.call('POST', 'sys/quotas/rate-limit/all', { rate: 2, interval: 600 })
      assert.equal(limit.status, 204, limit.text)
      const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
      const ask = async (n: number) => {
        const headers = { 'X-Forwarded-For': `2001:db8::${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}` }
        const { status } = await behind.call('GET', 'sys/mounts', undefined, { token: '', headers, agent })
        assert.equal(status, 403)
      }
      const flood = async (from: number, count: number) => {
        for (let i = 0; i < count; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => ask(from + i + j)))
      }
      await flood(0, 2000)
      const before = residentMemory(behind)
      await flood(2000, 8000)
      agent.destroy()
      assert.ok(
        residentMemory(behind) - before < 48,
        `${before.toFixed()} MiB before, ${residentMemory(behind).toFixed()} after`,
      )
    },
  )
})

describe('a lease count', () => {
  test('stops whoever makes tokens without end at the number that it says, also after a crash', async () => {
    await using server = await startServer()
    const quota = await server.call('POST', 'sys/quotas/lease-count/all', { max_leases: 300 })
    assert.equal(quota.status, 204, quota.text)
    const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
    const create = async () =>
      (await server.call('POST', 'auth/token/create', { policies: ['default'], ttl: '768h' }, { agent })).status
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push(...(await Promise.all(Array.from({ length: 32 }, create))))
    agent.destroy()
    assert.equal(statuses.filter((status) => status === 200).length, 300)
    assert.equal(statuses.filter((status) => status === 429).length, statuses.length - 300)
    await server.kill()
    await server.restart()
    await server.unseal()
    assert.equal((await server.call('POST', 'auth/token/create', { policies: ['default'] })).status, 429)
    const read = await server.call('GET', 'sys/quotas/lease-count/all')
    assert.equal(at(read.json, 'data', 'counter'), 300)
    // The operator is not locked out of his own server.
    assert.equal((await server.call('POST', 'auth/token/create', { policies: ['root'] })).status, 200)
  })
})

/** A log-in whose body is announced and never sent, unless the server asks for it. */
function expecting(
  server: TestServer,
  path: string,
  length: number,
): Promise<{ readonly status: number | undefined; readonly continued: boolean }> {
  return new Promise((resolve, reject) => {
    let continued = false
    const headers = { Expect: '100-continue', 'Content-Length': length, 'Content-Type': 'application/json' }
    const request = http.request(`${server.address}/v1/${path}`, { method: 'POST', headers })
    request.on('continue', () => (continued = true))
    request.on('response', (response) => {
      response.resume()
      resolve({ status: response.statusCode, continued })
      request.destroy()
    })
    request.on('error', reject)
    request.flushHeaders()
  })
}
