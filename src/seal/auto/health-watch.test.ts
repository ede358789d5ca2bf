import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../lib/clock.ts'
import { sealErrors } from '../../errors/seal.ts'
import { createLogger, LogLevels, Metrics } from '../../lib/observe/index.ts'
import { HealthWatch } from './health-watch.ts'

const MINUTE = 60_000

function watched() {
  const clock = new FakeClock()
  const metrics = new Metrics(clock)
  const lines: string[] = []
  const sink = { write: (line: string) => void lines.push(line) }
  const log = createLogger({ levels: new LogLevels('info'), format: 'json', sinks: [sink], clock })
  const state = { tests: 0, away: false, rewraps: 0 }
  const test = async () => {
    state.tests++
    if (state.away) throw sealErrors.UNAVAILABLE({ type: 'transit' }, { cause: new Error('ECONNREFUSED') })
  }
  const watch = new HealthWatch({
    seal: { type: 'transit', test },
    clock,
    log,
    metrics,
    rewrap: async () => ++state.rewraps === 1,
  })
  const unreachable = () =>
    metrics.report().find(({ name }) => name === 'vault.seal.unreachable.time')?.series[0]?.value
  return { clock, watch, state, lines, unreachable }
}

describe('the watch over a key service', () => {
  it('tests it at once and every ten minutes, and every minute while it fails', async () => {
    const { clock, watch, state, lines, unreachable } = watched()
    watch.start(true)
    await clock.advance(0)
    assert.deepEqual([state.tests, state.rewraps], [1, 1])
    await clock.advance(9 * MINUTE)
    assert.equal(state.tests, 1)
    state.away = true
    await clock.advance(MINUTE)
    const since = clock.now()
    assert.deepEqual(watch.status(), { healthy: false, unhealthySince: since })
    assert.equal(unreachable(), 10 * MINUTE)
    await clock.advance(3 * MINUTE)
    assert.equal(state.tests, 5)
    assert.equal(state.rewraps, 1)
    assert.deepEqual(watch.status(), { healthy: false, unhealthySince: since })
    assert.equal(unreachable(), 13 * MINUTE)
    state.away = false
    await clock.advance(MINUTE)
    assert.deepEqual(watch.status(), { healthy: true, unhealthySince: undefined })
    assert.equal(unreachable(), 0)
    await clock.advance(9 * MINUTE)
    assert.equal(state.tests, 6)
    const text = lines.join('')
    assert.match(text, /failed its test.*ECONNREFUSED/)
    assert.match(text, /works again.*840/)
    assert.match(text, /wrapped the root key anew/)
  })

  it('ends when the server is sealed, and begins anew', async () => {
    const { clock, watch, state } = watched()
    state.away = true
    watch.start(true)
    await clock.advance(0)
    assert.equal(watch.status().healthy, false)
    watch.stop()
    assert.equal(watch.status().healthy, true)
    await clock.advance(60 * MINUTE)
    assert.equal(state.tests, 1)
    watch.start(false)
    await clock.advance(MINUTE)
    assert.equal(state.tests, 3)
    state.away = false
    await clock.advance(MINUTE)
    assert.deepEqual([state.tests, state.rewraps], [4, 0], 'who only reads wraps nothing')
  })
})
