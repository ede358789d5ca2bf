/** Users of PostgreSQL: made, lent, prolonged, removed; and those that stay. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { FakeClock } from '../../src/lib/clock.ts'
import { composedServer } from '../support/composed.ts'
import { CREATE, DatabaseMount } from '../support/database.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { PASSWORD, startPostgres, withoutPostgres, type TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const skip = withoutPostgres()

test('users on demand', { skip }, async (t) => {
  await using postgres = await startPostgres()
  await using server = await composedServer()
  const db = new DatabaseMount(server, postgres)
  await db.setUp()

  await t.test('a user logs in until his lease is over', async () => {
    const creds = await db.creds()
    assert.match(creds.username, /^v-root-app-\w{20}-\d{10}$/)
    await db.logIn(creds)
    await db.revoke(creds.leaseId)
    assert.equal(await db.logsIn(creds), false)
    assert.deepEqual(await db.users(), [])
  })

  await t.test('a renewal moves the end of the user with that of the lease', async () => {
    const creds = await db.creds()
    const ends = async (): Promise<number> => {
      const [row] = await postgres.sql(
        'SELECT extract(epoch FROM rolvaliduntil) AS ends FROM pg_roles WHERE rolname = $1',
        [creds.username],
      )
      return Number(row?.['ends'])
    }
    const first = await ends()
    assert.ok(Math.abs(first - Date.now() / 1000 - 3605) < 5, String(first))
    await db.ok('POST', 'sys/leases/renew', { lease_id: creds.leaseId, increment: 60 })
    const second = await ends()
    assert.ok(Math.abs(second - Date.now() / 1000 - 65) < 5, String(second))
    await db.revoke(creds.leaseId)
  })

  await t.test('with the token goes the user', async () => {
    const policy = `path "db/creds/app" { capabilities = ["read"] }`
    await db.ok('POST', 'sys/policies/acl/app', { policy })
    const made = await db.ok('POST', 'auth/token/create', {
      policies: ['app'],
      display_name: 'x"; DROP ROLE coffer;--',
    })
    const token = textAt(made, 'auth', 'client_token')
    const creds = await db.creds('app', { token })
    await db.logIn(creds)
    await db.ok('POST', 'auth/token/revoke', { token })
    await until(async () => (await db.users()).length === 0)
    assert.equal(await db.logsIn(creds), false)
  })

  await t.test('roles and connections may go before their users', async () => {
    const [one, two] = [await db.creds(), await db.creds()]
    await db.ok('DELETE', 'db/roles/app')
    await db.revoke(one.leaseId)
    await db.ok('DELETE', 'db/config/pg')
    assert.equal((await server.call('GET', 'db/config/pg')).status, 404)
    await db.revoke(two.leaseId)
    assert.deepEqual(await db.users(), [])
    await db.configure()
    await db.ok('POST', 'db/roles/app', { db_name: 'pg', creation_statements: CREATE })
  })

  await t.test('a user who was removed by hand is a success', async () => {
    await db.ok('POST', 'db/roles/own', {
      db_name: 'pg',
      creation_statements: CREATE,
      revocation_statements: 'REASSIGN OWNED BY "{{name}}" TO coffer; DROP OWNED BY "{{name}}"; DROP ROLE "{{name}}"',
    })
    const [one, two] = [await db.creds('own'), await db.creds('own')]
    await postgres.sql(`DROP ROLE "${one.username}"`)
    await db.revoke(one.leaseId)
    await db.revoke(two.leaseId)
    assert.deepEqual(await db.users(), [])
  })

  await t.test('passwords by a policy, hashed before they are sent', async () => {
    await db.ok('POST', 'sys/policies/password/short', {
      policy: 'length = 12\nrule "charset" { charset = "abc\'\\"\\\\$;-" }',
    })
    for (const way of ['password', 'scram-sha-256']) {
      await db.configure({ password_policy: 'short', password_authentication: way })
      for (let i = 0; i < 5; i++) {
        const creds = await db.creds()
        assert.match(creds.password, /^[abc'"\\$;-]{12}$/)
        await db.logIn(creds)
        await db.revoke(creds.leaseId)
      }
    }
    await db.configure({ password_policy: '', password_authentication: '' })
  })

  await t.test('names by a template', async () => {
    await db.configure({ username_template: '{{.RoleName | uppercase}}_{{.DisplayName}}_{{random 4}}' })
    const creds = await db.creds()
    assert.match(creds.username, /^APP_root_\w{4}$/)
    await db.logIn(creds)
    await db.revoke(creds.leaseId)
    await db.configure({ username_template: '' })
  })

  await t.test('names that PostgreSQL would cut off are refused', async () => {
    await db.configure({ username_template: '{{.RoleName}}-{{random 60}}' })
    const answer = await server.call('GET', 'db/creds/app')
    assert.equal(answer.status, 400)
    assert.match(answer.text, /longer than 63 bytes/)
    await db.configure({ username_template: '' })
  })

  await t.test('a password is not repeated where a statement is wrong', async () => {
    await db.ok('POST', 'sys/policies/password/one', { policy: 'length = 20\nrule "charset" { charset = "Q" }' })
    await db.ok('POST', 'db/roles/wrong', {
      db_name: 'pg',
      credential_config: { password_policy: 'one' },
      creation_statements: `CREATE ROLE "{{name}}" PASSWORD "{{password}}"`,
    })
    const answer = await server.call('GET', 'db/creds/wrong')
    assert.equal(answer.status, 500)
    assert.match(answer.text, /syntax error at or near .*\[password\]/)
    assert.ok(!answer.text.includes('QQQ'))
  })

  await t.test('no more connections than it may have, and none when the vault is sealed', async () => {
    await db.configure({ max_open_connections: 2 })
    const connections = async () =>
      (await postgres.sql(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'coffer'`)).length
    let most = 0
    const all = Promise.all(Array.from({ length: 20 }, () => db.creds()))
    let running = true
    void all.finally(() => (running = false))
    while (running) most = Math.max(most, await connections())
    assert.ok(most >= 1 && most <= 2, String(most))
    for (const creds of await all) await db.revoke(creds.leaseId)
    await db.ok('POST', 'sys/seal')
    await until(async () => (await connections()) === 0)
    await server.unseal()
    await db.configure({ max_open_connections: 0 })
  })

  await t.test('the database comes back after a restart', async () => {
    await db.creds()
    await postgres.stop('SIGKILL')
    const answer = await server.call('GET', 'db/creds/app')
    assert.equal(answer.status, 500)
    assert.match(answer.text, /ECONNREFUSED/)
    await postgres.start()
    const creds = await db.creds()
    await db.logIn(creds)
  })

  await t.test('disabling the mount removes every user', async () => {
    assert.equal((await db.users()).length, 2)
    await db.ok('DELETE', 'sys/mounts/db')
    assert.deepEqual(await db.users(), [])
  })
})

test('a database that hangs holds up nobody but those who want something of it', { skip }, async () => {
  await using postgres = await startPostgres()
  await using server = await composedServer()
  const db = new DatabaseMount(server, postgres)
  await db.setUp()
  await db.ok('POST', 'db/reset/pg')
  postgres.freeze()
  try {
    const wanting = Array.from({ length: 8 }, () => server.call('GET', 'db/creds/app'))
    const started = performance.now()
    for (let i = 0; i < 20; i++) {
      const at = performance.now()
      await db.ok('GET', 'db/roles/app')
      assert.ok(performance.now() - at < 200)
    }
    // The check of the connection that it has takes 10 s, a new one 2 s, and who waits for a turn waits 20 s.
    for (const answer of await Promise.all(wanting)) assert.equal(answer.status, 500, answer.text)
    assert.ok(performance.now() - started < 45_000)
  } finally {
    postgres.thaw()
  }
  const creds = await db.creds()
  await db.logIn(creds)
})

/** Moves the clock second by second, and lets the real world keep up. */
async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    await clock.advance(1000)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function timed(
  t: TestContext,
  run: (db: DatabaseMount, clock: FakeClock, postgres: TestPostgres) => Promise<void>,
) {
  void t
  await using postgres = await startPostgres()
  const clock = new FakeClock(Date.UTC(2026, 0, 1, 10, 7, 30))
  await using server = await composedServer({ clock })
  const db = new DatabaseMount(server, postgres)
  await db.setUp()
  await run(db, clock, postgres)
}

