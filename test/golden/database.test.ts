/** The golden transcripts of the database engine: what needs no database, and what was compared on a real one. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readServerGolden, replay } from '../support/server-golden.ts'
import { PASSWORD, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { startServer } from '../support/server.ts'

const golden = (name: string) => readServerGolden(join(import.meta.dirname, 'database', name))

test('connections and roles', async () => {
  await using server = await startServer({ storage: 'inmem' })
  assert.deepEqual(await replay(golden('config-and-roles.json'), server), [])
})

test('on PostgreSQL', { skip: withoutPostgres() }, async () => {
  await using postgres = await startPostgres()
  await postgres.sql(`CREATE ROLE golden LOGIN PASSWORD 'x'`)
  await postgres.sql(`CREATE ROLE goldenroot SUPERUSER LOGIN PASSWORD 'before'`)
  await using server = await startServer({ storage: 'inmem' })
  const places = { pgport: String(postgres.port), rootpassword: PASSWORD }
  assert.deepEqual(await replay(golden('postgresql.json'), server, places), [])
})
