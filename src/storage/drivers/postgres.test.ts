import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { CofferError } from '../../errors/coffer-error.ts'
import { createLogger, LogLevels } from '../../lib/observe/index.ts'
import { PASSWORD, startPostgres, type TestPostgres, withoutPostgres } from '../../../test/support/postgres.ts'
import { CuttableLink } from '../../../test/support/cuttable-link.ts'
import { Valve } from '../../../test/support/valve.ts'
import { systemClock } from '../../lib/clock.ts'
import type { Awaitable } from '../../lib/awaitable.ts'
import type { Change, Driver, Leadership, ReadSet, Snapshot } from '../driver.ts'
import { plainCodec } from '../plain-codec.ts'
import { Store } from '../store.ts'
import { openPostgres, type PostgresDriver, type PostgresOptions } from './postgres.ts'
import { Connector } from './postgres-connection.ts'
import { ErrorTranslator } from './postgres-error.ts'
import { rangeStatement } from './postgres-snapshot.ts'
import { parseConnectionUrl } from './postgres-url.ts'
import { PostgresWriter } from './postgres-writer.ts'

const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
const withCode = (code: string) => (error: unknown) => error instanceof CofferError && error.code === code
const bytes = (text: string) => new TextEncoder().encode(text)
const writes = (entries: Record<string, string | undefined>) =>
  new Map(Object.entries(entries).map(([key, value]) => [key, value === undefined ? undefined : bytes(value)]))
const none = new AbortController().signal

async function textOf(snapshot: Snapshot, key: string): Promise<string | undefined> {
  const value = await snapshot.get(key)
  return value === undefined ? undefined : Buffer.from(value).toString()
}