test(
  'a database that is away at the end of a lease is asked again, and in the end the lease is irrevocable',
  { skip },
  (t) =>
    timed(t, async (db, clock, postgres) => {
      const [one, two] = [await db.creds(), await db.creds()]
      const sync = { lease_id: two.leaseId, sync: true }
      await postgres.stop('SIGKILL')
      const refused = await db.server.call('POST', 'sys/leases/revoke', sync)
      assert.equal(refused.status, 500)
      assert.match(refused.text, /ECONNREFUSED/)
      await db.ok('POST', 'sys/leases/revoke', { lease_id: one.leaseId })
      const irrevocable = async () =>
        Number(at(await db.ok('GET', 'sys/leases/count?type=irrevocable'), 'data', 'lease_count'))
      await pass(clock, 60)
      assert.equal(await irrevocable(), 0)
      await until(async () => {
        await pass(clock, 20)
        return (await irrevocable()) === 1
      })
      const list = await db.ok('GET', 'sys/leases?type=irrevocable')
      assert.match(JSON.stringify(listAt(list, 'data', 'leases')), /out of retries: .*ECONNREFUSED/)
      await postgres.start()
      assert.equal((await db.users()).length, 2)
      await db.ok('POST', 'sys/leases/revoke-prefix/db/creds', { sync: true })
      assert.deepEqual(await db.users(), [])
      assert.equal(await irrevocable(), 0)
    }),
)

