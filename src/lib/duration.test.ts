import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatDuration, formatDurationShort, parseDuration, parseDurationMs } from './duration.ts'

describe('parseDuration', () => {
  const accepted: readonly (readonly [string, number])[] = [
    ['3600', 3600],
    ['90', 90],
    ['0', 0],
    ['+5', 5],
    ['-1', -1],
    ['1h30m', 5400],
    ['1d', 86_400],
    ['30d', 2_592_000],
    ['-2d', -172_800],
    ['1.5h', 5400],
    ['.5m', 30],
    ['1.s', 1],
    ['500ms', 0],
    ['1500ms', 1],
    ['2h45m30s', 9930],
    ['1m1m', 120],
    ['-1h', -3600],
    ['1000000us', 1],
    ['1000000µs', 1],
    ['1000000000ns', 1],
    ['0768h', 2_764_800],
    ['9223372036', 9_223_372_036],
  ]
  for (const [text, seconds] of accepted)
    it(`${text} is ${seconds} s`, () => assert.equal(parseDuration(text), seconds))

  const refused = [
    '',
    ' ',
    ' 1',
    '1 ',
    '1h ',
    'h',
    '1x',
    '1.5',
    '1.5d',
    '1d2h',
    '1h1',
    'd',
    '-',
    '+',
    '--1',
    '1e3s',
    '1e3',
    '0x10',
    '1_000',
    '٣',
    '1H',
    '9999999999h',
    '9223372037',
    '106752d',
    '.s',
    '1..5s',
    'Infinity',
    '1'.repeat(200),
  ]
  for (const text of refused)
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => assert.equal(parseDuration(text), undefined))

  it('gives milliseconds where asked', () => {
    assert.equal(parseDurationMs('250ms'), 250)
    assert.equal(parseDurationMs('1.5s'), 1500)
    assert.equal(parseDurationMs('2'), 2000)
  })
})

describe('formatDuration', () => {
  it('writes as Go does', () => {
    assert.equal(formatDuration(2_764_800), '768h0m0s')
    assert.equal(formatDuration(90), '1m30s')
    assert.equal(formatDuration(0), '0s')
    assert.equal(formatDuration(-5), '-5s')
    assert.equal(formatDuration(0.25), '0.25s')
  })

  it('has a short form', () => {
    assert.deepEqual([2_764_800, 5400, 60, 0, 3601].map(formatDurationShort), ['768h', '1h30m', '1m', '0s', '1h0m1s'])
  })

  it('is read back as the same time', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 9e9 }), (seconds) => {
        assert.equal(parseDuration(formatDuration(seconds)), seconds)
        assert.equal(parseDuration(formatDurationShort(seconds)), seconds)
      }),
    )
  })
})
