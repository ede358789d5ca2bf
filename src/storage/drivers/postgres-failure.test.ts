import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { at, BLIND, textOf, withCode, writes } from '../../../test/support/driver-words.ts'
import { PASSWORD } from '../../../test/support/postgres.ts'
import { lead, PostgresDrivers, until } from '../../../test/support/postgres-drivers.ts'
import { Valve } from '../../../test/support/valve.ts'
import { CofferError } from '../../errors/coffer-error.ts'
import { systemClock } from '../../lib/clock.ts'
import { createLogger, LogLevels } from '../../lib/observe/index.ts'
import { openPostgres, type PostgresDriver } from './postgres.ts'

const pg = new PostgresDrivers()

describe('PostgreSQL: what breaks', { skip: pg.skip }, () => {
  /** Writes until told to stop; returns what was acknowledged. */
  async function load(driver: PostgresDriver, running: () => boolean): Promise<Set<string>> {
    const acknowledged = new Set<string>()
    let next = 0
    const writer = async (): Promise<void> => {
      while (running()) {
        const key = `k/${next++}`
        try {
          await driver.commit(BLIND, writes({ [key]: 'x'.repeat(100), [`${key}/b`]: '' }))
          acknowledged.add(key)
        } catch (error) {
          assert.ok(withCode('STORAGE_UNAVAILABLE')(error) || withCode('STORAGE_NOT_LEADER')(error), inspect(error))
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await Promise.all(Array.from({ length: 8 }, writer))
    return acknowledged
  }

  async function assertThere(driver: PostgresDriver, acknowledged: ReadonlySet<string>): Promise<void> {
    const keys = new Set(await at(driver, (snapshot) => snapshot.keys({ prefix: 'k/' })))
    for (const key of acknowledged) assert.ok(keys.has(key), `the acknowledged ${key} is lost`)
    for (const key of keys) if (!key.endsWith('/b')) assert.ok(keys.has(`${key}/b`), `${key} was torn`)
  }

  it('loses no acknowledged commit when connections are killed, and tells of each once', async (t) => {
    const table = pg.newTable()
    const [driver, other] = [await pg.open(t, table, { haEnabled: false }), await pg.open(t, table)]
    const heard: number[] = []
    const followed: number[] = []
    driver.subscribe(({ sequence }) => heard.push(sequence))
    other.subscribe(({ sequence }) => followed.push(sequence))
    let running = true
    const loaded = load(driver, () => running)
    for (let i = 0; i < 20; i++) {
      const before = driver.sequence
      await pg.server.terminate("query LIKE '%moved%'")
      await until('commits go on', () => driver.sequence > before)
    }
    running = false
    const acknowledged = await loaded
    assert.ok(acknowledged.size > 20)
    await assertThere(driver, acknowledged)
    assert.deepEqual(
      heard,
      [...new Set(heard)].toSorted((a, b) => a - b),
    )
    await until('the other hears of all', () => other.reach(driver.sequence, 1000))
    assert.deepEqual(followed, heard)
  })

  /** A driver alone, whose connections lead through a valve. */
  async function openBehind(t: { after(fn: () => Promise<void>): void }, valve: Valve, timeout: number) {
    const connectionUrl = pg.server.url().replace(`:${pg.server.port}`, `:${valve.port}`)
    return pg.open(t, pg.newTable(), { connectionUrl, haEnabled: false, lockTtl: 60, timing: { timeout } })
  }

  it('finds out about a commit whose answer was lost, and acknowledges it once', async (t) => {
    await using valve = await Valve.to(pg.server.port)
    const driver = await openBehind(t, valve, 5000)
    const heard: number[] = []
    driver.subscribe(({ sequence }) => heard.push(sequence))
    for (let round = 0; round < 5; round++) {
      await driver.commit(BLIND, writes({ a: String(round) }))
      valve.shutAnswers()
      const unanswered = driver.commit(BLIND, writes({ b: String(round) }))
      await until('it is written', async () => {
        const [meta] = await pg.server.sql(`SELECT sequence::int FROM ${driver.tables.meta}`)
        return Number(meta?.sequence) > driver.sequence
      })
      valve.cut()
      assert.equal(await unanswered, driver.sequence)
      assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'b')), String(round))
    }
    assert.deepEqual(heard, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('is not confused by a commit that arrives long after it was given up', async (t) => {
    await using valve = await Valve.to(pg.server.port)
    const driver = await openBehind(t, valve, 300)
    const heard: number[] = []
    driver.subscribe(({ sequence }) => heard.push(sequence))
    for (let round = 0; round < 3; round++) {
      await driver.commit(BLIND, writes({ a: String(round) }))
      valve.shut()
      const late = driver.commit(BLIND, writes({ b: String(round) })).catch((error: unknown) => error)
      const before = valve.accepted
      await until('it asks on another connection', () => valve.accepted > before)
      valve.open()
      const outcome = await late
      if (typeof outcome === 'number') {
        assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'b')), String(round))
      } else {
        assert.ok(withCode('STORAGE_UNAVAILABLE')(outcome), inspect(outcome))
        await until('it is written again', () =>
          driver.commit(BLIND, writes({ a: 'again' })).then(
            () => true,
            () => false,
          ),
        )
      }
    }
    const [meta] = await pg.server.sql(`SELECT sequence::int FROM ${driver.tables.meta}`)
    assert.equal(meta?.sequence, driver.sequence)
    assert.deepEqual(
      heard,
      [...new Set(heard)].toSorted((a, b) => a - b),
    )
  })

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`rides out a restart of the server (${signal})`, async (t) => {
      const driver = await pg.open(t, pg.newTable(), { haEnabled: false })
      let running = true
      const loaded = load(driver, () => running)
      await until('commits begin', () => driver.sequence > 50)
      await pg.server.stop(signal)
      await pg.server.start()
      const before = driver.sequence
      await until('commits go on', () => driver.sequence > before + 50, 30_000)
      running = false
      await assertThere(driver, await loaded)
    })
  }

  it('answers in time when the server does not', async (t) => {
    const driver = await pg.open(t, pg.newTable(), { haEnabled: false, timing: { timeout: 500 } })
    await driver.commit(BLIND, writes({ a: '1' }))
    const snapshot = await driver.snapshot()
    pg.server.freeze()
    try {
      const began = performance.now()
      await assert.rejects(async () => await snapshot.get('a'), withCode('STORAGE_UNAVAILABLE'))
      await assert.rejects(driver.commit(BLIND, writes({ b: '1' })), (error) =>
        ['STORAGE_UNAVAILABLE', 'STORAGE_NOT_LEADER'].some((code) => withCode(code)(error)),
      )
      assert.ok(performance.now() - began < 10_000)
    } finally {
      pg.server.thaw()
    }
    await until('it is written again', () =>
      driver.commit(BLIND, writes({ c: '1' })).then(
        () => true,
        () => false,
      ),
    )
    assert.equal(await textOf(snapshot, 'a'), '1')
    snapshot.close()
  })

  it('says that the disk is full when it is, of the commits that do not fit', async (t) => {
    const disk = join(pg.server.folder, 'disk')
    mkdirSync(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=777', 'tmpfs', disk]).status !== 0)
      return t.skip('may not mount a small disk')
    try {
      const table = pg.newTable()
      mkdirSync(join(disk, 'space'))
      const { uid, gid } = statSync(join(pg.server.folder, 'data'))
      chownSync(join(disk, 'space'), uid, gid)
      await pg.server.sql(`CREATE TABLESPACE small LOCATION '${join(disk, 'space')}'`)
      const driver = await pg.open(t, table, { haEnabled: false })
      await pg.server.sql(`ALTER TABLE ${table} SET TABLESPACE small`)
      await driver.commit(BLIND, writes({ first: '1' }))
      const small = driver.commit(BLIND, writes({ small: '1' }))
      const big = driver.commit(BLIND, new Map([['big', new Uint8Array(12 << 20)]]))
      await assert.rejects(big, withCode('STORAGE_FULL'))
      await small
      await driver.commit({ ...BLIND, sequence: driver.sequence, keys: new Set(['big']) }, writes({ after: '1' }))
      assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), ['after', 'first', 'small'])
      await driver.close()
      await pg.server.sql(`DROP TABLE ${table}`)
      await pg.server.sql('CHECKPOINT')
      await pg.server.sql('DROP TABLESPACE small')
    } finally {
      spawnSync('umount', ['-l', disk])
    }
  })

  it('says nothing of the password', async (t) => {
    const lines: string[] = []
    const log = createLogger({
      levels: new LogLevels('trace'),
      format: 'standard',
      sinks: [{ write: (line) => void lines.push(line) }],
      clock: systemClock,
    })
    const errors: unknown[] = []
    const failing = [
      pg.server.url().replace(String(pg.server.port), '1'),
      pg.server.url().replace('/postgres?', '/absent?'),
      pg.server.url().replace('coffer:', 'stranger:'),
      pg.server.url('sslmode=require'),
      pg.server.url('sslmode=verified'),
      pg.server.url('sslrootcert=/absent&sslmode=verify-ca'),
      pg.server.url().replace('127.0.0.1', 'no host'),
      pg.server.url().replace('postgres://', 'mysql://'),
      pg.server.url().replace('127.0.0.1:', '127.0.0.1:x'),
    ]
    for (const connectionUrl of failing) {
      await assert.rejects(openPostgres({ connectionUrl, log, timing: { timeout: 1000 } }), (error) => {
        errors.push(error)
        return error instanceof CofferError && error.code.startsWith('STORAGE_')
      })
    }
    const driver = await pg.open(t, pg.newTable(), { log })
    await lead(driver)
    await pg.server.sql(`DROP TABLE ${driver.tables.entries}`)
    await assert.rejects(driver.commit(BLIND, writes({ secret: '1' })), (error) => errors.push(error) > 0)
    await assert.rejects(
      at(driver, (snapshot) => snapshot.keys({ prefix: '' })),
      (error) => errors.push(error) > 0,
    )
    const text = inspect([errors, lines], { depth: 20, showHidden: true })
    for (const form of [PASSWORD, encodeURIComponent(PASSWORD), 'canary']) assert.ok(!text.includes(form), text)
  })
})
