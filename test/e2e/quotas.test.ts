/** Quotas through the whole server: what they are for, which one holds, and what becomes of them with mounts and namespaces. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeClock } from '../../src/lib/clock.ts'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer } from '../support/server.ts'

async function ok(server: ComposedServer, method: string, path: string, body?: unknown, more: object = {}) {
  const answer = await server.call(method, path, body, more)
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
  return answer
}

/** How many of `count` requests got through, one after another. */
async function passed(server: ComposedServer, count: number, method: string, path: string, more: object = {}) {
  let through = 0
  for (let i = 0; i < count; i++) if ((await server.call(method, path, undefined, more)).status !== 429) through++
  return through
}

async function withKv(clock = new FakeClock()): Promise<ComposedServer> {
  const server = await composedServer({ clock })
  await ok(server, 'POST', 'sys/mounts/kv', { type: 'kv', options: { version: '1' } })
  return server
}

const limit = (server: ComposedServer, name: string, body: object) =>
  ok(server, 'POST', `sys/quotas/rate-limit/${name}`, body)

describe('rate limits', () => {
  test('let a client in as often as they say, each by itself, and again in the next interval', async () => {
    const clock = new FakeClock()
    await using server = await withKv(clock)
    await limit(server, 'kv', { path: 'kv', rate: 3, interval: '10s' })
    assert.equal(await passed(server, 5, 'GET', 'kv/a'), 3)
    assert.equal(await passed(server, 5, 'GET', 'kv/a', { from: '10.0.0.2' }), 3)
    assert.equal(await passed(server, 5, 'GET', 'sys/mounts'), 5)
    await clock.advance(9_999)
    assert.equal(await passed(server, 1, 'GET', 'kv/a'), 0)
    await clock.advance(1)
    assert.equal(await passed(server, 5, 'GET', 'kv/a'), 3)
  })

  test('say so as Vault does, with headers where that is configured', async () => {
    await using server = await withKv()
    await limit(server, 'kv', { path: 'kv/', rate: 1.4, interval: 30, block_interval: 60 })
    assert.equal((await server.call('GET', 'kv/a')).headers.get('x-ratelimit-limit'), undefined)
    await ok(server, 'POST', 'sys/quotas/config', { enable_rate_limit_response_headers: true })
    const refused = await server.call('GET', 'kv/a')
    assert.equal(refused.status, 429)
    assert.deepEqual(refused.json, { errors: ['request path "kv/a": rate limit quota exceeded'] })
    const { headers } = refused
    assert.deepEqual(
      ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after'].map((n) => headers.get(n)),
      ['1', '0', '60', '60'],
    )
    const blocked = await server.call('GET', 'kv/a')
    assert.deepEqual([blocked.headers.get('x-ratelimit-limit'), blocked.headers.get('retry-after')], [undefined, '60'])
    const other = await server.call('GET', 'kv/a', undefined, { from: '10.9.9.9' })
    assert.deepEqual([other.status, other.headers.get('x-ratelimit-reset')], [404, '30'])
  })

  test('hold by the most specific one', async () => {
    await using server = await withKv()
    await limit(server, 'all', { rate: 1000 })
    await limit(server, 'kv', { path: 'kv', rate: 4 })
    await limit(server, 'team', { path: 'kv/team/*', rate: 3 })
    await limit(server, 'one', { path: 'kv/team/one', rate: 2 })
    assert.equal(await passed(server, 6, 'GET', 'kv/team/one'), 2)
    assert.equal(await passed(server, 6, 'GET', 'kv/team/two'), 3)
    assert.equal(await passed(server, 6, 'GET', 'kv/other'), 4)
    assert.equal(await passed(server, 6, 'GET', 'sys/mounts'), 6)
  })

  test('count all together, or by entities, where that is asked for', async () => {
    await using server = await withKv()
    await ok(server, 'POST', 'sys/policies/acl/kv', { policy: 'path "kv/*" { capabilities = ["read"] }' })
    await ok(server, 'POST', 'sys/auth/userpass', { type: 'userpass' })
    const token = async (name: string) => {
      await ok(server, 'POST', `auth/userpass/users/${name}`, { password: 'p', token_policies: 'kv' })
      const login = await ok(server, 'POST', `auth/userpass/login/${name}`, { password: 'p' })
      return textAt(login.json, 'auth', 'client_token')
    }
    const [bob, eve] = [await token('bob'), await token('eve')]
    await limit(server, 'kv', { path: 'kv', rate: 3, group_by: 'none' })
    assert.equal(await passed(server, 2, 'GET', 'kv/a', { token: bob }), 2)
    assert.equal(await passed(server, 3, 'GET', 'kv/a', { token: eve, from: '10.0.0.2' }), 1)
    await limit(server, 'kv', { path: 'kv', rate: 3, secondary_rate: 1, group_by: 'entity_then_ip' })
    assert.equal(await passed(server, 2, 'GET', 'kv/a', { token: bob }), 2)
    assert.equal(await passed(server, 3, 'GET', 'kv/a', { token: bob, from: '10.0.0.2' }), 1)
    assert.equal(await passed(server, 4, 'GET', 'kv/a', { token: eve }), 3)
    // Root has no entity, nor has a token that is none.
    assert.equal(await passed(server, 2, 'GET', 'kv/a'), 1)
    assert.equal(await passed(server, 2, 'GET', 'kv/a', { token: 'hvs.none' }), 0)
    assert.equal(await passed(server, 2, 'GET', 'kv/a', { token: '', from: '10.0.0.3' }), 1)
    await limit(server, 'kv', { path: 'kv', rate: 3, secondary_rate: 2, group_by: 'entity_then_none' })
    assert.equal(await passed(server, 2, 'GET', 'kv/a'), 2)
    assert.equal(await passed(server, 2, 'GET', 'kv/a', { token: '', from: '10.0.0.4' }), 0)
    assert.equal(await passed(server, 4, 'GET', 'kv/a', { token: bob }), 3)
  })

  test('for a role are for log-ins with it', async () => {
    await using server = await withKv()
    for (const type of ['approle', 'userpass']) await ok(server, 'POST', `sys/auth/${type}`, { type })
    const roleId = async (name: string) => {
      await ok(server, 'POST', `auth/approle/role/${name}`, {
        bind_secret_id: false,
        secret_id_bound_cidrs: '0.0.0.0/0',
      })
      return textAt((await ok(server, 'GET', `auth/approle/role/${name}/role-id`)).json, 'data', 'role_id')
    }
    const [web, job] = [await roleId('web'), await roleId('job')]
    await limit(server, 'web', { path: 'auth/approle', role: 'web', rate: 2 })
    await limit(server, 'approle', { path: 'auth/approle', rate: 4 })
    await limit(server, 'bob', { path: 'auth/userpass', role: 'bob', rate: 1 })
    const logins = async (count: number, path: string, body: object) => {
      let through = 0
      for (let i = 0; i < count; i++)
        if ((await server.call('POST', path, body, { token: '' })).status !== 429) through++
      return through
    }
    assert.equal(await logins(4, 'auth/approle/login', { role_id: web }), 2)
    assert.equal(await logins(6, 'auth/approle/login', { role_id: job }), 4)
    // What names no role is not free for that.
    assert.equal(await logins(1, 'auth/approle/login', { role_id: 'none' }), 0)
    assert.equal((await server.call('POST', 'auth/approle/login', '{"role_id":', { token: '' })).status, 429)
    assert.equal(await logins(3, 'auth/userpass/login/bob', { password: 'p' }), 1)
    assert.equal(await logins(3, 'auth/userpass/login/eve', { password: 'p' }), 3)
    await ok(server, 'POST', 'auth/token/roles/ci', {})
    await limit(server, 'ci', { path: 'auth/token', role: 'ci', rate: 2 })
    assert.equal(await passed(server, 4, 'POST', 'auth/token/create/ci'), 2)
    assert.equal(await passed(server, 4, 'POST', 'auth/token/create'), 4)
    const from = { token: '', from: '10.7.7.7' }
    const large = await server.call('POST', 'auth/approle/login', ' '.repeat(70_000), from)
    assert.equal(large.status, 413)
  })

  test('spare the paths that are exempt, as Vault has them and as configured', async () => {
    await using server = await withKv()
    await limit(server, 'all', { rate: 1, interval: 60 })
    assert.equal(await passed(server, 3, 'GET', 'sys/health'), 3)
    assert.equal(await passed(server, 3, 'GET', 'kv/a'), 1)
    await ok(server, 'POST', 'sys/quotas/config', { rate_limit_exempt_paths: ['kv/'] }, { from: '10.1.1.1' })
    assert.equal(await passed(server, 3, 'GET', 'kv/a'), 3)
    assert.equal(await passed(server, 3, 'GET', 'sys/health'), 0)
    const config = await server.call('GET', 'sys/quotas/config', undefined, { from: '10.1.1.2' })
    assert.deepEqual(at(config.json, 'data'), {
      enable_rate_limit_audit_logging: false,
      enable_rate_limit_response_headers: false,
      rate_limit_exempt_paths: ['kv/'],
      absolute_rate_limit_exempt_paths: [],
    })
  })

  test('of namespaces hold where they say, and are inherited only if they say so', async () => {
    await using server = await withKv()
    await ok(server, 'POST', 'sys/namespaces/team')
    await ok(server, 'POST', 'team/sys/namespaces/inner')
    await limit(server, 'team', { path: 'team', rate: 2 })
    assert.equal(await passed(server, 4, 'GET', 'team/sys/mounts'), 2)
    assert.equal(await passed(server, 4, 'GET', 'team/inner/sys/mounts'), 4)
    await limit(server, 'team', { path: 'team', rate: 2, inheritable: true })
    assert.equal(await passed(server, 1, 'GET', 'team/sys/mounts'), 1)
    // One bucket for all of it.
    assert.equal(await passed(server, 4, 'GET', 'team/inner/sys/mounts'), 1)
    const inner = await server.call('GET', 'sys/quotas/rate-limit/team', undefined, {
      headers: { 'X-Vault-Namespace': 'team' },
      from: '10.0.0.9',
    })
    assert.equal(inner.status, 404)
    await ok(server, 'DELETE', 'team/sys/namespaces/inner', undefined, { from: '10.3.3.3' })
    await ok(server, 'DELETE', 'sys/namespaces/team')
    assert.equal((await server.call('LIST', 'sys/quotas/rate-limit')).status, 404)
    assert.deepEqual(await server.storedKeys('core/quotas/'), [])
  })

  test('go where their mount goes, and with it', async () => {
    await using server = await withKv()
    await limit(server, 'kv', { path: 'kv', rate: 2 })
    await limit(server, 'path', { path: 'kv/a*', rate: 1 })
    await ok(server, 'POST', 'sys/remount', { from: 'kv', to: 'moved' })
    assert.equal(at((await ok(server, 'GET', 'sys/quotas/rate-limit/path')).json, 'data', 'path'), 'moved/a*')
    assert.equal(await passed(server, 3, 'GET', 'moved/abc'), 1)
    assert.equal(await passed(server, 3, 'GET', 'moved/b'), 2)
    await ok(server, 'DELETE', 'sys/mounts/moved')
    assert.equal((await server.call('LIST', 'sys/quotas/rate-limit')).status, 404)
    await ok(server, 'POST', 'sys/mounts/moved', { type: 'kv' })
    assert.equal(await passed(server, 3, 'GET', 'moved/b'), 3)
  })

  test('hold after a restart, and not where they were deleted', async () => {
    await using server = await withKv()
    await limit(server, 'kv', { path: 'kv', rate: 1 })
    await server.restart()
    assert.equal(await passed(server, 3, 'GET', 'kv/a'), 1)
    await ok(server, 'DELETE', 'sys/quotas/rate-limit/kv')
    await ok(server, 'DELETE', 'sys/quotas/rate-limit/kv')
    assert.equal(await passed(server, 3, 'GET', 'kv/a'), 3)
  })
})

