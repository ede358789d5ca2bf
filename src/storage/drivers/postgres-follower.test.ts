import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CuttableLink } from '../../../test/support/cuttable-link.ts'
import { at, BLIND, bytes, textOf, writes } from '../../../test/support/driver-words.ts'
import { lead, PostgresDrivers, until } from '../../../test/support/postgres-drivers.ts'
import { Valve } from '../../../test/support/valve.ts'
import type { Change, Snapshot } from '../driver.ts'
import { type PostgresDriver } from './postgres.ts'

const pg = new PostgresDrivers()

describe('PostgreSQL: followers', { skip: pg.skip }, () => {
  const told = (driver: PostgresDriver) => {
    const heard: Change[] = []
    driver.subscribe((change) => heard.push(change))
    return heard
  }

  it('hear of every commit in order, before a snapshot shows it, though their connections are killed', async (t) => {
    const table = pg.newTable()
    const [leader, follower] = [await pg.open(t, table), await pg.open(t, table, { timing: { poll: 200 } })]
    await lead(leader)
    const heard = told(follower)
    const sequences: number[] = []
    for (let i = 0; i < 200; i++) {
      sequences.push(await leader.commit(BLIND, writes({ [`k${i}`]: '', all: String(i) })))
      if (i % 50 === 0) await pg.server.terminate(`query LIKE 'LISTEN "${table}%'`)
      const snapshot = await follower.snapshot()
      assert.ok(snapshot.sequence <= (heard.at(-1)?.sequence ?? 0))
      snapshot.close()
    }
    assert.ok(await follower.reach(leader.sequence, 5000))
    assert.deepEqual(
      heard.map(({ sequence, keys }) => [sequence, keys]),
      sequences.map((sequence, i) => [sequence, [`k${i}`, 'all']]),
    )
    assert.equal(await at(follower, (snapshot) => textOf(snapshot, 'all')), '199')
    assert.equal(await follower.reach(leader.sequence + 1, 50), false)
  })

  it('are told of a commit at once', async (t) => {
    const table = pg.newTable()
    const [leader, follower] = [await pg.open(t, table), await pg.open(t, table, { timing: { poll: 60_000 } })]
    await lead(leader)
    // Its own look at the start may still be under way.
    await leader.commit(BLIND, writes({ a: '1' }))
    assert.ok(await follower.reach(leader.sequence, 5000))
    await leader.commit(BLIND, writes({ a: '2' }))
    await until('it is told', () => follower.sequence === leader.sequence, 3000)
  })

  it('show what another thread of the process has announced', async (t) => {
    const table = pg.newTable()
    const leader = await pg.open(t, table)
    const follower = await pg.open(t, table, { timing: { poll: 60_000 }, announced: () => leader.sequence })
    await lead(leader)
    for (let i = 0; i < 50; i++) {
      await leader.commit(BLIND, writes({ a: String(i) }))
      assert.equal(await at(follower, (snapshot) => textOf(snapshot, 'a')), String(i))
    }
    assert.ok(!(follower.snapshot() instanceof Promise), 'a snapshot of one who is not behind waits for nothing')
  })

  it('forget everything where the log does not reach back', async (t) => {
    const table = pg.newTable()
    const leader = await pg.open(t, table)
    await lead(leader)
    await leader.commit(BLIND, writes({ a: '1' }))
    await using valve = await Valve.to(pg.server.port)
    const url = pg.server.url().replace(`:${pg.server.port}`, `:${valve.port}`)
    const follower = await pg.open(t, table, { connectionUrl: url, timing: { poll: 100 } })
    const heard = told(follower)
    valve.shut()
    for (let i = 0; i < 5; i++) await leader.commit(BLIND, writes({ [`k${i}`]: '1' }))
    await pg.server.sql(`DELETE FROM ${table}_changes WHERE seq < $1`, [leader.sequence])
    valve.open()
    assert.ok(await follower.reach(leader.sequence, 5000))
    assert.deepEqual(heard, [{ sequence: leader.sequence, keys: [], reset: true }])
    assert.equal((await at(follower, (snapshot) => snapshot.keys({ prefix: 'k' }))).length, 5)
  })

  it('forget everything at a replacement', async (t) => {
    const table = pg.newTable()
    const [leader, follower] = [await pg.open(t, table), await pg.open(t, table)]
    await lead(leader)
    await leader.commit(BLIND, writes({ gone: '1', kept: '1' }))
    assert.ok(await follower.reach(leader.sequence, 5000))
    const heard = told(follower)
    using old = disposable(await follower.snapshot())
    const sequence = await leader.replace(
      (async function* () {
        for (let page = 0; page < 3; page++)
          yield [['kept', 'new', 'far'][page] ?? ''].map((key) => [key, bytes('2')] as const)
      })(),
    )
    assert.ok(await follower.reach(sequence, 5000))
    assert.deepEqual(heard, [{ sequence, keys: [], reset: true }])
    assert.deepEqual(await old.snapshot.keys({ prefix: '' }), ['gone', 'kept'])
    assert.deepEqual(await at(follower, (snapshot) => snapshot.keys({ prefix: '' })), ['far', 'kept', 'new'])
    assert.deepEqual(await pg.server.sql(`SELECT count(*)::int FROM ${table}_staging`), [{ count: 0 }])
  })
})

describe('PostgreSQL: how fresh a follower is', { skip: pg.skip }, () => {
  const freshFor = 800
  for (const how of ['silence', 'refuse'] as const) {
    it(`is current no more a while after it was cut off (${how}), and again once it is mended`, async (t) => {
      const table = pg.newTable()
      await using link = await CuttableLink.to(pg.server.port)
      const url = pg.server.url().replace(`:${pg.server.port}`, `:${link.port}`)
      const leader = await pg.open(t, table)
      const follower = await pg.open(t, table, { connectionUrl: url, timing: { poll: 50, freshFor } })
      await lead(leader)
      assert.equal(follower.current, true)
      const cut = performance.now()
      link[how]()
      await leader.commit(BLIND, writes({ unseen: '1' }))
      await until('it is not current', () => !follower.current, 5000)
      // Not at the first look that failed: its last answer may have been asked for up to a look before the cut.
      assert.ok(performance.now() - cut > freshFor / 2)
      assert.notEqual(follower.sequence, leader.sequence)
      assert.equal(leader.current, true)
      link.mend()
      await until('it is current again', () => follower.current, 10_000)
      assert.equal(follower.sequence, leader.sequence, 'it is current before it knows what happened')
    })
  }

  it('is current for as long as it leads, and at once when it follows again', async (t) => {
    const table = pg.newTable()
    const driver = await pg.open(t, table, { timing: { poll: 50, freshFor } })
    const leadership = await lead(driver)
    const began = performance.now()
    await until('it leads for longer', () => {
      assert.equal(driver.current, true)
      return performance.now() - began > freshFor * 1.5
    })
    await leadership.release()
    await until('it follows', () => driver.current, 1000)
  })
})

/** A snapshot that is closed at the end of its block. */
function disposable(snapshot: Snapshot): Disposable & { readonly snapshot: Snapshot } {
  return { snapshot, [Symbol.dispose]: () => snapshot.close() }
}
