/** Known failures of engines that make users of databases: each of them once, on a real PostgreSQL. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { CREATE, DatabaseMount } from '../support/database.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { PASSWORD, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { startServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const skip = withoutPostgres()

/** The server's process is as good as dead, and another begins. */
async function crashed(server: ComposedServer): Promise<void> {
  server.driver.plan({})
  await server.restart()
}

test('names of schemas and of callers are no SQL (CVE-2026-39946)', { skip }, async () => {
  await using postgres = await startPostgres()
  await using server = await composedServer()
  const db = new DatabaseMount(server, postgres)
  await db.setUp()
  await postgres.sql('CREATE ROLE victim')
  const hostile = [`x"; DROP ROLE victim;--`, `a'b`, 'a$$b', '100%', '"', `x" FROM "coffer`, 'ж'.repeat(20)]
  for (const name of hostile) await postgres.sql(`CREATE SCHEMA "${name.replaceAll('"', '""')}"`)
  for (const name of hostile) await postgres.sql(`CREATE TABLE "${name.replaceAll('"', '""')}".t (id int)`)
  for (const name of hostile) {
    // As a log-in by a directory would name its callers.
    await db.configure({ username_template: `${name}-{{random 6}}` })
    const creds = await db.creds()
    assert.equal(creds.username.slice(0, -7), name)
    for (const schema of hostile) {
      const [s, u] = [schema, creds.username].map((one) => one.replaceAll('"', '""'))
      await postgres.sql(`GRANT USAGE ON SCHEMA "${s}" TO "${u}"`)
      await postgres.sql(`GRANT SELECT ON "${s}".t TO "${u}"`)
    }
    await db.logIn(creds)
    await db.ok('POST', 'sys/leases/renew', { lease_id: creds.leaseId })
    await db.revoke(creds.leaseId)
    assert.equal((await postgres.sql('SELECT 1 FROM pg_roles WHERE rolname = $1', [creds.username])).length, 0, name)
    assert.equal((await postgres.sql(`SELECT 1 FROM pg_roles WHERE rolname = 'victim'`)).length, 1, name)
  }
  await db.configure({ username_template: 'x; DROP ROLE victim; CREATE ROLE {{random 6}}' })
  for (const statement of ['CREATE ROLE {{name}}', `DO $$ BEGIN EXECUTE 'CREATE ROLE {{name}}'; END $$`]) {
    await db.ok('POST', 'db/roles/bare', { db_name: 'pg', creation_statements: statement })
    assert.equal((await server.call('GET', 'db/creds/bare')).status, 400)
  }
  assert.equal((await postgres.sql(`SELECT 1 FROM pg_roles WHERE rolname = 'victim'`)).length, 1)
})

