import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, BLIND, bytes, textOf, withCode, writes } from '../../../test/support/driver-words.ts'
import { lead, PostgresDrivers, until } from '../../../test/support/postgres-drivers.ts'
import type { Snapshot } from '../driver.ts'

const pg = new PostgresDrivers()

describe('PostgreSQL: old versions', { skip: pg.skip }, () => {
  const rows = async (table: string) => Number((await pg.server.sql(`SELECT count(*) AS n FROM ${table}`))[0]?.n)

  it('go, and never one that an open snapshot shows', async (t) => {
    const table = pg.newTable()
    const driver = await pg.open(t, table, { haEnabled: false, timing: { retention: 0 } })
    const shown: [Snapshot, string, readonly string[]][] = []
    for (let round = 0; round < 30; round++) {
      await driver.commit(BLIND, writes({ hot: String(round), [`k${round}`]: '1', [`k${round - 2}`]: undefined }))
      if (round % 7 === 3) {
        const snapshot = await driver.snapshot()
        shown.push([snapshot, String(round), await snapshot.keys({ prefix: '' })])
      }
      if (round % 5 === 4) await driver.collect()
    }
    for (const [snapshot, hot, keys] of shown) {
      await driver.collect()
      assert.equal(await textOf(snapshot, 'hot'), hot)
      assert.deepEqual(await snapshot.keys({ prefix: '' }), keys)
      snapshot.close()
    }
    // The newest commit is not older than no time at all.
    await driver.commit(BLIND, writes({ last: '1' }))
    await driver.collect()
    await driver.collect()
    const now = ['hot', 'k28', 'k29', 'last']
    assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), now)
    assert.ok((await rows(table)) <= now.length + 1)
    assert.ok((await rows(`${table}_changes`)) <= 1)
  })

  it('go after a replacement', async (t) => {
    const table = pg.newTable()
    const driver = await pg.open(t, table, { haEnabled: false, timing: { retention: 0 } })
    for (let i = 0; i < 1200; i++) void driver.commit(BLIND, writes({ [`k${i}`]: '1' }))
    await driver.replace(
      (async function* () {
        yield [['only', bytes('1')]] as const
      })(),
    )
    await driver.collect()
    await driver.collect()
    assert.equal(await rows(table), 1)
    assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), ['only'])
  })

  it('stay for as long as they are kept for others', async (t) => {
    const table = pg.newTable()
    const driver = await pg.open(t, table, { haEnabled: false })
    for (let i = 0; i < 10; i++) await driver.commit(BLIND, writes({ a: String(i) }))
    assert.equal(await driver.collect(), 0)
    assert.equal(await rows(table), 10)
  })

  it('stay for a long snapshot of another node; one that nobody told of fails and shows nothing wrong', async (t) => {
    const table = pg.newTable()
    const leader = await pg.open(t, table, { timing: { retention: 0 } })
    const [long, silent] = [await pg.open(t, table, { timing: { pinAfter: 50 } }), await pg.open(t, table)]
    await lead(leader)
    await leader.commit(BLIND, writes({ a: '1', b: '1' }))
    for (const follower of [long, silent]) assert.ok(await follower.reach(leader.sequence, 5000))
    const [pinned, lost] = [await long.snapshot(), await silent.snapshot()]
    await until('it is told of', async () => (await rows(`${table}_pins`)) === 1)
    const change = async () => {
      for (let i = 0; i < 5; i++) await leader.commit(BLIND, writes({ a: `new ${i}`, b: undefined, [`n${i}`]: '' }))
      await leader.collect()
    }
    await change()
    assert.equal(await textOf(pinned, 'a'), '1')
    assert.deepEqual(await lost.keys({ prefix: '' }), ['a', 'b'])
    pinned.close()
    await until('it is not told of any more', async () => (await rows(`${table}_pins`)) === 0)
    await change()
    await assert.rejects(async () => await lost.get('a'), withCode('STORAGE_UNAVAILABLE'))
    await assert.rejects(async () => await lost.get('absent'), withCode('STORAGE_UNAVAILABLE'))
    await assert.rejects(async () => await lost.keys({ prefix: '' }), withCode('STORAGE_UNAVAILABLE'))
    await assert.rejects(async () => await lost.entries({ prefix: 'z' }), withCode('STORAGE_UNAVAILABLE'))
    lost.close()
  })
})
