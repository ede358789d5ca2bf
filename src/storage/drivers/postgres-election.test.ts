import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { at, BLIND, withCode, writes } from '../../../test/support/driver-words.ts'
import { lead, PostgresDrivers, until } from '../../../test/support/postgres-drivers.ts'
import { Valve } from '../../../test/support/valve.ts'
import { systemClock } from '../../lib/clock.ts'
import { Connector } from './postgres-connection.ts'
import { ErrorTranslator } from './postgres-error.ts'
import { PostgresNotices } from './postgres-notices.ts'
import { parseConnectionUrl } from './postgres-url.ts'
import { PostgresWriter } from './postgres-writer.ts'

const pg = new PostgresDrivers()

describe('PostgreSQL: who leads', { skip: pg.skip }, () => {
  it('writes only while it leads, and says who does', async (t) => {
    const table = pg.newTable()
    const [a, b] = [await pg.open(t, table), await pg.open(t, table)]
    assert.equal(await a.election?.leader(), undefined)
    await assert.rejects(a.commit(BLIND, writes({ a: '1' })), withCode('STORAGE_NOT_LEADER'))
    const first = await lead(a, 'node a')
    assert.deepEqual(await b.election?.leader(), { term: first.term, identity: 'node a' })
    await a.commit(BLIND, writes({ a: '1' }))
    await assert.rejects(b.commit(BLIND, writes({ a: '2' })), withCode('STORAGE_NOT_LEADER'))
    await assert.rejects(
      b.replace(
        (async function* () {
          yield []
        })(),
      ),
      withCode('STORAGE_NOT_LEADER'),
    )
  })

  it('hands over at once when it is given up, after the commits under way', async (t) => {
    const table = pg.newTable()
    const [a, b] = [await pg.open(t, table, { lockTtl: 60 }), await pg.open(t, table, { lockTtl: 60 })]
    const first = await lead(a)
    const waiting = lead(b)
    const underWay = Array.from({ length: 20 }, (_, i) => a.commit(BLIND, writes({ [`k${i}`]: '1' })))
    const released = first.release()
    await assert.rejects(a.commit(BLIND, writes({ late: '1' })), withCode('STORAGE_NOT_LEADER'))
    await released
    const began = performance.now()
    const second = await waiting
    assert.ok(performance.now() - began < 3000)
    assert.equal(await first.lost, 'it was released')
    assert.equal(second.term, first.term + 1)
    await Promise.all(underWay)
    assert.equal((await at(b, (snapshot) => snapshot.keys({ prefix: '' }))).length, 20)
    await b.commit(BLIND, writes({ b: '1' }))
    await until('the first follows', () => a.reach(b.sequence, 1000))
  })

  it('is cut off from the database while it writes: it loses, and what it sent arrives too late', async (t) => {
    const table = pg.newTable()
    await using valve = await Valve.to(pg.server.port)
    const url = pg.server.url().replace(`:${pg.server.port}`, `:${valve.port}`)
    const [a, b] = [await pg.open(t, table, { connectionUrl: url }), await pg.open(t, table)]
    const first = await lead(a, 'a')
    await a.commit(BLIND, writes({ before: '1' }))
    valve.shut()
    const sent = a.commit(BLIND, writes({ late: 'a' }))
    sent.catch(() => undefined)
    const second = await lead(b, 'b')
    // Whoever is told that it leads must find that the other may no longer rely on it.
    assert.ok(performance.now() > first.validUntil)
    assert.ok(second.term > first.term)
    await b.commit(BLIND, writes({ after: 'b' }))
    assert.match(await first.lost, /in time|another node/)
    valve.open()
    await assert.rejects(
      sent,
      (error) => withCode('STORAGE_NOT_LEADER')(error) || withCode('STORAGE_UNAVAILABLE')(error),
    )
    await assert.rejects(a.commit(BLIND, writes({ later: 'a' })), withCode('STORAGE_NOT_LEADER'))
    await until('the first follows again', () => a.reach(b.sequence, 1000))
    for (const driver of [a, b]) {
      assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), ['after', 'before'])
    }
  })

  it('lets no statement of an earlier term in, whoever sends it', async (t) => {
    const table = pg.newTable()
    const a = await pg.open(t, table)
    const first = await lead(a)
    await a.commit(BLIND, writes({ a: '1' }))
    const [position] = await pg.server.sql(`SELECT term::int, sequence::int, attempt::int FROM ${table}_meta`)
    const settings = parseConnectionUrl(pg.server.url())
    const connector = new Connector({ settings, clock: systemClock, timeout: 2000 })
    const reasons: string[] = []
    const writer = new PostgresWriter({
      notices: new PostgresNotices(),
      connector,
      tables: a.tables,
      errors: new ErrorTranslator([]),
      position: {
        term: Number(position?.term),
        sequence: Number(position?.sequence),
        attempt: Number(position?.attempt),
      },
      until: () => performance.now() + 2000,
      onLost: (reason) => reasons.push(reason),
    })
    await first.release()
    await lead(a)
    const big = new Uint8Array(20 << 20)
    for (const late of [
      writes({ late: '1' }),
      new Map([
        ['late', big],
        ['late2', big],
      ]),
    ]) {
      await assert.rejects(writer.write([{ sequence: a.sequence + 1, writes: late }]), withCode('STORAGE_NOT_LEADER'))
    }
    assert.equal(reasons.length, 2)
    writer.close()
    assert.deepEqual(await pg.server.sql(`SELECT count(*)::int FROM ${table} WHERE key <> 'a'`), [{ count: 0 }])
  })

  it('is followed by another when it is killed', async (t) => {
    const table = pg.newTable()
    const script = `
      import { openPostgres } from ${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)}
      const driver = await openPostgres({ connectionUrl: process.argv[1], table: process.argv[2], haEnabled: true, lockTtl: 2 })
      await driver.election.campaign('the killed', new AbortController().signal)
      await driver.commit({ sequence: 0, keys: new Set(), prefixes: new Set() }, new Map([['a', Uint8Array.of(1)]]))
      console.log('leads')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, pg.server.url(), table], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(async () => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    const driver = await pg.open(t, table)
    assert.equal((await driver.election?.leader())?.identity, 'the killed')
    child.kill('SIGKILL')
    const began = performance.now()
    await lead(driver)
    assert.ok(performance.now() - began < 4500)
    assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), ['a'])
  })

  it('stops waiting when told to', async (t) => {
    const table = pg.newTable()
    const [a, b] = [await pg.open(t, table), await pg.open(t, table)]
    await lead(a)
    const stop = new AbortController()
    const waiting = b.election?.campaign('b', stop.signal)
    stop.abort(new RangeError('enough'))
    await assert.rejects(async () => await waiting, RangeError)
  })
})

it('PostgreSQL: a campaign ends with the driver', { skip: pg.skip }, async (t) => {
  const table = pg.newTable()
  const [a, b] = [await pg.open(t, table), await pg.open(t, table)]
  await lead(a)
  const waiting = lead(b)
  const ended = assert.rejects(waiting, withCode('STORAGE_CLOSED'))
  await b.close()
  await ended
})

describe('PostgreSQL: one process alone', { skip: pg.skip }, () => {
  it('takes the store, refuses a second and names the first', async (t) => {
    const table = pg.newTable()
    const first = await pg.open(t, table, { haEnabled: false })
    assert.equal(first.election, undefined)
    await assert.rejects(
      pg.open(t, table, { haEnabled: false }),
      (error) => withCode('STORAGE_IN_USE')(error) && String(error).includes(`process ${process.pid}`),
    )
    await first.commit(BLIND, writes({ a: '1' }))
    await first.close()
    await pg.open(t, table, { haEnabled: false })
  })

  it('takes the store from a process that ended without giving it up', async (t) => {
    const table = pg.newTable()
    await (await pg.open(t, table, { haEnabled: false })).close()
    await pg.server.sql(`UPDATE ${table}_leader SET nonce = 'gone', expires = now() + interval '1 second'`)
    await (await pg.open(t, table, { haEnabled: false })).commit(BLIND, writes({ a: '1' }))
  })

  it('gets the store back when it lost it', async (t) => {
    const table = pg.newTable()
    const driver = await pg.open(t, table, { haEnabled: false })
    await driver.commit(BLIND, writes({ a: '1' }))
    await pg.server.sql(
      `UPDATE ${table}_leader SET term = term + 1, nonce = 'other', expires = now() + interval '1 second'`,
    )
    await pg.server.sql(`UPDATE ${table}_meta SET term = term + 1`)
    await assert.rejects(driver.commit(BLIND, writes({ b: '1' })), withCode('STORAGE_NOT_LEADER'))
    await until('it is written again', () =>
      driver.commit(BLIND, writes({ c: '1' })).then(
        () => true,
        () => false,
      ),
    )
    assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), ['a', 'c'])
  })
})
