/** Users of MariaDB and Redis: they log in, and do not any more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testAuthority } from '../support/authority.ts'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { at, textAt } from '../support/json.ts'
import { MARIADB_PASSWORD, TestMariadb, withoutMariadb } from '../support/mariadb.ts'
import { REDIS_PASSWORD, TestRedis, withoutRedis } from '../support/redis.ts'

async function ok(server: ComposedServer, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await server.call(method, path, body)
  assert.ok(answer.status === 200 || answer.status === 204, `${method} ${path}: ${answer.status} ${answer.text}`)
  return answer.json
}

interface Creds {
  readonly leaseId: string
  readonly username: string
  readonly password: string
}

async function credsOf(server: ComposedServer, role: string): Promise<Creds> {
  const made = await ok(server, 'GET', `db/creds/${role}`)
  return {
    leaseId: textAt(made, 'lease_id'),
    username: textAt(made, 'data', 'username'),
    password: textAt(made, 'data', 'password'),
  }
}

const revoke = (server: ComposedServer, leaseId: string): Promise<unknown> =>
  ok(server, 'POST', 'sys/leases/revoke', { lease_id: leaseId, sync: true })

test('MariaDB', { skip: withoutMariadb() }, async (t) => {
  await using mariadb = await TestMariadb.start()
  await using server = await composedServer()
  const login = (creds: { readonly username: string; readonly password: string }): Promise<unknown> =>
    mariadb.sql('SELECT 1', { user: creds.username, password: creds.password })
  const url = `{{username}}:{{password}}@tcp(127.0.0.1:${mariadb.port})/`
  await ok(server, 'POST', 'sys/mounts/db', { type: 'database' })
  await ok(server, 'POST', 'db/config/maria', {
    plugin_name: 'mysql-database-plugin',
    connection_url: url,
    username: 'coffer',
    password: MARIADB_PASSWORD,
    allowed_roles: '*',
  })

  await t.test('a wrong password is refused, and not repeated', async () => {
    const answer = await server.call('POST', 'db/config/wrong', {
      plugin_name: 'mariadb-database-plugin',
      connection_url: url,
      username: 'coffer',
      password: 'wrong-canary',
    })
    assert.equal(answer.status, 400)
    assert.match(answer.text, /error verifying connection: Error 1045 \(28000\): Access denied/)
    assert.ok(!answer.text.includes('canary'))
  })

  await t.test('a user logs in until his lease is over', async () => {
    await ok(server, 'POST', 'db/roles/app', {
      db_name: 'maria',
      creation_statements: `CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'; GRANT SELECT ON app.* TO '{{name}}'@'%';`,
      default_ttl: '1h',
    })
    const creds = await credsOf(server, 'app')
    assert.match(creds.username, /^v-root-app-\w{20}/)
    assert.equal(creds.username.length <= 32, true)
    await login(creds)
    await ok(server, 'POST', 'sys/leases/renew', { lease_id: creds.leaseId })
    await revoke(server, creds.leaseId)
    await assert.rejects(login(creds), /Access denied/)
    assert.deepEqual(await mariadb.sql(`SELECT User FROM mysql.user WHERE User LIKE 'v-%'`), [])
  })

  await t.test('revocation statements of the role are run, and a user who is gone is a success', async () => {
    await ok(server, 'POST', 'db/roles/own', {
      db_name: 'maria',
      creation_statements: `CREATE USER '{{name}}'@'127.0.0.1' IDENTIFIED BY '{{password}}'`,
      revocation_statements: `DROP USER '{{name}}'@'127.0.0.1'`,
    })
    const [one, two] = [await credsOf(server, 'own'), await credsOf(server, 'own')]
    await login(one)
    await revoke(server, one.leaseId)
    await assert.rejects(login(one), /Access denied/)
    await mariadb.sql(`DROP USER '${two.username}'@'127.0.0.1'`)
    await revoke(server, two.leaseId)
  })

  await t.test('one whose making failed half-way is not left behind', async () => {
    await ok(server, 'POST', 'db/roles/half', {
      db_name: 'maria',
      creation_statements: `CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'; GRANT SELECT ON app.none_such TO '{{name}}'@'%'`,
    })
    const answer = await server.call('GET', 'db/creds/half')
    assert.equal(answer.status, 500)
    assert.match(answer.text, /failed to execute query: Error 1146/)
    assert.deepEqual(await mariadb.sql(`SELECT User FROM mysql.user WHERE User LIKE 'v-%'`), [])
  })

  await t.test('quotes and backslashes of a password stay within its quotes', async () => {
    await ok(server, 'POST', 'sys/policies/password/hostile', {
      policy: `length = 20\nrule "charset" { charset = "'\\"\\\\;-\`" }`,
    })
    await ok(server, 'POST', 'db/roles/hostile', {
      db_name: 'maria',
      credential_config: { password_policy: 'hostile' },
      creation_statements: `CREATE USER '{{name}}'@'%' IDENTIFIED BY "{{password}}"`,
    })
    for (const mode of ['', 'NO_BACKSLASH_ESCAPES']) {
      await mariadb.sql(`SET GLOBAL sql_mode = '${mode}'`)
      await ok(server, 'POST', 'db/reset/maria')
      for (let i = 0; i < 5; i++) {
        const creds = await credsOf(server, 'hostile')
        assert.match(creds.password, /^['"\\;`-]{20}$/)
        await login(creds)
        await revoke(server, creds.leaseId)
      }
    }
  })

  await t.test('static roles and the root get new passwords', async () => {
    await mariadb.sql(`CREATE USER 'steady'@'%' IDENTIFIED BY 'before'`)
    await ok(server, 'POST', 'db/static-roles/steady', { db_name: 'maria', username: 'steady', rotation_period: '1h' })
    const read = async () => textAt(await ok(server, 'GET', 'db/static-creds/steady'), 'data', 'password')
    const first = await read()
    await login({ username: 'steady', password: first })
    await assert.rejects(login({ username: 'steady', password: 'before' }), /Access denied/)
    await ok(server, 'POST', 'db/rotate-role/steady')
    const second = await read()
    await login({ username: 'steady', password: second })
    await assert.rejects(login({ username: 'steady', password: first }), /Access denied/)
    await ok(server, 'POST', 'db/rotate-root/maria')
    await assert.rejects(mariadb.sql('SELECT 1'), /Access denied/)
    const creds = await credsOf(server, 'app')
    await login(creds)
    await revoke(server, creds.leaseId)
  })
})

test('MariaDB over TLS, and users with certificates', { skip: withoutMariadb() }, async () => {
  const ca = await testAuthority()
  const other = await testAuthority()
  await using mariadb = await TestMariadb.start({ tls: { ca: ca.cert, ...(await ca.issue('server')) } })
  await using server = await composedServer()
  await ok(server, 'POST', 'sys/mounts/db', { type: 'database' })
  const connection = {
    plugin_name: 'mysql-database-plugin',
    connection_url: `{{username}}:{{password}}@tcp(127.0.0.1:${mariadb.port})/?tls=true`,
    username: 'coffer',
    password: MARIADB_PASSWORD,
    allowed_roles: '*',
  }
  const refused = await server.call('POST', 'db/config/maria', { ...connection, tls_ca: other.cert })
  assert.equal(refused.status, 400, refused.text)
  assert.match(refused.text, /error verifying connection: .*certificate/)
  for (const [more, status] of [
    [{ tls_server_name: 'another.example' }, 400],
    [{ tls_server_name: '127.0.0.1' }, 204],
    [{ connection_url: connection.connection_url.replace('127.0.0.1', 'localhost') }, 400],
    [{ connection_url: connection.connection_url.replace('127.0.0.1', 'localhost'), tls_skip_verify: true }, 204],
  ] as const) {
    const named = await server.call('POST', 'db/config/named', { ...connection, tls_ca: ca.cert, ...more })
    assert.equal(named.status, status, named.text)
    await ok(server, 'DELETE', 'db/config/named')
  }
  await ok(server, 'POST', 'db/config/maria', { ...connection, tls_ca: ca.cert })
  await ok(server, 'POST', 'db/roles/certified', {
    db_name: 'maria',
    credential_type: 'client_certificate',
    credential_config: {
      common_name_template: '{{.RoleName}}-{{random 8}}',
      ca_cert: ca.cert,
      ca_private_key: ca.key,
      key_type: 'ec',
    },
    creation_statements: `CREATE USER '{{name}}'@'%' REQUIRE SUBJECT '{{subject}}'`,
  })
  const shown = JSON.stringify(await ok(server, 'GET', 'db/roles/certified'))
  assert.ok(!shown.includes('PRIVATE KEY'))
  const made = await ok(server, 'GET', 'db/creds/certified')
  const user = textAt(made, 'data', 'username')
  const ssl = {
    ca: ca.cert,
    cert: textAt(made, 'data', 'client_certificate'),
    key: textAt(made, 'data', 'private_key'),
  }
  const login = () => mariadb.sql('SELECT 1', { user, password: '', ssl })
  await login()
  await assert.rejects(mariadb.sql('SELECT 1', { user, password: '', ssl: { ca: ca.cert } }), /Access denied/)
  const stranger = await ca.issue('stranger')
  await assert.rejects(
    mariadb.sql('SELECT 1', { user, password: '', ssl: { ca: ca.cert, ...stranger } }),
    /Access denied/,
  )
  await revoke(server, textAt(made, 'lease_id'))
  await assert.rejects(login(), /Access denied/)
})

test('Redis', { skip: withoutRedis() }, async (t) => {
  await using redis = await TestRedis.start()
  await using server = await composedServer()
  await ok(server, 'POST', 'sys/mounts/db', { type: 'database' })
  const connection = { plugin_name: 'redis-database-plugin', host: '127.0.0.1', port: redis.port, allowed_roles: '*' }
  await ok(server, 'POST', 'db/config/redis', { ...connection, username: 'default', password: REDIS_PASSWORD })

  await t.test('a wrong password is refused, and not repeated', async () => {
    const wrong = { ...connection, username: 'default', password: 'wrong-canary' }
    const answer = await server.call('POST', 'db/config/wrong', wrong)
    assert.equal(answer.status, 400)
    assert.match(answer.text, /WRONGPASS/)
    assert.ok(!answer.text.includes('canary'))
  })

  await t.test('a user may what the rules say, until his lease is over', async () => {
    await ok(server, 'POST', 'db/roles/reader', { db_name: 'redis', creation_statements: ['["~app:*", "+get"]'] })
    const creds = await credsOf(server, 'reader')
    assert.match(creds.username, /^V_ROOT_READER_[A-Z0-9]{20}_\d+$/)
    await redis.send(['SET', 'app:a', '1'])
    assert.equal(await redis.send(['GET', 'app:a'], creds), '1')
    await assert.rejects(redis.send(['GET', 'other'], creds), /NOPERM/)
    await assert.rejects(redis.send(['SET', 'app:a', '2'], creds), /NOPERM/)
    await revoke(server, creds.leaseId)
    await assert.rejects(redis.send(['GET', 'app:a'], creds), /WRONGPASS/)
  })

  await t.test('rules one by one, or none', async () => {
    await ok(server, 'POST', 'db/roles/list', { db_name: 'redis', creation_statements: ['~*', '+ping'] })
    await ok(server, 'POST', 'db/roles/plain', { db_name: 'redis' })
    const listed = await credsOf(server, 'list')
    assert.equal(await redis.send(['PING'], listed), 'PONG')
    const plain = await credsOf(server, 'plain')
    assert.equal(await redis.send(['GET', 'none'], plain), null)
    await assert.rejects(redis.send(['SET', 'a', 'b'], plain), /NOPERM/)
    for (const { leaseId } of [listed, plain]) await revoke(server, leaseId)
    const users = await redis.send(['ACL', 'USERS'])
    assert.deepEqual(users, ['default'])
  })

  await t.test('rules that are none', async () => {
    await ok(server, 'POST', 'db/roles/bad', { db_name: 'redis', creation_statements: ['["no-rule"]'] })
    const answer = await server.call('GET', 'db/creds/bad')
    assert.equal(answer.status, 500)
    assert.match(answer.text, /Error in ACL SETUSER/)
    assert.deepEqual(await redis.send(['ACL', 'USERS']), ['default'])
  })

  await t.test('static roles and the root get new passwords', async () => {
    await redis.send(['ACL', 'SETUSER', 'steady', 'ON', '>before', '+ping'])
    await ok(server, 'POST', 'db/static-roles/steady', { db_name: 'redis', username: 'steady', rotation_period: '1h' })
    const { data } = Object(await ok(server, 'GET', 'db/static-creds/steady'))
    const password = String(at(data, 'password'))
    assert.equal(await redis.send(['PING'], { username: 'steady', password }), 'PONG')
    await assert.rejects(redis.send(['PING'], { username: 'steady', password: 'before' }), /WRONGPASS/)
    const absent = { db_name: 'redis', username: 'absent', rotation_period: '1h' }
    assert.equal((await server.call('POST', 'db/static-roles/absent', absent)).status, 500)
    await ok(server, 'POST', 'db/rotate-root/redis')
    await assert.rejects(redis.send(['PING']), /WRONGPASS/)
    const creds = await credsOf(server, 'plain')
    await revoke(server, creds.leaseId)
  })
})