test('no secret of a connection is in an answer or an error (CVE-2020-13223, CVE-2026-77285)', { skip }, async () => {
  await using postgres = await startPostgres()
  await using server = await composedServer()
  const db = new DatabaseMount(server, postgres)
  await db.ok('POST', 'sys/mounts/db', { type: 'database' })
  const plugin = { plugin_name: 'postgresql-database-plugin', allowed_roles: '*' }
  const where = `127.0.0.1:${postgres.port}`
  const canary = 'canary-9d41'
  const attempts: readonly object[] = [
    { connection_url: `postgres://u:${canary}@${where}/postgres?sslmode=disable` },
    { connection_url: `postgres://u:${canary}@127.0.0.1:1/x` },
    { connection_url: `postgres://u:${canary}#@h/x` },
    { connection_url: `postgres://u:${canary}@a,b/x` },
    { connection_url: `postgres://u:${canary}%@h/x` },
    { connection_url: `host=127.0.0.1 password=${canary} port=x` },
    { connection_url: `host=127.0.0.1 port=${postgres.port} user=u password=${canary} sslmode=disable` },
    { connection_url: `nonsense ${canary}` },
    {
      connection_url: `postgres://{{username}}:{{password}}@${where}/postgres?sslmode=disable`,
      username: 'u',
      password: canary,
    },
    { plugin_name: 'mysql-database-plugin', connection_url: `u:${canary}@tcp(127.0.0.1:1)/` },
    { plugin_name: 'mysql-database-plugin', connection_url: `u:${canary}@nonsense` },
    { plugin_name: 'redis-database-plugin', connection_url: `redis://u:${canary}@127.0.0.1:1` },
    { plugin_name: 'redis-database-plugin', connection_url: `redis://u:${canary}@127.0.0.1:x` },
  ]
  for (const attempt of attempts) {
    const tried = await server.call('POST', 'db/config/c', { ...plugin, ...attempt })
    assert.equal(tried.status, 400, JSON.stringify(attempt))
    assert.ok(!tried.text.includes(canary), tried.text)
    const untried = await server.call('POST', 'db/config/c', { ...plugin, ...attempt, verify_connection: false })
    if (untried.status >= 400) assert.ok(!untried.text.includes(canary), untried.text)
    const read = await server.call('GET', 'db/config/c')
    if (!JSON.stringify(attempt).includes('nonsense')) assert.ok(!read.text.includes(canary), read.text)
    for (const path of ['db/reset/c', 'db/rotate-root/c'])
      assert.ok(!(await server.call('POST', path)).text.includes(canary))
    await db.ok('DELETE', 'db/config/c')
  }
  await db.configure({ private_key: canary, tls_certificate_key: canary, verify_connection: false })
  assert.ok(!(await server.call('GET', 'db/config/pg')).text.includes(canary))
})

