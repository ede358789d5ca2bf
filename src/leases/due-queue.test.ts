import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DueQueue, type Task } from './due-queue.ts'

const task = (group: string, ref: string): Task => ({ group, place: { storageKey: ref, time: 0, ref } })

function takeAll(queue: DueQueue): string[] {
  const taken: string[] = []
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next.place.ref)
  return taken
}

test('mounts take turns, and none has all the workers', () => {
  const queue = new DueQueue({ workers: 4, perMount: 2, held: 100 })
  for (let i = 0; i < 10; i++) queue.offer(task('slow', `s${i}`))
  for (let i = 0; i < 3; i++) queue.offer(task('quick', `q${i}`))
  assert.deepEqual(takeAll(queue), ['s0', 'q0', 's1', 'q1'])
  queue.done(task('quick', 'q0'))
  assert.deepEqual(takeAll(queue), ['q2'])
})

test('a task is held once, until it is released', () => {
  const queue = new DueQueue({ workers: 10, perMount: 10, held: 10 })
  const one = task('m', 'a')
  assert.ok(queue.offer(one))
  assert.ok(queue.offer(one))
  assert.deepEqual(takeAll(queue), ['a'])
  queue.done(one)
  assert.ok(queue.offer(one))
  assert.deepEqual(takeAll(queue), [])
  queue.release(one)
  queue.offer(one)
  assert.deepEqual(takeAll(queue), ['a'])
})

test('a mount whose share is full is asked again once it has room', () => {
  const queue = new DueQueue({ workers: 1, perMount: 1, held: 2 })
  assert.ok(queue.offer(task('m', 'a')) && queue.offer(task('m', 'b')))
  assert.ok(!queue.offer(task('m', 'c')))
  assert.ok(queue.offer(task('n', 'd')))
  for (const ref of ['a', 'd', 'b']) {
    assert.ok(!queue.hungry)
    const next = queue.take()
    assert.equal(next?.place.ref, ref)
    if (next !== undefined) queue.done(next)
  }
  assert.ok(queue.hungry)
})
