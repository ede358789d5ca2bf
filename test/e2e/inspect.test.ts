/** Looking into a running server of several threads: its log, its profiles, and that neither tells what it keeps. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { devSettings } from '../../src/main/dev-settings.ts'
import { until } from '../support/callers.ts'
import { request, type Answer } from '../support/http.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { runServer, type ServerUnderTest } from '../support/running.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffer-inspect-'))
after(() => rmSync(folder, { recursive: true }))

describe('a running server', () => {
  let server: ServerUnderTest
  let address: string
  let token: string
  const call = (method: string, path: string, body?: unknown, as = token): Promise<Answer> =>
    request(address, method, `/v1/${path}`, { token: as, ...(body === undefined ? {} : { body }) })

  before(async () => {
    const flags = { dev: true, 'dev-listen-address': '127.0.0.1:0' }
    // Only these of the flags are read where settings come from.
    const base = devSettings(flags as never, join(folder, 'data'))
    server = await runServer({ ...base, servingThreads: 2, introspection: true, log: { ...base.log, level: 'off' } })
    address = `http://${server.running.addresses[0] ?? ''}`
    const made = await request(address, 'PUT', '/v1/sys/init', { body: { secret_shares: 1, secret_threshold: 1 } })
    token = textAt(made.json, 'root_token')
    assert.equal((await call('PUT', 'sys/unseal', { key: String(at(made.json, 'keys_base64', 0)) })).status, 200)
    assert.equal((await call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
  })
  after(() => server[Symbol.asyncDispose]())

  test('shows its log while it is written, whatever the log itself takes', async () => {
    const seen: string[] = []
    const sent = http.get(`${address}/v1/sys/monitor?log_level=debug&log_format=json`, {
      headers: { 'X-Vault-Token': token },
    })
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve)
      sent.on('error', reject)
    })
    assert.equal(response.statusCode, 200)
    assert.match(String(response.headers['content-type']), /^text\/plain/)
    response.setEncoding('utf8')
    response.on('data', (text: string) => void seen.push(text))
    response.on('error', () => undefined)
    await until('a line came', async () => {
      // SIGHUP's way: it says in the log what it did.
      await server.running.reload(undefined)
      return seen.join('').includes('reloaded certificates') || undefined
    })
    for (const line of seen.join('').trim().split('\n')) assert.equal(typeof JSON.parse(line)['@message'], 'string')
    sent.destroy()
  })

  test('profiles each of its threads, and no profile holds what is kept', async () => {
    const canary = 'canary-profile-8c1e'
    const threads = (await call('GET', 'sys/pprof/threadcreate')).text
    const numbers = [...threads.matchAll(/^thread (\d+): /gm)].map(([, number]) => Number(number))
    assert.equal(numbers.length, 3, threads)
    for (const number of numbers) {
      const kinds = ['heap?', 'allocs?', 'profile?']
      for (const kind of kinds) {
        let isDone = false
        const asked = call('GET', `sys/pprof/${kind}seconds=1&thread=${number}`).finally(() => (isDone = true))
        while (!isDone) {
          await call('POST', 'secret/data/a', { data: { password: canary } })
          await call('GET', 'secret/data/a')
        }
        const answer = await asked
        assert.equal(answer.status, 200, answer.text)
        assert.ok(!answer.text.includes(canary), kind)
        assert.ok(!answer.text.includes(token), kind)
        const top = kind === 'profile?' ? listAt(answer.json, 'nodes') : [at(answer.json, 'head')]
        assert.ok(top.length > 0)
      }
    }
    const trace = await call('GET', 'sys/pprof/trace?seconds=1')
    assert.ok(listAt(trace.json, 'traceEvents').length > 0)
    assert.ok(!trace.text.includes(token))
  })

  test('makes one profile at a time', async () => {
    const answers = await Promise.all([
      call('GET', 'sys/pprof/profile?seconds=1'),
      call('GET', 'sys/pprof/profile?seconds=1'),
    ])
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 503],
    )
  })

  test('tells in words what this runtime has no profile of', async () => {
    const texts = new Map<string, string>()
    for (const name of ['goroutine', 'threadcreate', 'block', 'mutex', 'cmdline', 'symbol', 'heap?debug=1', '']) {
      const answer = await call('GET', `sys/pprof/${name}`.replace(/\/$/, ''))
      assert.equal(answer.status, 200, name)
      texts.set(name, answer.text)
    }
    assert.match(texts.get('goroutine') ?? '', /TCP/)
    assert.match(texts.get('block') ?? '', /^p99 [\d.]+ ms$/m)
    assert.match(texts.get('heap?debug=1') ?? '', /^used_heap_size \d+$/m)
    assert.equal(texts.get('symbol'), 'num_symbols: 0\n')
    assert.match(texts.get('') ?? '', /href="pprof\/heap"/)
  })

  test('opens none of it without sudo', async () => {
    const rules = ['sys/monitor', 'sys/pprof', 'sys/pprof/*', 'sys/config/reload/*', 'sys/internal/inspect/*']
    const policy = rules.map((path) => `path "${path}" { capabilities = ["read", "update"] }`).join('\n')
    await call('PUT', 'sys/policies/acl/looker', { policy })
    const made = await call('POST', 'auth/token/create', { policies: ['looker'] })
    const looker = textAt(made.json, 'auth', 'client_token')
    for (const path of [
      'sys/monitor',
      'sys/pprof',
      'sys/pprof/heap',
      'sys/pprof/cmdline',
      'sys/internal/inspect/router/root',
    ])
      assert.equal((await call('GET', path, undefined, looker)).status, 403, path)
    assert.equal((await call('POST', 'sys/config/reload/log', undefined, looker)).status, 403)
  })

  test('sends the headers that are set with answers below /ui, from every thread', async () => {
    assert.equal((await call('PUT', 'sys/config/ui/headers/x-frame-options', { values: ['DENY', 'b'] })).status, 200)
    const fresh = (path: string) => request(address, 'GET', path, { agent: new http.Agent(), token })
    const many = Array.from({ length: 12 })
    // A thread hears of a change with the next thing that it reads.
    await until('every thread sends it', async () => {
      await Promise.all(many.map(() => fresh('/v1/auth/token/lookup-self')))
      const answers = await Promise.all(many.map(() => fresh('/ui/vault')))
      return answers.every(({ headers }) => headers['x-frame-options'] === 'DENY, b') || undefined
    })
    assert.equal((await fresh('/v1/sys/health')).headers['x-frame-options'], undefined)
    assert.equal((await call('DELETE', 'sys/config/ui/headers/X-Frame-Options')).status, 204)
    assert.equal((await call('GET', 'sys/config/ui/headers/X-Frame-Options')).status, 404)
  })

  test('has engines let go of what they hold', async () => {
    const asked = await call('PUT', 'sys/plugins/reload/backend', { plugin: 'kv', scope: 'global' })
    assert.equal(asked.status, 202, asked.text)
    const id = textAt(asked.json, 'data', 'reload_id')
    const status = await call('GET', `sys/plugins/reload/backend/status?reload_id=${id}`)
    assert.deepEqual(
      Object.values(Object(at(status.json, 'data'))).map((one) => at(one, 'success')),
      [true],
    )
    assert.equal((await call('GET', 'secret/data/a')).status, 200)
  })

  test('shows the table of its mounts where the configuration opens it', async () => {
    for (const tag of ['root', 'uuid', 'accessor', 'storage']) {
      const answer = await call('GET', `sys/internal/inspect/router/${tag}`)
      const rows = listAt(answer.json, 'data', tag)
      assert.ok(
        rows.some((row) => at(row, 'mount_path') === 'secret/' && at(row, 'mount_type') === 'kv'),
        answer.text,
      )
    }
    assert.equal((await call('GET', 'sys/internal/inspect/router/foo')).status, 404)
  })
})
