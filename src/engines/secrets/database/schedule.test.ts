import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMissed, nextRotation, parseSchedule, ttlOf } from './schedule.ts'

const at = (text: string): number => Date.parse(text)
const next = (schedule: string, after: string): string =>
  new Date(parseSchedule(schedule)?.next(at(after)) ?? Number.NaN).toISOString()

test('schedules of five fields, in UTC', () => {
  assert.equal(next('0 0 * * SAT', '2026-01-01T10:00:00Z'), '2026-01-03T00:00:00.000Z')
  assert.equal(next('*/15 * * * *', '2026-01-01T10:00:00Z'), '2026-01-01T10:15:00.000Z')
  assert.equal(next('*/15 * * * *', '2026-01-01T10:14:59.500Z'), '2026-01-01T10:15:00.000Z')
  assert.equal(next('30 2 29 2 *', '2026-01-01T00:00:00Z'), '2028-02-29T02:30:00.000Z')
  // As cron has it: one of the two is enough.
  assert.equal(next('0 0 13 * FRI', '2026-01-01T00:00:00Z'), '2026-01-02T00:00:00.000Z')
  assert.equal(next('0 9-17/4 * JAN,MAR MON-FRI', '2026-01-30T18:00:00Z'), '2026-03-02T09:00:00.000Z')
})

test('what is none', () => {
  for (const text of [
    '',
    '* * * *',
    '* * * * * *',
    '61 * * * *',
    '@daily',
    'a b c d e',
    '0 0 L * *',
    '* * * * *;',
    '0 0 31 2 *',
  ])
    assert.equal(parseSchedule(text), undefined, text)
})

test('the next rotation, and what is left until then', () => {
  const last = at('2026-01-01T10:00:00Z')
  assert.equal(nextRotation({ period: 60, schedule: '' }, last), last + 60_000)
  assert.equal(nextRotation({ period: 0, schedule: '0 * * * *' }, last), last + 3_600_000)
  assert.equal(ttlOf({ nextRotation: last + 1499 }, last), 1)
  assert.equal(ttlOf({ nextRotation: last - 5000 }, last), 0)
})

test('a window that has passed', () => {
  const of = (schedule: string, window: number, now: number): boolean =>
    isMissed({ schedule, window, nextRotation: 1000 }, now)
  assert.equal(of('0 * * * *', 3600, 3_601_000), false)
  assert.equal(of('0 * * * *', 3600, 3_601_001), true)
  assert.equal(of('0 * * * *', 0, 9_999_999), false)
  assert.equal(of('', 3600, 9_999_999), false)
})