describe('lease counts', () => {
  const count = async (server: ComposedServer, name: string) =>
    at((await ok(server, 'GET', `sys/quotas/lease-count/${name}`)).json, 'data', 'counter')
  const create = (server: ComposedServer, body: object = { policies: ['default'] }) =>
    server.call('POST', 'auth/token/create', body)

  test('hold through a burst, and count again what ended', async () => {
    await using server = await withKv()
    const before = await create(server)
    await ok(server, 'POST', 'sys/quotas/lease-count/tokens', { path: 'auth/token', max_leases: 5 })
    const made = await Promise.all(Array.from({ length: 20 }, () => create(server)))
    assert.equal(made.filter(({ status }) => status === 200).length, 4)
    const refused = made.filter(({ status }) => status === 429)
    assert.equal(refused.length, 16)
    assert.deepEqual(refused[0]?.json, {
      errors: ['1 error occurred:\n\t* request path "auth/token/create": lease count quota exceeded\n\n'],
    })
    assert.equal(await count(server, 'tokens'), 5)
    await ok(server, 'POST', 'auth/token/revoke', { token: textAt(before.json, 'auth', 'client_token') })
    assert.equal((await create(server)).status, 200)
    assert.equal((await create(server)).status, 429)
    assert.equal((await create(server, { type: 'batch', policies: ['default'] })).status, 429)
    // The way in when nothing else can be had.
    assert.equal((await create(server, { policies: ['root'] })).status, 200)
    assert.equal(await count(server, 'tokens'), 5)
  })

  test('are right after a restart', async () => {
    await using server = await withKv()
    await ok(server, 'POST', 'sys/quotas/lease-count/tokens', { path: 'auth/token', max_leases: 3 })
    for (let i = 0; i < 3; i++) assert.equal((await create(server)).status, 200)
    await server.restart()
    assert.equal((await create(server)).status, 429)
    assert.equal(await count(server, 'tokens'), 3)
  })

  test('are right after the tokens ran out by themselves', async () => {
    const clock = new FakeClock()
    await using server = await withKv(clock)
    await ok(server, 'POST', 'sys/quotas/lease-count/tokens', { path: 'auth/token', max_leases: 2 })
    for (let i = 0; i < 2; i++) assert.equal((await create(server, { ttl: '60s', policies: ['default'] })).status, 200)
    await clock.advance(61_000)
    assert.equal(await count(server, 'tokens'), 0)
    assert.equal((await create(server)).status, 200)
  })

  test('are of the role by which somebody logged in, also of log-ins from before', async () => {
    await using server = await withKv()
    await ok(server, 'POST', 'sys/auth/approle', { type: 'approle' })
    const ids = new Map<string, string>()
    for (const name of ['web', 'job']) {
      await ok(server, 'POST', `auth/approle/role/${name}`, {
        bind_secret_id: false,
        secret_id_bound_cidrs: '0.0.0.0/0',
      })
      ids.set(name, textAt((await ok(server, 'GET', `auth/approle/role/${name}/role-id`)).json, 'data', 'role_id'))
    }
    const login = (name: string) => server.call('POST', 'auth/approle/login', { role_id: ids.get(name) }, { token: '' })
    await login('web')
    await login('job')
    await ok(server, 'POST', 'sys/quotas/lease-count/web', { path: 'auth/approle', role: 'web', max_leases: 2 })
    assert.equal(await count(server, 'web'), 1)
    assert.deepEqual([(await login('web')).status, (await login('web')).status], [200, 429])
    assert.equal((await login('job')).status, 200)
    await server.restart()
    assert.equal((await login('web')).status, 429)
    assert.equal(await count(server, 'web'), 2)
  })

  test('hold for wrapping tokens and follow a mount that moves', async () => {
    await using server = await withKv()
    await ok(server, 'POST', 'sys/auth/userpass', { type: 'userpass' })
    await ok(server, 'POST', 'auth/userpass/users/bob', { password: 'p' })
    await ok(server, 'POST', 'kv/a', { x: 1 })
    await ok(server, 'POST', 'sys/quotas/lease-count/kv', { path: 'kv', max_leases: 1 })
    const wrapped = () => server.call('GET', 'kv/a', undefined, { headers: { 'X-Vault-Wrap-TTL': '60' } })
    assert.deepEqual([(await wrapped()).status, (await wrapped()).status], [200, 429])
    await ok(server, 'POST', 'sys/quotas/lease-count/users', { path: 'auth/userpass', max_leases: 2 })
    const login = (mount: string) => server.call('POST', `auth/${mount}/login/bob`, { password: 'p' }, { token: '' })
    assert.equal((await login('userpass')).status, 200)
    await ok(server, 'POST', 'sys/remount', { from: 'auth/userpass', to: 'auth/people' })
    assert.deepEqual([(await login('people')).status, (await login('people')).status], [200, 429])
    assert.equal(await count(server, 'users'), 2)
    assert.deepEqual(listAt((await ok(server, 'LIST', 'sys/quotas/lease-count')).json, 'data', 'keys'), ['kv', 'users'])
  })
})