test('static roles', { skip }, (t) =>
  timed(t, async (db, clock, postgres) => {
    await postgres.sql(`CREATE ROLE steady LOGIN PASSWORD 'before'`)
    const login = async (role = 'steady') => ({ username: 'steady', password: await db.staticPassword(role) })

    await t.test('its user has a new password at once, and again when its time is over', async () => {
      await db.ok('POST', 'db/static-roles/steady', { db_name: 'pg', username: 'steady', rotation_period: '1h' })
      const first = await login()
      await db.logIn(first)
      assert.equal(await db.logsIn({ ...first, password: 'before' }), false)
      await pass(clock, 30)
      assert.equal(at(await db.ok('GET', 'db/static-creds/steady'), 'data', 'ttl'), 3570)
      await clock.advance(3_560_000)
      await until(async () => {
        await pass(clock, 6)
        return (await login()).password !== first.password
      })
      await db.logIn(await login())
      assert.equal(await db.logsIn(first), false)
    })

    await t.test('a database that is away is asked again', async () => {
      const before = await login()
      await postgres.stop('SIGKILL')
      const failed = await db.server.call('POST', 'db/rotate-role/steady')
      assert.equal(failed.status, 500)
      assert.match(failed.text, /retries will continue in the background/)
      assert.equal((await login()).password, before.password)
      await postgres.start()
      await until(async () => {
        await pass(clock, 6)
        return (await login()).password !== before.password
      })
      await db.logIn(await login())
    })

    await t.test('by a schedule, and not after its window', async () => {
      await db.ok('POST', 'db/static-roles/steady', {
        username: 'steady',
        rotation_schedule: '0 */6 * * *',
        rotation_window: '1h',
      })
      const before = await login()
      const read = await db.ok('GET', 'db/static-creds/steady')
      const ttl = Number(at(read, 'data', 'ttl'))
      const next = clock.now() + ttl * 1000
      assert.equal(new Date(next).getUTCHours() % 6, 0)
      assert.ok(Math.abs(new Date(next).getUTCMinutes()) === 0, new Date(next).toISOString())
      assert.equal(at(read, 'data', 'rotation_window'), 3600)
      // Nobody was there for two hours.
      await db.ok('POST', 'sys/seal')
      clock.jump((ttl + 7200) * 1000)
      await db.server.unseal()
      await until(async () => {
        await pass(clock, 6)
        return Number(at(await db.ok('GET', 'db/static-creds/steady'), 'data', 'ttl')) > 0
      })
      assert.equal((await login()).password, before.password)
      const left = Number(at(await db.ok('GET', 'db/static-creds/steady'), 'data', 'ttl'))
      assert.ok(left > 3 * 3600 && left < 4 * 3600, String(left))
      await clock.advance(left * 1000)
      await until(async () => {
        await pass(clock, 6)
        return (await login()).password !== before.password
      })
      await db.logIn(await login())
    })

    await t.test('one that leaves its user the password that he has', async () => {
      await postgres.sql(`CREATE ROLE imported LOGIN PASSWORD 'his own'`)
      await db.ok('POST', 'db/static-roles/imported', {
        db_name: 'pg',
        username: 'imported',
        rotation_period: '1h',
        skip_import_rotation: true,
        password: 'his own',
      })
      assert.equal(await db.staticPassword('imported'), 'his own')
      await db.logIn({ username: 'imported', password: 'his own' })
      await db.ok('POST', 'db/rotate-role/imported')
      await db.logIn({ username: 'imported', password: await db.staticPassword('imported') })
      assert.equal(await db.logsIn({ username: 'imported', password: 'his own' }), false)
    })

    await t.test('one that rotates its own password, without a user of the engine', async () => {
      await postgres.sql(`CREATE ROLE own LOGIN PASSWORD 'at first'`)
      await db.ok('POST', 'db/config/own', {
        plugin_name: 'postgresql-database-plugin',
        connection_url: `postgres://{{username}}:{{password}}@127.0.0.1:${postgres.port}/postgres?sslmode=disable`,
        self_managed: true,
        allowed_roles: '*',
      })
      const role = { db_name: 'own', username: 'own', rotation_period: '1h' }
      assert.match(
        (await db.server.call('POST', 'db/static-roles/own', role)).text,
        /self_managed_password is required/,
      )
      await db.ok('POST', 'db/static-roles/own', { ...role, self_managed_password: 'at first' })
      await db.ok('POST', 'db/rotate-role/own')
      await db.logIn({ username: 'own', password: await db.staticPassword('own') })
      assert.equal(await db.logsIn({ username: 'own', password: 'at first' }), false)
      assert.match((await db.server.call('GET', 'db/creds/own')).text, /unknown role/)
    })

    await t.test('a password that the database refuses twice is replaced by another', async () => {
      await postgres.sql(`CREATE ROLE choosy LOGIN PASSWORD 'before'`)
      await postgres.sql(`CREATE TABLE seen (password text)`)
      await db.ok('POST', 'db/static-roles/choosy', { db_name: 'pg', username: 'choosy', rotation_period: '1h' })
      const refusing = [`DO $$ BEGIN PERFORM dblink_none('{{password}}'); END $$`]
      await db.ok('POST', 'db/static-roles/choosy', { username: 'choosy', rotation_statements: refusing })
      const stored = await db.staticPassword('choosy')
      for (let i = 0; i < 3; i++) assert.equal((await db.server.call('POST', 'db/rotate-role/choosy')).status, 500)
      assert.equal(await db.staticPassword('choosy'), stored)
      await db.logIn({ username: 'choosy', password: stored })
      await db.ok('POST', 'db/static-roles/choosy', { username: 'choosy', rotation_statements: [] })
      await db.ok('POST', 'db/rotate-role/choosy')
      await db.logIn({ username: 'choosy', password: await db.staticPassword('choosy') })
    })
  }),
)

