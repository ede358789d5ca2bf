/** Events of databases, on a real PostgreSQL. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CREATE, DatabaseMount } from '../support/database.ts'
import { PASSWORD, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { startServer } from '../support/server.ts'
import { subscribe } from '../support/subscriber.ts'

test('connections, roles, users and rotations are told of, never a password', { skip: withoutPostgres() }, async () => {
  await using postgres = await startPostgres()
  await using server = await startServer()
  await using s = await subscribe(server, 'database/*')
  const db = new DatabaseMount(server, postgres)
  await db.setUp()
  const told = async (...expected: readonly string[]): Promise<void> => {
    const seen = (await s.told(expected.length)).map((line) => line.replace(/^database\//, ''))
    assert.deepEqual(seen, expected)
  }
  await told('config-write db/config/pg', 'role-create db/roles/app')
  const creds = await db.creds()
  await told('creds-create db/creds/app')
  await db.ok('POST', 'db/roles/app', { db_name: 'pg', creation_statements: CREATE })
  await told('role-update db/roles/app')
  await db.ok('POST', 'db/roles/broken', { db_name: 'pg', creation_statements: 'SELECT nonsense' })
  await server.call('GET', 'db/creds/broken')
  await told('role-create db/roles/broken', 'creds-create-fail db/creds/broken')
  await db.ok('POST', 'db/reset/pg')
  await db.ok('POST', 'db/reload/postgresql-database-plugin')
  await told(
    'reset db/reset/pg',
    'reload-connection db/reload/postgresql-database-plugin',
    'reload db/reload/postgresql-database-plugin',
  )
  await postgres.sql(`CREATE ROLE still LOGIN PASSWORD 'first'`)
  await db.ok('POST', 'db/static-roles/still', { db_name: 'pg', username: 'still', rotation_period: 3600 })
  await told('static-role-create db/static-roles/still', 'static-creds-create db/static-creds/still')
  await db.ok('POST', 'db/rotate-role/still')
  await db.ok('POST', 'db/static-roles/still', { db_name: 'pg', username: 'still', rotation_period: 7200 })
  await told('rotate db/rotate-role/still', 'static-role-update db/static-roles/still')
  await postgres.sql('DROP ROLE still')
  await server.call('POST', 'db/rotate-role/still')
  await told('rotate-fail db/rotate-role/still')
  await db.ok('POST', 'db/rotate-root/pg')
  await server.call('POST', 'db/rotate-root/absent')
  await told('rotate-root db/rotate-root/pg', 'rotate-root-fail db/rotate-root/absent')
  await db.ok('DELETE', 'db/static-roles/still')
  await db.ok('DELETE', 'db/roles/broken')
  await db.ok('DELETE', 'db/config/pg')
  await told('static-role-delete db/static-roles/still', 'role-delete db/roles/broken', 'config-delete db/config/pg')
  const [first] = s.events
  assert.equal(first?.data.event.metadata['name'], 'pg')
  assert.equal(first?.data.plugin_info['plugin'], 'database')
  const failed = s.events.filter(({ data }) => data.event_type.endsWith('-fail'))
  assert.ok(failed.every(({ data }) => data.event.metadata['modified'] === 'false'))
  const all = Buffer.concat(s.received).toString()
  for (const secret of [creds.password, creds.username, PASSWORD, 'still LOGIN']) assert.ok(!all.includes(secret))
})
