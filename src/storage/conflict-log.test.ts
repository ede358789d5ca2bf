import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ConflictLog } from './conflict-log.ts'

const reads = (sequence: number, keys: string[], prefixes: string[] = []) => ({
  sequence,
  keys: new Set(keys),
  prefixes: new Set(prefixes),
})

it('names the newest commit that makes a read set stale', () => {
  const log = new ConflictLog(0)
  log.record(1, ['a'])
  log.record(2, ['b', 'c/1'])
  log.record(3, ['a'])
  assert.equal(log.conflict(reads(0, ['a', 'b'])), 3)
  assert.equal(log.conflict(reads(1, ['b'])), 2)
  assert.equal(log.conflict(reads(2, ['b'])), undefined)
  assert.equal(log.conflict(reads(1, [], ['c/'])), 2)
  assert.equal(log.conflict(reads(2, [], ['c/'])), undefined)
  assert.equal(log.conflict(reads(1, ['b'], ['a'])), 3)
})

it('forgets a commit that failed, and knows the one before again', () => {
  const log = new ConflictLog(0)
  log.record(1, ['a', 'b'])
  log.record(2, ['a', 'c'])
  log.withdraw(2)
  assert.equal(log.conflict(reads(1, ['a', 'c'], ['a'])), undefined)
  assert.equal(log.conflict(reads(0, ['a'])), 1)
  log.withdraw(1)
  log.withdraw(7)
  assert.equal(log.conflict(reads(0, ['a', 'b'])), undefined)
})

it('cannot judge a read set that is older than what it forgot', () => {
  const log = new ConflictLog(0)
  for (let sequence = 1; sequence <= 5; sequence++) log.record(sequence, [`k${sequence}`])
  log.trim(3, 5)
  assert.equal(log.conflict(reads(2, ['other'])), 5)
  assert.equal(log.conflict(reads(3, ['other'])), undefined)
  assert.equal(log.conflict(reads(3, ['k4'])), 4)
  assert.equal(log.conflict(reads(0, [])), undefined, 'who read nothing conflicts with nothing')
  log.trim(5, 5)
  assert.equal(log.conflict(reads(4, ['other'])), 5)
  assert.equal(new ConflictLog(9).conflict(reads(8, ['a'])), 9)
})

it('bounds its memory however old a snapshot is, and keeps what is not visible yet', () => {
  const log = new ConflictLog(0, 10)
  for (let sequence = 1; sequence <= 100; sequence++) log.record(sequence, [`k${sequence}`])
  log.trim(0, 95)
  assert.equal(log.conflict(reads(80, ['other'])), 100, 'forgotten')
  assert.equal(log.conflict(reads(95, ['k99'])), 99)
  assert.equal(log.conflict(reads(90, ['k1'])), undefined)
})
