import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, BLIND, bytes, writes } from '../../../test/support/driver-words.ts'
import { PASSWORD } from '../../../test/support/postgres.ts'
import { lead, PostgresDrivers, until } from '../../../test/support/postgres-drivers.ts'
import { systemClock } from '../../lib/clock.ts'
import { createLogger, LogLevels } from '../../lib/observe/index.ts'
import type { Change } from '../driver.ts'

const pg = new PostgresDrivers()

describe('PostgreSQL: servers that lack something', { skip: pg.skip }, () => {
  for (const kind of ['forbidden', 'strange'] as const) {
    it(`are written to, and followed by looking: ${kind}`, async (t) => {
      const connectionUrl = await pg.server.mute(kind)
      const table = pg.newTable()
      const lines: string[] = []
      const log = createLogger({
        levels: new LogLevels('warn'),
        format: 'standard',
        sinks: [{ write: (line) => void lines.push(line) }],
        clock: systemClock,
      })
      const options = { connectionUrl, log, timing: { poll: 100 } }
      // Both make the tables at once.
      const [leader, follower] = await Promise.all([pg.open(t, table, options), pg.open(t, table, options)])
      assert.equal(lines.filter((line) => line.includes('cannot tell of commits')).length, 2, 'each says so once')
      const first = await lead(leader, 'a')
      const waiting = lead(follower, 'b')
      const heard: Change[] = []
      follower.subscribe((change) => heard.push(change))
      for (let i = 0; i < 5; i++) await leader.commit(BLIND, writes({ [`k${i}`]: '1' }))
      await until('it has looked', () => follower.sequence === leader.sequence, 5000)
      assert.deepEqual(
        heard.flatMap(({ keys }) => keys),
        ['k0', 'k1', 'k2', 'k3', 'k4'],
      )
      // Too large for one statement.
      await leader.commit(
        BLIND,
        new Map([
          ['a', new Uint8Array(12 << 20)],
          ['b', new Uint8Array(12 << 20)],
        ]),
      )
      await leader.replace(
        (async function* () {
          yield [['c', bytes('2')]] as const
        })(),
      )
      await until('it has looked', () => follower.sequence === leader.sequence, 5000)
      assert.deepEqual(await at(follower, (snapshot) => snapshot.keys({ prefix: '' })), ['c'])
      await leader.collect()
      await first.release()
      await waiting
      await follower.commit(BLIND, writes({ d: '3' }))
      await until('the first has looked', () => leader.sequence === follower.sequence, 5000)
      assert.ok(!lines.some((line) => line.includes('given up and will run out')), lines.join(''))
      assert.equal(lines.filter((line) => line.includes('cannot tell of commits')).length, 2)
    })
  }

  it('have each setting that they know, on every connection', async (t) => {
    const { port } = pg.server
    const strange = `postgres://mute_strange:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/mute_strange?sslmode=disable`
    for (const [connectionUrl, sorts] of [
      [strange, 'on'],
      [pg.server.url(), 'off'],
    ] as const) {
      const driver = await pg.open(t, pg.newTable(), { connectionUrl })
      const settings = {
        text: `SELECT current_setting('statement_timeout') AS t, current_setting('enable_sort') AS s`,
      }
      const all = await Promise.all(
        Array.from({ length: 4 }, () => driver.reader.query<{ t: string; s: string }>(settings)),
      )
      assert.deepEqual(
        all.map(({ rows }) => rows[0]),
        all.map(() => ({ t: '2s', s: sorts })),
      )
    }
  })
})
