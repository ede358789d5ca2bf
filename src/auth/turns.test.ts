import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { Turns, type Turn } from './turns.ts'

test('no more than the limit are inside under one name; others wait in order, other names do not', async () => {
  const turns = new Turns()
  const inside: number[] = []
  const taken: Turn[] = []
  const enter = async (i: number) => {
    taken[i] = await turns.take('bob', () => 2)
    inside.push(i)
  }
  const all = [0, 1, 2, 3].map(enter)
  await setImmediate()
  assert.deepEqual(inside, [0, 1])
  const other = await turns.take('ann', () => 2)
  taken[0]?.end()
  taken[0]?.end()
  await setImmediate()
  assert.deepEqual(inside, [0, 1, 2])
  taken[2]?.end()
  await Promise.all(all)
  assert.deepEqual(inside, [0, 1, 2, 3])
  other.end()
})

test('where the limit refuses, all who wait are refused, one after the other', async () => {
  const turns = new Turns()
  let locked = false
  const limit = () => {
    if (locked) throw new Error('locked')
    return 1
  }
  const first = await turns.take('bob', limit)
  const waiting = [1, 2, 3].map(() =>
    turns.take('bob', limit).then(
      () => 'in',
      () => 'refused',
    ),
  )
  await setImmediate()
  locked = true
  first.end()
  assert.deepEqual(await Promise.all(waiting), ['refused', 'refused', 'refused'])
  locked = false
  const again = await turns.take('bob', limit)
  again.end()
})
