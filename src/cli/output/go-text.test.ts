import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTree } from '../tree.ts'
import { byCodePoint, fieldText, goText, goTime, humanDuration, quotedList, rfc822 } from './go-text.ts'

test('values look as Go prints them', () => {
  assert.equal(goText(readTree('{"b":[1,"x",null],"a":{"c":true}}')), 'map[a:map[c:true] b:[1 x <nil>]]')
  assert.equal(goText(readTree('[]')), '[]')
  assert.equal(goText(readTree('9007199254740993')), '9007199254740993')
  assert.equal(goText(readTree('1.0')), '1.0')
  assert.equal(quotedList(['default', 'a"b']), '["default" "a\\"b"]')
})

test('what is called a ttl is shown as a duration, if it is whole seconds', () => {
  assert.equal(fieldText('ttl', readTree('3600')), '1h')
  assert.equal(fieldText('creation_ttl', readTree('5400')), '1h30m')
  assert.equal(fieldText('period', readTree('0')), '0s')
  assert.equal(fieldText('ttl', readTree('"3600"')), '3600')
  assert.equal(fieldText('ttl', readTree('1.5')), '1.5')
  assert.equal(fieldText('ttl', readTree('90071992547409930')), '90071992547409930')
  assert.equal(fieldText('subttl', readTree('60')), '60')
})

test('durations lose their zeros at the end', () => {
  const cases: [number, string][] = [
    [0, '0s'],
    [59, '59s'],
    [60, '1m'],
    [3600, '1h'],
    [3605, '1h5s'],
    [36_000, '10h'],
    [2_764_800, '768h'],
  ]
  for (const [seconds, text] of cases) assert.equal(humanDuration(seconds), text)
})

test('times take the forms of Go', () => {
  assert.equal(goTime('2026-11-22T22:40:00.2697320Z'), '2026-11-22 22:40:00.269732 +0000 UTC')
  assert.equal(goTime('2026-11-22T22:40:00Z'), '2026-11-22 22:40:00 +0000 UTC')
  assert.equal(goTime('2026-11-22T22:40:00.5+01:00'), '2026-11-22 22:40:00.5 +0100 +0100')
  assert.equal(goTime('never'), 'never')
  assert.equal(rfc822('2026-01-02T03:04:05.6Z'), '02 Jan 26 03:04 UTC')
})

test('strings are ordered by their code points', () => {
  assert.deepEqual(['\u{1f600}', '\uffee', 'a', 'B'].toSorted(byCodePoint), ['B', 'a', '\uffee', '\u{1f600}'])
})
