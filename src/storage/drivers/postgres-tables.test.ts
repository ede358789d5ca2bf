import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BLIND, bytes, withCode, writes } from '../../../test/support/driver-words.ts'
import { lead, PostgresDrivers } from '../../../test/support/postgres-drivers.ts'
import { openPostgres } from './postgres.ts'

const pg = new PostgresDrivers()

describe('PostgreSQL: its tables', { skip: pg.skip }, () => {
  it('are made once by many that start at once', async (t) => {
    const table = pg.newTable()
    const drivers = await Promise.all(Array.from({ length: 6 }, () => pg.open(t, table)))
    assert.equal(drivers.length, 6)
    for (const name of ['meta', 'leader', 'horizon']) {
      assert.deepEqual(await pg.server.sql(`SELECT count(*)::int FROM ${table}_${name}`), [{ count: 1 }], name)
    }
  })

  it('stand in a schema where that is asked for, and the leader in a table of its own', async (t) => {
    await pg.server.sql('CREATE SCHEMA other')
    const driver = await pg.open(t, 'other.store', { haTable: 'other.who' })
    await lead(driver, 'me')
    await driver.commit(BLIND, writes({ a: '1' }))
    assert.deepEqual(await pg.server.sql('SELECT identity FROM other.who'), [{ identity: 'me' }])
    assert.deepEqual(await pg.server.sql('SELECT count(*)::int FROM other.store'), [{ count: 1 }])
  })

  it('have names that are names', async () => {
    const names = ['a";drop table x;--', '', 'a.b.c', '.a', 'a.', 'a b', '1a', 'a'.repeat(52), 'a\0', 'ä', 'a"', 'a\n']
    for (const name of names) {
      const refused = withCode('STORAGE_CANNOT_OPEN')
      await assert.rejects(openPostgres({ connectionUrl: pg.server.url(), table: name }), refused, name)
      await assert.rejects(openPostgres({ connectionUrl: pg.server.url(), haTable: name }), refused, name)
    }
    const longest = 'L'.repeat(51)
    await (await openPostgres({ connectionUrl: pg.server.url(), table: longest })).close()
    assert.deepEqual(await pg.server.sql(`SELECT count(*)::int FROM pg_tables WHERE tablename LIKE 'LLLL%'`), [
      { count: 7 },
    ])
  })

  it('are not touched where they are newer, nor made where they are not to be', async (t) => {
    const table = pg.newTable()
    const absent = { haEnabled: true, skipCreateTable: true }
    await assert.rejects(pg.open(t, table, absent), withCode('STORAGE_CANNOT_OPEN'))
    await (await pg.open(t, table)).close()
    await (await pg.open(t, table, absent)).close()
    await pg.server.sql(`UPDATE ${table}_meta SET version = 99`)
    await assert.rejects(
      pg.open(t, table),
      (error) => withCode('STORAGE_CANNOT_OPEN')(error) && String(error).includes('99'),
    )
  })

  it('need no right to make any once they are there', async (t) => {
    const table = pg.newTable()
    await (await pg.open(t, table)).close()
    await pg.server.sql(`CREATE ROLE poor LOGIN PASSWORD 'canary poor'`)
    for (const suffix of ['', '_meta', '_leader', '_changes', '_horizon', '_pins', '_staging']) {
      await pg.server.sql(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table}${suffix} TO poor`)
    }
    const url = new URL(pg.server.url())
    url.username = 'poor'
    url.password = 'canary poor'
    const driver = await pg.open(t, table, { connectionUrl: url.href, haEnabled: false, timing: { retention: 0 } })
    await driver.commit(BLIND, writes({ a: '1' }))
    await driver.commit(BLIND, writes({ a: '2' }))
    await driver.replace(
      (async function* () {
        yield [['b', bytes('1')]] as const
      })(),
    )
    await driver.collect()
  })
})