suite('a user has a lease, or is not there (R-15)', { skip }, () => {
  test('whatever commit fails, or loses its answer', async () => {
    await using postgres = await startPostgres()
    await using server = await composedServer()
    const db = new DatabaseMount(server, postgres)
    await db.setUp()
    const lent = async (): Promise<number> => {
      const listed = await server.call('LIST', 'sys/leases/lookup/db/creds/app')
      if (listed.status === 404) return 0
      const keys = at(listed.json, 'data', 'keys')
      return Array.isArray(keys) ? keys.length : 0
    }
    let rounds = 0
    for (const kind of ['failCommit', 'loseAnswerOfCommit', 'failFromCommit'] as const) {
      for (let k = 1; k <= 3; k++) {
        server.driver.plan({ [kind]: k })
        const answer = await server.call('GET', 'db/creds/app')
        await crashed(server)
        await until(async () => (await db.users()).length === (await lent()), 20_000, `${kind} ${k}: users = leases`)
        if (answer.status === 200) assert.ok((await lent()) > 0)
        rounds++
      }
    }
    assert.equal(rounds, 9)
    // The last commits of a request are not among the first three of this one: it went well.
    await db.ok('POST', 'sys/leases/revoke-prefix/db/creds', { sync: true })
    assert.deepEqual(await db.users(), [])
  })

  test('also when it cannot be had: its token was revoked meanwhile', async () => {
    await using postgres = await startPostgres()
    await using server = await composedServer()
    const db = new DatabaseMount(server, postgres)
    await db.setUp()
    await db.ok('POST', 'db/roles/slow', { db_name: 'pg', creation_statements: `${CREATE}; SELECT pg_sleep(1)` })
    await db.ok('POST', 'sys/policies/acl/creds', { policy: `path "db/creds/*" { capabilities = ["read"] }` })
    const made = await db.ok('POST', 'auth/token/create', { policies: ['creds'] })
    const token = textAt(made, 'auth', 'client_token')
    const asked = server.call('GET', 'db/creds/slow', undefined, { token })
    await until(
      async () => (await postgres.sql(`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1)%'`)).length > 1,
    )
    await db.ok('POST', 'auth/token/revoke', { token })
    assert.equal((await asked).status, 400)
    await until(async () => (await db.users()).length === 0, 30_000, 'the end of the user')
  })

  test('also when the client went away', async () => {
    await using postgres = await startPostgres()
    await using server = await startServer({ storage: 'inmem' })
    const ok = async (method: string, path: string, body?: unknown) => {
      const answer = await server.call(method, path, body)
      assert.ok(answer.status < 300, answer.text)
      return answer
    }
    await ok('POST', 'sys/mounts/db', { type: 'database' })
    await ok('POST', 'db/config/pg', {
      plugin_name: 'postgresql-database-plugin',
      connection_url: `postgres://{{username}}:{{password}}@127.0.0.1:${postgres.port}/postgres?sslmode=disable`,
      username: 'coffer',
      password: PASSWORD,
      allowed_roles: '*',
    })
    await ok('POST', 'db/roles/app', { db_name: 'pg', creation_statements: `${CREATE}; SELECT pg_sleep(0.05)` })
    for (let i = 0; i < 20; i++) {
      // Gone while the request is on its way, while the user is made, or while the answer comes.
      await server.call('GET', 'db/creds/app', undefined, { timeout: 1 + i * 5 }).catch(() => undefined)
    }
    const users = async () => (await postgres.sql(`SELECT 1 FROM pg_roles WHERE rolname LIKE 'v-%'`)).length
    const lent = async () => {
      const listed = await server.call('LIST', 'sys/leases/lookup/db/creds/app')
      return listed.status === 404 ? 0 : listAt(listed.json, 'data', 'keys').length
    }
    const busy = `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.05)%' AND state = 'active' AND pid <> pg_backend_pid()`
    await until(async () => (await postgres.sql(busy)).length === 0)
    await until(async () => (await users()) === (await lent()), 30_000, 'as many users as leases')
    await ok('POST', 'sys/leases/revoke-prefix/db/creds', { sync: true })
    assert.equal(await users(), 0)
  })

  test('and when the database does not say how it ended', async () => {
    await using postgres = await startPostgres()
    await using server = await composedServer()
    const db = new DatabaseMount(server, postgres)
    await db.setUp()
    await db.ok('POST', 'db/roles/slow', { db_name: 'pg', creation_statements: `${CREATE}; SELECT pg_sleep(1)` })
    const asked = server.call('GET', 'db/creds/slow')
    const sleeping = `query LIKE '%pg_sleep(1)%' AND application_name = 'coffer'`
    await until(async () => (await postgres.sql(`SELECT 1 FROM pg_stat_activity WHERE ${sleeping}`)).length > 0)
    await postgres.terminate(sleeping)
    assert.equal((await asked).status, 500)
    await until(async () => (await db.users()).length === 0)
  })
})

