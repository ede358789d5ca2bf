import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../lib/clock.ts'
import { Freshness } from './freshness.ts'

test('what was never seen is not current', () => {
  assert.equal(new Freshness(new FakeClock()).current, false)
})

test('it is current for as long as is said, from the moment of asking', async () => {
  const clock = new FakeClock()
  const freshness = new Freshness(clock, 100)
  const asked = clock.monotonic()
  // The answer took its time.
  await clock.advance(60)
  freshness.note(asked)
  assert.equal(freshness.current, true)
  await clock.advance(39)
  assert.equal(freshness.current, true)
  await clock.advance(1)
  assert.equal(freshness.current, false)
})

test('an answer that comes late does not take back what a later one has shown', async () => {
  const clock = new FakeClock()
  const freshness = new Freshness(clock, 100)
  await clock.advance(50)
  freshness.note(clock.monotonic())
  freshness.note(0)
  await clock.advance(60)
  assert.equal(freshness.current, true)
})

test('a wall clock that is put back makes nothing fresh again', async () => {
  const clock = new FakeClock()
  const freshness = new Freshness(clock, 100)
  freshness.note(clock.monotonic())
  await clock.advance(100)
  clock.jump(-1_000_000)
  assert.equal(freshness.current, false)
})