test('the root’s password is nobody’s after its rotation', { skip }, async () => {
  await using postgres = await startPostgres()
  await using server = await composedServer()
  const db = new DatabaseMount(server, postgres)
  await postgres.sql(`CREATE ROLE rooty SUPERUSER LOGIN PASSWORD 'known'`)
  await db.setUp({ username: 'rooty', password: 'known' })
  await db.ok('POST', 'db/rotate-root/pg')
  assert.equal(await db.logsIn({ username: 'rooty', password: 'known' }), false)
  const creds = await db.creds()
  await db.logIn(creds)
  await db.ok('POST', 'db/reset/pg')
  await db.revoke(creds.leaseId)
  const shown = JSON.stringify(await db.ok('GET', 'db/config/pg'))
  assert.ok(!shown.includes('known') && !shown.includes(PASSWORD))
})

test('reset and reload make connections anew, and say which could not be', { skip }, async () => {
  await using postgres = await startPostgres()
  await using server = await composedServer()
  const db = new DatabaseMount(server, postgres)
  await db.setUp()
  const pids = async () =>
    (await postgres.sql(`SELECT pid FROM pg_stat_activity WHERE application_name = 'coffer'`)).map(({ pid }) => pid)
  await db.revoke((await db.creds()).leaseId)
  const [before] = await pids()
  await db.ok('POST', 'db/reset/pg')
  await until(async () => {
    const now = await pids()
    return now.length === 1 && now[0] !== before
  })
  await db.ok('POST', 'db/config/away', {
    plugin_name: 'postgresql-database-plugin',
    connection_url: 'postgres://u@127.0.0.1:1/x?sslmode=disable',
    verify_connection: false,
  })
  const reloaded = await db.ok('POST', 'db/reload/postgresql-database-plugin')
  assert.deepEqual(at(reloaded, 'data'), {
    connections: ['pg'],
    count: 1,
    reload_failed: ['away'],
    reload_failed_count: 1,
  })
  assert.equal((await server.call('POST', 'db/reload/mysql-database-plugin')).status, 400)
})
