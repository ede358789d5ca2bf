import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../lib/clock.ts'
import { SteadyTime } from './steady-time.ts'

const HOUR = 3_600_000

test('it follows the clock, and its small corrections, without going back', async () => {
  const clock = new FakeClock(0)
  const time = new SteadyTime(clock)
  await clock.advance(1000)
  assert.deepEqual([time.now(), time.due()], [1000, 1000])
  clock.jump(300)
  assert.deepEqual([time.now(), time.due()], [1300, 1300])
  clock.jump(-300)
  assert.deepEqual([time.now(), time.due()], [1300, 1300])
  await clock.advance(500)
  assert.deepEqual([time.now(), time.due()], [1500, 1500])
})

test('a leap ahead counts at once for refusing, for revoking when it has lasted', async () => {
  const clock = new FakeClock(0)
  const time = new SteadyTime(clock)
  clock.jump(HOUR)
  assert.deepEqual([time.now(), time.due()], [HOUR, 0])
  await clock.advance(30_000)
  assert.equal(time.due(), 30_000)
  await clock.advance(10_000)
  assert.equal(time.due(), HOUR + 40_000)
})

test('a leap ahead and back leaves no trace', async () => {
  const clock = new FakeClock(0)
  const time = new SteadyTime(clock)
  clock.jump(HOUR)
  assert.equal(time.due(), 0)
  await clock.advance(30_000)
  clock.jump(-HOUR)
  await clock.advance(60_000)
  assert.deepEqual([time.now(), time.due()], [90_000, 90_000])
})

test('a clock that is set back is not followed', async () => {
  const clock = new FakeClock(HOUR)
  const time = new SteadyTime(clock)
  clock.jump(-HOUR / 2)
  await clock.advance(60_000)
  assert.deepEqual([time.now(), time.due()], [HOUR + 60_000, HOUR + 60_000])
})