suite('a rotation loses no password (R-14)', { skip }, () => {
  test('of a static role, whatever commit fails, or loses its answer', async () => {
    await using postgres = await startPostgres()
    await using server = await composedServer()
    const db = new DatabaseMount(server, postgres)
    await db.setUp()
    await postgres.sql(`CREATE ROLE steady LOGIN PASSWORD 'before'`)
    await db.ok('POST', 'db/static-roles/steady', { db_name: 'pg', username: 'steady', rotation_period: '24h' })
    for (const kind of ['failCommit', 'loseAnswerOfCommit', 'failFromCommit'] as const) {
      for (let k = 1; k <= 3; k++) {
        server.driver.plan({ [kind]: k })
        await server.call('POST', 'db/rotate-role/steady')
        await crashed(server)
        const works = async () => db.logsIn({ username: 'steady', password: await db.staticPassword('steady') })
        await until(works, 20_000, `${kind} ${k}: the stored password logs in`)
      }
    }
  })

  test('of one that is being made', async () => {
    await using postgres = await startPostgres()
    await using server = await composedServer()
    const db = new DatabaseMount(server, postgres)
    await db.setUp()
    for (const kind of ['failCommit', 'loseAnswerOfCommit', 'failFromCommit'] as const) {
      for (let k = 1; k <= 3; k++) {
        const name = `${kind}-${k}`.toLowerCase()
        const username = name.replace('-', '_')
        await postgres.sql(`CREATE ROLE ${username} LOGIN PASSWORD 'before'`)
        server.driver.plan({ [kind]: k })
        await server.call('POST', `db/static-roles/${name}`, { db_name: 'pg', username, rotation_period: '24h' })
        await crashed(server)
        // Either nothing happened, or the role is there and its password logs in.
        await until(
          async () => {
            const read = await server.call('GET', `db/static-creds/${name}`)
            const password = read.status === 200 ? textAt(read.json, 'data', 'password') : 'before'
            return db.logsIn({ username, password })
          },
          20_000,
          `${kind} ${k}: a password that is known logs in`,
        )
      }
    }
  })

  test('of the root, whatever commit fails, or loses its answer', async () => {
    await using postgres = await startPostgres()
    await using server = await composedServer()
    const db = new DatabaseMount(server, postgres)
    await postgres.sql(`CREATE ROLE rooty SUPERUSER LOGIN PASSWORD 'known'`)
    await db.setUp({ username: 'rooty', password: 'known' })
    for (const kind of ['failCommit', 'loseAnswerOfCommit', 'failFromCommit'] as const) {
      for (let k = 1; k <= 3; k++) {
        server.driver.plan({ [kind]: k })
        await server.call('POST', 'db/rotate-root/pg')
        await crashed(server)
        await until(
          async () => (await server.call('POST', 'db/reset/pg')).status === 204,
          20_000,
          `${kind} ${k}: the engine logs in`,
        )
      }
    }
    await db.revoke((await db.creds()).leaseId)
  })
})

test('what cannot be removed can be given up, and the mount with it (R-13)', { skip }, async () => {
  await using postgres = await startPostgres()
  await using server = await composedServer()
  const db = new DatabaseMount(server, postgres)
  await db.setUp({ max_open_connections: 10 })
  await Promise.all(Array.from({ length: 100 }, () => db.creds()))
  await postgres.stop('SIGKILL')
  const started = performance.now()
  assert.notEqual((await server.call('DELETE', 'sys/mounts/db')).status, 204)
  assert.equal((await server.call('POST', 'sys/leases/revoke-force/db')).status, 204)
  await db.ok('DELETE', 'sys/mounts/db')
  assert.ok(performance.now() - started < 30_000)
  const count = await server.call('GET', 'sys/leases/count?type=irrevocable')
  assert.equal(at(count.json, 'data', 'lease_count'), 0)
})

test('a server that is not who it says it is gets no password (CVE-2021-27400)', { skip }, async () => {
  const tls = join(import.meta.dirname, '..', 'support', 'tls')
  await using postgres = await startPostgres({ tls: { cert: join(tls, 'server.pem'), key: join(tls, 'server.key') } })
  await using server = await composedServer()
  const db = new DatabaseMount(server, postgres)
  await db.ok('POST', 'sys/mounts/db', { type: 'database' })
  const [trusted, other] = ['ca.pem', 'stranger.pem'].map((name) => readFileSync(join(tls, name), 'utf8'))
  const configure = (parameters: string, more: object) =>
    server.call('POST', 'db/config/pg', {
      plugin_name: 'postgresql-database-plugin',
      connection_url: `postgres://{{username}}:{{password}}@localhost:${postgres.port}/postgres${parameters}`,
      username: 'coffer',
      password: PASSWORD,
      ...more,
    })
  for (const [parameters, more, status] of [
    ['?sslmode=verify-ca', { tls_ca: trusted }, 204],
    ['?sslmode=verify-ca', { tls_ca: other }, 400],
    ['?sslmode=verify-full', { tls_ca: other }, 400],
    ['', { tls_ca: other }, 400],
    ['?sslmode=require', {}, 204],
    ['?ssl_mode=verify-full', {}, 400],
  ] as const) {
    const answer = await configure(parameters, more)
    assert.equal(answer.status, status, `${parameters}: ${answer.text}`)
    await db.ok('DELETE', 'db/config/pg')
  }
})
