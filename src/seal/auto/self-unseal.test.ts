import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requestErrors } from '../../errors/request.ts'
import { sealErrors } from '../../errors/seal.ts'
import { FakeClock } from '../../lib/clock.ts'
import { createLogger, LogLevels } from '../../lib/observe/index.ts'
import { SelfUnseal } from './self-unseal.ts'

function trying(failure: () => Error | undefined) {
  const clock = new FakeClock()
  const lines: string[] = []
  const sink = { write: (line: string) => void lines.push(line) }
  const log = createLogger({ levels: new LogLevels('info'), format: 'json', sinks: [sink], clock })
  const at: number[] = []
  const unseal = async () => {
    at.push(clock.monotonic() / 1000)
    const error = failure()
    if (error !== undefined) throw error
  }
  return { clock, at, lines, self: new SelfUnseal({ unseal, clock, log }) }
}

const away = () => sealErrors.UNAVAILABLE({ type: 'awskms' }, { cause: new Error('getaddrinfo ENOTFOUND') })

describe('a server that unseals by itself', () => {
  it('tries at once, then after one second, twice as long each time, at most a minute', async () => {
    const { clock, at, lines, self } = trying(away)
    self.start()
    await clock.advance(250_000)
    assert.deepEqual(at, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
    assert.match(lines[0] ?? '', /tries again.*getaddrinfo ENOTFOUND/)
    assert.equal(lines.length, 10)
    self.stop()
    await clock.advance(250_000)
    assert.equal(at.length, 10)
  })

  it('is done once it worked', async () => {
    let left = 2
    const { clock, at, self } = trying(() => (left-- > 0 ? away() : undefined))
    self.start()
    await clock.advance(1_000_000)
    assert.deepEqual(at, [0, 1, 3])
    assert.equal(clock.pending, 0)
  })

  it('waits for others without a word each time', async () => {
    const failures = [requestErrors.NOT_INITIALIZED(), requestErrors.NOT_INITIALIZED(), sealErrors.MIGRATING()]
    const { clock, at, lines, self } = trying(() => failures.shift())
    self.start()
    await clock.advance(60_000)
    assert.deepEqual(at, [0, 5, 10, 15])
    assert.equal(lines.length, 2)
    assert.match(lines[1] ?? '', /unseal -migrate/)
  })
})
