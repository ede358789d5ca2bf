import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, BLIND, bytes, textOf } from '../../../test/support/driver-words.ts'
import { PostgresDrivers } from '../../../test/support/postgres-drivers.ts'
import { plainCodec } from '../plain-codec.ts'
import { Store } from '../store.ts'
import { rangeStatement } from './postgres-snapshot.ts'

const pg = new PostgresDrivers()

describe('PostgreSQL: what is stored', { skip: pg.skip }, () => {
  it('takes keys with any character and values of many sizes, more than one statement holds', async (t) => {
    const driver = await pg.open(t, pg.newTable(), { haEnabled: false, timing: { timeout: 10_000 } })
    const keys = ['a\0b', '\0', '\ufeffkey', "'; DROP TABLE x; --", '{"a","b"}', '\\x61', 'NULL', '\u{10ffff}']
    await driver.commit(BLIND, new Map(keys.map((key) => [key, bytes(key)])))
    await at(driver, async (snapshot) => {
      assert.deepEqual(new Set(await snapshot.keys({ prefix: '' })), new Set(keys))
      for (const key of keys) assert.equal(await textOf(snapshot, key), key)
    })
    const sizes = [1 << 20, 17 << 20, 64 << 20, 3]
    const sequence = await driver.commit(
      BLIND,
      new Map(sizes.map((size, i) => [`big/${i}`, new Uint8Array(size).fill(i + 1)])),
    )
    assert.equal(sequence, driver.sequence)
    await at(driver, async (snapshot) => {
      for (const [i, size] of sizes.entries()) {
        const value = await snapshot.get(`big/${i}`)
        assert.deepEqual([value?.byteLength, value?.[0], value?.at(-1)], [size, i + 1, i + 1])
      }
    })
  })

  it('counts right through Store.write while connections are killed', async (t) => {
    const driver = await pg.open(t, pg.newTable(), { haEnabled: false })
    const store = new Store(driver, plainCodec)
    let seen = 0
    const increment = async (): Promise<void> => {
      await store.write(async (view) => {
        const value = await view.get('counter')
        view.put('counter', bytes(String(Number(value === undefined ? '0' : new TextDecoder().decode(value)) + 1)))
      })
      seen++
    }
    for (let round = 0; round < 10; round++) {
      const all = Promise.all(Array.from({ length: 10 }, increment))
      await pg.server.terminate("query LIKE '%moved%'")
      await all
    }
    assert.equal(seen, 100)
    assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'counter')), '100')
  })

  it('reads ranges in the order of the index, without sorting, whatever the statistics', async (t) => {
    const table = pg.newTable()
    const driver = await pg.open(t, table)
    await pg.server.sql(`INSERT INTO ${table} SELECT ('k/' || lpad(i::text, 8, '0'))::bytea, v, repeat('x', 50)::bytea
      FROM generate_series(1, 20000) AS i, generate_series(1, 2) AS v`)
    for (const statistics of [false, true]) {
      if (statistics) await pg.server.sql(`ANALYZE ${table}`)
      for (const range of [
        { prefix: '' },
        { prefix: 'k/', limit: 10 },
        { prefix: 'k/', after: 'k/00010000', limit: 1000 },
      ]) {
        const { text, values = [] } = rangeStatement(driver.tables, range, 9, true)
        const plan = await driver.reader.query<{ 'QUERY PLAN': string }>({
          text: `EXPLAIN (ANALYZE, TIMING OFF) ${text}`,
          values,
        })
        const lines = plan.rows.map((row) => row['QUERY PLAN']).join('\n')
        assert.doesNotMatch(lines, /Sort|Seq Scan|Bitmap|Gather/)
        const scanned = Number(/Index Scan using store_\d+_versions .*actual rows=(\d+)/.exec(lines)?.[1])
        assert.ok(scanned <= 2 * (range.limit ?? 20_000) + 1, lines)
      }
    }
  })
})