describe('quotas of namespaces', () => {
  test('are managed from the root one, and from the administrative one for what is below it where the operator says so', async () => {
    await using server = await startServer({
      storage: 'inmem',
      config:
        'administrative_namespace_path = "admin/"\nadministrative_namespace_endpoints = ["quotas/rate-limit", "quotas/lease-count"]',
    })
    for (const name of ['admin', 'other']) await server.call('POST', `sys/namespaces/${name}`)
    await server.call('POST', 'admin/sys/namespaces/team')
    const put = async (from: string, name: string, path: string) =>
      (await server.call('POST', `${from}sys/quotas/rate-limit/${name}`, { path, rate: 1000 })).status
    assert.equal(await put('other/', 'x', 'other/'), 404)
    assert.equal(await put('admin/team/', 'x', 'admin/team/'), 404)
    assert.equal(await put('', 'global', ''), 204)
    assert.equal(await put('', 'other', 'other/'), 204)
    assert.equal(await put('admin/', 'team', 'admin/team/'), 204)
    for (const path of ['', 'other/']) assert.equal(await put('admin/', 'own', path), 400, path)
    // Neither taken over nor seen.
    assert.equal(await put('admin/', 'other', 'admin/'), 400)
    assert.equal((await server.call('DELETE', 'admin/sys/quotas/rate-limit/global')).status, 400)
    assert.equal((await server.call('GET', 'admin/sys/quotas/rate-limit/other')).status, 404)
    const seen = await server.call('LIST', 'admin/sys/quotas/rate-limit')
    assert.deepEqual(listAt(seen.json, 'data', 'keys'), ['team'])
    const all = await server.call('LIST', 'sys/quotas/rate-limit')
    assert.deepEqual(listAt(all.json, 'data', 'keys'), ['global', 'other', 'team'])
    assert.equal((await server.call('GET', 'admin/sys/quotas/config')).status, 404)
  })
})
