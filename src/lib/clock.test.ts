import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, systemClock } from './clock.ts'

const day = 86_400_000

test('fake timers fire in order, with the clock at their time', async () => {
  const clock = new FakeClock(1000)
  const seen: string[] = []
  const note = (name: string) => () => {
    seen.push(`${name}@${clock.now()}/${clock.monotonic()}`)
  }
  clock.timer(30, note('c'))
  clock.timer(10, note('a'))
  clock.timer(10, note('b'))
  clock.timer(31, note('late'))
  await clock.advance(30)
  assert.deepEqual(seen, ['a@1010/10', 'b@1010/10', 'c@1030/30'])
  assert.equal(clock.pending, 1)
})

test('a fake timer set by a callback, also an asynchronous one, fires in the same advance', async () => {
  const clock = new FakeClock(0)
  const ticks: number[] = []
  const tick = async (): Promise<void> => {
    await Promise.resolve()
    ticks.push(clock.now())
    clock.timer(10, tick)
  }
  clock.timer(10, tick)
  await clock.advance(35)
  assert.deepEqual(ticks, [10, 20, 30])
})

test('cancelled timers stay silent', async () => {
  const clock = new FakeClock()
  const fail = (): void => assert.fail('fired')
  clock.timer(5, fail).cancel()
  {
    using timer = clock.timer(5, fail)
    assert.ok(timer)
  }
  await clock.advance(day)
  assert.equal(clock.pending, 0)
})

test('the wall clock may jump alone', async () => {
  const clock = new FakeClock(0)
  let fired = 0
  clock.timer(10, () => void fired++)
  clock.jump(-day)
  assert.equal(clock.now(), -day)
  await clock.advance(9)
  assert.equal(fired, 0)
  await clock.advance(1)
  assert.equal(fired, 1)
})

test('a system timer past 24.8 days does not fire at once', async () => {
  const order: string[] = []
  using long = systemClock.timer(32 * day, () => void order.push('long'))
  await new Promise<void>((resolve) => {
    const keepAlive = setInterval(() => {}, 1000)
    systemClock.timer(20, () => {
      order.push('short')
      clearInterval(keepAlive)
      resolve()
    })
  })
  assert.ok(long)
  assert.deepEqual(order, ['short'])
})

test('a system timer that fails warns and the process lives', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  const keepAlive = setInterval(() => {}, 1000)
  systemClock.timer(0, () => Promise.reject(new Error('broken timer')))
  assert.equal((await warned).message, 'broken timer')
  clearInterval(keepAlive)
})