async function at<T>(driver: Driver, look: (snapshot: Snapshot) => Awaitable<T>): Promise<T> {
  const snapshot = await driver.snapshot()
  try {
    return await look(snapshot)
  } finally {
    snapshot.close()
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`${what}: not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const skip = withoutPostgres()
let server: TestPostgres
let tables = 0
const newTable = () => `store_${tables++}`

/** Closed with the test. Statements may take 2 s. */
async function open(
  t: { after(fn: () => Promise<void>): void },
  table: string,
  options: Partial<PostgresOptions> = {},
): Promise<PostgresDriver> {
  const driver = await openPostgres({
    connectionUrl: server.url(),
    table,
    haEnabled: true,
    lockTtl: 2,
    ...options,
    timing: { timeout: 2000, ...options.timing },
  })
  t.after(() => driver.close())
  return driver
}

async function lead(driver: PostgresDriver, identity = 'a node'): Promise<Leadership> {
  const leadership = await driver.election?.campaign(identity, none)
  assert.ok(leadership !== undefined)
  return leadership
}

if (skip !== false) it('PostgreSQL', { skip }, () => {})
else {
  before(async () => {
    server = await startPostgres()
  })
  after(() => server[Symbol.asyncDispose]())

  describe('PostgreSQL: who leads', () => {
    it('writes only while it leads, and says who does', async (t) => {
      const table = newTable()
      const [a, b] = [await open(t, table), await open(t, table)]
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
      const table = newTable()
      const [a, b] = [await open(t, table, { lockTtl: 60 }), await open(t, table, { lockTtl: 60 })]
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
      const table = newTable()
      await using valve = await Valve.to(server.port)
      const url = server.url().replace(`:${server.port}`, `:${valve.port}`)
      const [a, b] = [await open(t, table, { connectionUrl: url }), await open(t, table)]
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
      const table = newTable()
      const a = await open(t, table)
      const first = await lead(a)
      await a.commit(BLIND, writes({ a: '1' }))
      const [position] = await server.sql(`SELECT term::int, sequence::int, attempt::int FROM ${table}_meta`)
      const settings = parseConnectionUrl(server.url())
      const connector = new Connector({ settings, clock: systemClock, timeout: 2000 })
      const reasons: string[] = []
      const writer = new PostgresWriter({
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
      assert.deepEqual(await server.sql(`SELECT count(*)::int FROM ${table} WHERE key <> 'a'`), [{ count: 0 }])
    })

    it('is followed by another when it is killed', async (t) => {
      const table = newTable()
      const script = `
        import { openPostgres } from ${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)}
        const driver = await openPostgres({ connectionUrl: process.argv[1], table: process.argv[2], haEnabled: true, lockTtl: 2 })
        await driver.election.campaign('the killed', new AbortController().signal)
        await driver.commit({ sequence: 0, keys: new Set(), prefixes: new Set() }, new Map([['a', Uint8Array.of(1)]]))
        console.log('leads')
        setInterval(() => {}, 1000)`
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, server.url(), table], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.after(async () => void child.kill('SIGKILL'))
      await once(child.stdout, 'data')
      const driver = await open(t, table)
      assert.equal((await driver.election?.leader())?.identity, 'the killed')
      child.kill('SIGKILL')
      const began = performance.now()
      await lead(driver)
      assert.ok(performance.now() - began < 4500)
      assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), ['a'])
    })

    it('stops waiting when told to', async (t) => {
      const table = newTable()
      const [a, b] = [await open(t, table), await open(t, table)]
      await lead(a)
      const stop = new AbortController()
      const waiting = b.election?.campaign('b', stop.signal)
      stop.abort(new RangeError('enough'))
      await assert.rejects(async () => await waiting, RangeError)
    })
  })

  it('PostgreSQL: a campaign ends with the driver', async (t) => {
    const table = newTable()
    const [a, b] = [await open(t, table), await open(t, table)]
    await lead(a)
    const waiting = lead(b)
    const ended = assert.rejects(waiting, withCode('STORAGE_CLOSED'))
    await b.close()
    await ended
  })

  describe('PostgreSQL: one process alone', () => {
    it('takes the store, refuses a second and names the first', async (t) => {
      const table = newTable()
      const first = await open(t, table, { haEnabled: false })
      assert.equal(first.election, undefined)
      await assert.rejects(
        open(t, table, { haEnabled: false }),
        (error) => withCode('STORAGE_IN_USE')(error) && String(error).includes(`process ${process.pid}`),
      )
      await first.commit(BLIND, writes({ a: '1' }))
      await first.close()
      await open(t, table, { haEnabled: false })
    })

    it('takes the store from a process that ended without giving it up', async (t) => {
      const table = newTable()
      await (await open(t, table, { haEnabled: false })).close()
      await server.sql(`UPDATE ${table}_leader SET nonce = 'gone', expires = now() + interval '1 second'`)
      await (await open(t, table, { haEnabled: false })).commit(BLIND, writes({ a: '1' }))
    })

    it('gets the store back when it lost it', async (t) => {
      const table = newTable()
      const driver = await open(t, table, { haEnabled: false })
      await driver.commit(BLIND, writes({ a: '1' }))
      await server.sql(
        `UPDATE ${table}_leader SET term = term + 1, nonce = 'other', expires = now() + interval '1 second'`,
      )
      await server.sql(`UPDATE ${table}_meta SET term = term + 1`)
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

  describe('PostgreSQL: what breaks', () => {
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
      const table = newTable()
      const [driver, other] = [await open(t, table, { haEnabled: false }), await open(t, table)]
      const heard: number[] = []
      const followed: number[] = []
      driver.subscribe(({ sequence }) => heard.push(sequence))
      other.subscribe(({ sequence }) => followed.push(sequence))
      let running = true
      const loaded = load(driver, () => running)
      for (let i = 0; i < 20; i++) {
        const before = driver.sequence
        await server.terminate("query LIKE '%moved%'")
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
      const connectionUrl = server.url().replace(`:${server.port}`, `:${valve.port}`)
      return open(t, newTable(), { connectionUrl, haEnabled: false, lockTtl: 60, timing: { timeout } })
    }

    it('finds out about a commit whose answer was lost, and acknowledges it once', async (t) => {
      await using valve = await Valve.to(server.port)
      const driver = await openBehind(t, valve, 5000)
      const heard: number[] = []
      driver.subscribe(({ sequence }) => heard.push(sequence))
      for (let round = 0; round < 5; round++) {
        await driver.commit(BLIND, writes({ a: String(round) }))
        valve.shutAnswers()
        const unanswered = driver.commit(BLIND, writes({ b: String(round) }))
        await until('it is written', async () => {
          const [meta] = await server.sql(`SELECT sequence::int FROM ${driver.tables.meta}`)
          return Number(meta?.sequence) > driver.sequence
        })
        valve.cut()
        assert.equal(await unanswered, driver.sequence)
        assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'b')), String(round))
      }
      assert.deepEqual(heard, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    })

    it('is not confused by a commit that arrives long after it was given up', async (t) => {
      await using valve = await Valve.to(server.port)
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
      const [meta] = await server.sql(`SELECT sequence::int FROM ${driver.tables.meta}`)
      assert.equal(meta?.sequence, driver.sequence)
      assert.deepEqual(
        heard,
        [...new Set(heard)].toSorted((a, b) => a - b),
      )
    })

    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      it(`rides out a restart of the server (${signal})`, async (t) => {
        const driver = await open(t, newTable(), { haEnabled: false })
        let running = true
        const loaded = load(driver, () => running)
        await until('commits begin', () => driver.sequence > 50)
        await server.stop(signal)
        await server.start()
        const before = driver.sequence
        await until('commits go on', () => driver.sequence > before + 50, 30_000)
        running = false
        await assertThere(driver, await loaded)
      })
    }

    it('answers in time when the server does not', async (t) => {
      const driver = await open(t, newTable(), { haEnabled: false, timing: { timeout: 500 } })
      await driver.commit(BLIND, writes({ a: '1' }))
      const snapshot = await driver.snapshot()
      server.freeze()
      try {
        const began = performance.now()
        await assert.rejects(async () => await snapshot.get('a'), withCode('STORAGE_UNAVAILABLE'))
        await assert.rejects(driver.commit(BLIND, writes({ b: '1' })), (error) =>
          ['STORAGE_UNAVAILABLE', 'STORAGE_NOT_LEADER'].some((code) => withCode(code)(error)),
        )
        assert.ok(performance.now() - began < 10_000)
      } finally {
        server.thaw()
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
      const disk = join(server.folder, 'disk')
      mkdirSync(disk)
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=777', 'tmpfs', disk]).status !== 0)
        return t.skip('may not mount a small disk')
      try {
        const table = newTable()
        mkdirSync(join(disk, 'space'))
        const { uid, gid } = statSync(join(server.folder, 'data'))
        chownSync(join(disk, 'space'), uid, gid)
        await server.sql(`CREATE TABLESPACE small LOCATION '${join(disk, 'space')}'`)
        const driver = await open(t, table, { haEnabled: false })
        await server.sql(`ALTER TABLE ${table} SET TABLESPACE small`)
        await driver.commit(BLIND, writes({ first: '1' }))
        const small = driver.commit(BLIND, writes({ small: '1' }))
        const big = driver.commit(BLIND, new Map([['big', new Uint8Array(12 << 20)]]))
        await assert.rejects(big, withCode('STORAGE_FULL'))
        await small
        await driver.commit({ ...BLIND, sequence: driver.sequence, keys: new Set(['big']) }, writes({ after: '1' }))
        assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), ['after', 'first', 'small'])
        await driver.close()
        await server.sql(`DROP TABLE ${table}`)
        await server.sql('CHECKPOINT')
        await server.sql('DROP TABLESPACE small')
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
        server.url().replace(String(server.port), '1'),
        server.url().replace('/postgres?', '/absent?'),
        server.url().replace('coffer:', 'stranger:'),
        server.url('sslmode=require'),
        server.url('sslmode=verified'),
        server.url('sslrootcert=/absent&sslmode=verify-ca'),
        server.url().replace('127.0.0.1', 'no host'),
        server.url().replace('postgres://', 'mysql://'),
        server.url().replace('127.0.0.1:', '127.0.0.1:x'),
      ]
      for (const connectionUrl of failing) {
        await assert.rejects(openPostgres({ connectionUrl, log, timing: { timeout: 1000 } }), (error) => {
          errors.push(error)
          return error instanceof CofferError && error.code.startsWith('STORAGE_')
        })
      }
      const driver = await open(t, newTable(), { log })
      await lead(driver)
      await server.sql(`DROP TABLE ${driver.tables.entries}`)
      await assert.rejects(driver.commit(BLIND, writes({ secret: '1' })), (error) => errors.push(error) > 0)
      await assert.rejects(
        at(driver, (snapshot) => snapshot.keys({ prefix: '' })),
        (error) => errors.push(error) > 0,
      )
      const text = inspect([errors, lines], { depth: 20, showHidden: true })
      for (const form of [PASSWORD, encodeURIComponent(PASSWORD), 'canary']) assert.ok(!text.includes(form), text)
    })
  })

  describe('PostgreSQL: followers', () => {
    const told = (driver: PostgresDriver) => {
      const heard: Change[] = []
      driver.subscribe((change) => heard.push(change))
      return heard
    }

    it('hear of every commit in order, before a snapshot shows it, though their connections are killed', async (t) => {
      const table = newTable()
      const [leader, follower] = [await open(t, table), await open(t, table, { timing: { poll: 200 } })]
      await lead(leader)
      const heard = told(follower)
      const sequences: number[] = []
      for (let i = 0; i < 200; i++) {
        sequences.push(await leader.commit(BLIND, writes({ [`k${i}`]: '', all: String(i) })))
        if (i % 50 === 0) await server.terminate(`query LIKE 'LISTEN "${table}%'`)
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
      const table = newTable()
      const [leader, follower] = [await open(t, table), await open(t, table, { timing: { poll: 60_000 } })]
      await lead(leader)
      // Its own look at the start may still be under way.
      await leader.commit(BLIND, writes({ a: '1' }))
      assert.ok(await follower.reach(leader.sequence, 5000))
      await leader.commit(BLIND, writes({ a: '2' }))
      await until('it is told', () => follower.sequence === leader.sequence, 3000)
    })

    it('show what another thread of the process has announced', async (t) => {
      const table = newTable()
      const leader = await open(t, table)
      const follower = await open(t, table, { timing: { poll: 60_000 }, announced: () => leader.sequence })
      await lead(leader)
      for (let i = 0; i < 50; i++) {
        await leader.commit(BLIND, writes({ a: String(i) }))
        assert.equal(await at(follower, (snapshot) => textOf(snapshot, 'a')), String(i))
      }
      assert.ok(!(follower.snapshot() instanceof Promise), 'a snapshot of one who is not behind waits for nothing')
    })

    it('forget everything where the log does not reach back', async (t) => {
      const table = newTable()
      const leader = await open(t, table)
      await lead(leader)
      await leader.commit(BLIND, writes({ a: '1' }))
      await using valve = await Valve.to(server.port)
      const url = server.url().replace(`:${server.port}`, `:${valve.port}`)
      const follower = await open(t, table, { connectionUrl: url, timing: { poll: 100 } })
      const heard = told(follower)
      valve.shut()
      for (let i = 0; i < 5; i++) await leader.commit(BLIND, writes({ [`k${i}`]: '1' }))
      await server.sql(`DELETE FROM ${table}_changes WHERE seq < $1`, [leader.sequence])
      valve.open()
      assert.ok(await follower.reach(leader.sequence, 5000))
      assert.deepEqual(heard, [{ sequence: leader.sequence, keys: [], reset: true }])
      assert.equal((await at(follower, (snapshot) => snapshot.keys({ prefix: 'k' }))).length, 5)
    })

    it('forget everything at a replacement', async (t) => {
      const table = newTable()
      const [leader, follower] = [await open(t, table), await open(t, table)]
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
      assert.deepEqual(await server.sql(`SELECT count(*)::int FROM ${table}_staging`), [{ count: 0 }])
    })
  })

  describe('PostgreSQL: how fresh a follower is', () => {
    const freshFor = 800
    for (const how of ['silence', 'refuse'] as const) {
      it(`is current no more a while after it was cut off (${how}), and again once it is mended`, async (t) => {
        const table = newTable()
        await using link = await CuttableLink.to(server.port)
        const url = server.url().replace(`:${server.port}`, `:${link.port}`)
        const leader = await open(t, table)
        const follower = await open(t, table, { connectionUrl: url, timing: { poll: 50, freshFor } })
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
      const table = newTable()
      const driver = await open(t, table, { timing: { poll: 50, freshFor } })
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

  describe('PostgreSQL: old versions', () => {
    const rows = async (table: string) => Number((await server.sql(`SELECT count(*) AS n FROM ${table}`))[0]?.n)

    it('go, and never one that an open snapshot shows', async (t) => {
      const table = newTable()
      const driver = await open(t, table, { haEnabled: false, timing: { retention: 0 } })
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
      const table = newTable()
      const driver = await open(t, table, { haEnabled: false, timing: { retention: 0 } })
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
      const table = newTable()
      const driver = await open(t, table, { haEnabled: false })
      for (let i = 0; i < 10; i++) await driver.commit(BLIND, writes({ a: String(i) }))
      assert.equal(await driver.collect(), 0)
      assert.equal(await rows(table), 10)
    })

    it('stay for a long snapshot of another node; one that nobody told of fails and shows nothing wrong', async (t) => {
      const table = newTable()
      const leader = await open(t, table, { timing: { retention: 0 } })
      const [long, silent] = [await open(t, table, { timing: { pinAfter: 50 } }), await open(t, table)]
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

  describe('PostgreSQL: what is stored', () => {
    it('takes keys with any character and values of many sizes, more than one statement holds', async (t) => {
      const driver = await open(t, newTable(), { haEnabled: false, timing: { timeout: 10_000 } })
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
      const driver = await open(t, newTable(), { haEnabled: false })
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
        await server.terminate("query LIKE '%moved%'")
        await all
      }
      assert.equal(seen, 100)
      assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'counter')), '100')
    })

    it('reads ranges in the order of the index, without sorting, whatever the statistics', async (t) => {
      const table = newTable()
      const driver = await open(t, table)
      await server.sql(`INSERT INTO ${table} SELECT ('k/' || lpad(i::text, 8, '0'))::bytea, v, repeat('x', 50)::bytea
        FROM generate_series(1, 20000) AS i, generate_series(1, 2) AS v`)
      for (const statistics of [false, true]) {
        if (statistics) await server.sql(`ANALYZE ${table}`)
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

  describe('PostgreSQL: its tables', () => {
    it('are made once by many that start at once', async (t) => {
      const table = newTable()
      const drivers = await Promise.all(Array.from({ length: 6 }, () => open(t, table)))
      assert.equal(drivers.length, 6)
      for (const name of ['meta', 'leader', 'horizon']) {
        assert.deepEqual(await server.sql(`SELECT count(*)::int FROM ${table}_${name}`), [{ count: 1 }], name)
      }
    })

    it('stand in a schema where that is asked for, and the leader in a table of its own', async (t) => {
      await server.sql('CREATE SCHEMA other')
      const driver = await open(t, 'other.store', { haTable: 'other.who' })
      await lead(driver, 'me')
      await driver.commit(BLIND, writes({ a: '1' }))
      assert.deepEqual(await server.sql('SELECT identity FROM other.who'), [{ identity: 'me' }])
      assert.deepEqual(await server.sql('SELECT count(*)::int FROM other.store'), [{ count: 1 }])
    })

    it('have names that are names', async () => {
      const names = [
        'a";drop table x;--',
        '',
        'a.b.c',
        '.a',
        'a.',
        'a b',
        '1a',
        'a'.repeat(52),
        'a\0',
        'ä',
        'a"',
        'a\n',
      ]
      for (const name of names) {
        const refused = withCode('STORAGE_CANNOT_OPEN')
        await assert.rejects(openPostgres({ connectionUrl: server.url(), table: name }), refused, name)
        await assert.rejects(openPostgres({ connectionUrl: server.url(), haTable: name }), refused, name)
      }
      const longest = 'L'.repeat(51)
      await (await openPostgres({ connectionUrl: server.url(), table: longest })).close()
      assert.deepEqual(await server.sql(`SELECT count(*)::int FROM pg_tables WHERE tablename LIKE 'LLLL%'`), [
        { count: 7 },
      ])
    })

    it('are not touched where they are newer, nor made where they are not to be', async (t) => {
      const table = newTable()
      const absent = { haEnabled: true, skipCreateTable: true }
      await assert.rejects(open(t, table, absent), withCode('STORAGE_CANNOT_OPEN'))
      await (await open(t, table)).close()
      await (await open(t, table, absent)).close()
      await server.sql(`UPDATE ${table}_meta SET version = 99`)
      await assert.rejects(
        open(t, table),
        (error) => withCode('STORAGE_CANNOT_OPEN')(error) && String(error).includes('99'),
      )
    })

    it('need no right to make any once they are there', async (t) => {
      const table = newTable()
      await (await open(t, table)).close()
      await server.sql(`CREATE ROLE poor LOGIN PASSWORD 'canary poor'`)
      for (const suffix of ['', '_meta', '_leader', '_changes', '_horizon', '_pins', '_staging']) {
        await server.sql(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table}${suffix} TO poor`)
      }
      const url = new URL(server.url())
      url.username = 'poor'
      url.password = 'canary poor'
      const driver = await open(t, table, { connectionUrl: url.href, haEnabled: false, timing: { retention: 0 } })
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
}

/** A snapshot that is closed at the end of its block. */
function disposable(snapshot: Snapshot): Disposable & { readonly snapshot: Snapshot } {
  return { snapshot, [Symbol.dispose]: () => snapshot.close() }
}
