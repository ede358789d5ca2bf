/** Quotas of one server with several threads: they count together, and a rule that was made holds in all of them at once. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { devSettings } from '../../src/main/dev-settings.ts'
import { request, type Answer } from '../support/http.ts'
import { at, textAt } from '../support/json.ts'
import { runServer, type ServerUnderTest } from '../support/running.ts'

const THREADS = 3
/** Enough that the kernel gives every thread some of them. */
const CONNECTIONS = 24

describe('quotas of several threads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-quotas-'))
  let server: ServerUnderTest
  let token: string
  let agents: http.Agent[]

  const call = (agent: http.Agent | undefined, method: string, path: string, body?: unknown, more: object = {}) =>
    request(`http://${server.running.addresses[0] ?? ''}`, method, `/v1/${path}`, {
      token,
      ...(agent === undefined ? {} : { agent }),
      ...(body === undefined ? {} : { body }),
      ...more,
    })
  /** The same request, `each` times over every connection at once. */
  const everywhere = async (each: number, method: string, path: string, body?: unknown): Promise<Answer[]> => {
    const answers: Answer[] = []
    const one = async (agent: http.Agent) => {
      for (let i = 0; i < each; i++) answers.push(await call(agent, method, path, body))
    }
    await Promise.all(agents.map(one))
    return answers
  }
  const count = (answers: readonly Answer[], status: number) => answers.filter((one) => one.status === status).length

  before(async () => {
    // Only these of the flags are read where settings come from.
    const base = devSettings({ dev: true, 'dev-listen-address': '127.0.0.1:0' } as never, join(folder, 'data'))
    server = await runServer({ ...base, servingThreads: THREADS, log: { ...base.log, level: 'error' } })
    agents = Array.from({ length: CONNECTIONS }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }))
    token = ''
    const made = await call(undefined, 'PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })
    token = textAt(made.json, 'root_token')
    await call(undefined, 'PUT', 'sys/unseal', { key: String(at(made.json, 'keys_base64', 0)) })
    assert.equal((await call(undefined, 'POST', 'sys/mounts/kv', { type: 'kv' })).status, 204)
  })
  after(async () => {
    for (const agent of agents) agent.destroy()
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  test('let in together exactly what they may, of reads that every thread answers', async () => {
    await call(undefined, 'POST', 'sys/quotas/rate-limit/kv', { path: 'kv', rate: 500, interval: 600 })
    const answers = await everywhere(50, 'GET', 'kv/a')
    assert.deepEqual([count(answers, 404), count(answers, 429)], [500, CONNECTIONS * 50 - 500])
  })

  test('count a write that is handed on once', async () => {
    await call(undefined, 'POST', 'sys/quotas/rate-limit/kv', { path: 'kv', rate: 100, interval: 600 })
    await call(undefined, 'POST', 'sys/quotas/config', { enable_rate_limit_response_headers: true })
    const answers = await everywhere(10, 'POST', 'kv/a', { x: 1 })
    assert.deepEqual([count(answers, 204), count(answers, 429)], [100, CONNECTIONS * 10 - 100])
    const left = answers.filter(({ status }) => status === 204).map(({ headers }) => headers['x-ratelimit-remaining'])
    assert.deepEqual(new Set(left), new Set(Array.from({ length: 100 }, (_, i) => String(i))))
  })

  test('follow a rule from the moment it was acknowledged, and let go of it', async () => {
    for (let round = 0; round < 5; round++) {
      await call(agents[round], 'POST', 'sys/quotas/rate-limit/kv', { path: 'kv', rate: 1, interval: 600 })
      assert.equal(count(await everywhere(1, 'GET', 'kv/a'), 429), CONNECTIONS - 1)
      await call(agents[round + 5], 'DELETE', 'sys/quotas/rate-limit/kv')
      assert.equal(count(await everywhere(1, 'GET', 'kv/a'), 429), 0)
    }
  })

  test('count log-ins by role, whatever thread they come by', async () => {
    await call(undefined, 'POST', 'sys/auth/approle', { type: 'approle' })
    const role = { bind_secret_id: false, secret_id_bound_cidrs: '0.0.0.0/0', token_type: 'batch' }
    await call(undefined, 'POST', 'auth/approle/role/web', role)
    const id = textAt((await call(undefined, 'GET', 'auth/approle/role/web/role-id')).json, 'data', 'role_id')
    await call(undefined, 'POST', 'sys/quotas/rate-limit/web', {
      path: 'auth/approle',
      role: 'web',
      rate: 30,
      interval: 600,
    })
    const answers = await everywhere(3, 'POST', 'auth/approle/login', { role_id: id })
    assert.deepEqual([count(answers, 200), count(answers, 429)], [30, CONNECTIONS * 3 - 30])
  })

  test('never let more leases be made than there may be', async () => {
    await call(undefined, 'POST', 'sys/quotas/lease-count/tokens', { path: 'auth/token', max_leases: 40 })
    const answers = await everywhere(3, 'POST', 'auth/token/create', { policies: ['default'] })
    assert.deepEqual([count(answers, 200), count(answers, 429)], [40, CONNECTIONS * 3 - 40])
    const read = await everywhere(1, 'GET', 'sys/quotas/lease-count/tokens')
    assert.deepEqual(new Set(read.map(({ json }) => at(json, 'data', 'counter'))), new Set([40]))
  })
})
