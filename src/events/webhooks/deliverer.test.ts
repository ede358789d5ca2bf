import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FakeClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/observe/index.ts'
import { MemoryDriver } from '../../storage/drivers/memory.ts'
import { plainCodec } from '../../storage/plain-codec.ts'
import { Store } from '../../storage/store.ts'
import { until } from '../../../test/support/until.ts'
import { testEvent } from '../testdata/events.ts'
import { Deliverer, pauseAfter } from './deliverer.ts'
import { freshState, outbox, states, type Hook } from './records.ts'
import type { Answered } from './send.ts'

const hook: Hook = {
  id: 'h',
  url: 'https://receiver.example/',
  secret: '',
  types: ['*'],
  namespaces: [],
  filter: '',
  caCert: '',
  maxAttempts: 0,
  maxPending: 100,
}
const everything = { takes: () => true }
const taken: Answered = { delivered: true, status: 204, error: '', retryAfter: undefined }
const away: Answered = { delivered: false, status: 503, error: 'the receiver answered 503', retryAfter: undefined }

async function rooms(answer: (id: string) => Answered | Promise<Answered>, numbers: readonly number[] = []) {
  const clock = new FakeClock()
  const store = new Store(new MemoryDriver(), plainCodec)
  const attempts: string[] = []
  const add = (number: number) =>
    store.write((view) =>
      view.put(outbox.key({ namespace: 'root', id: 'h', number }), outbox.encode(testEvent({ id: String(number) }))),
    )
  for (const number of numbers) await add(number)
  await store.write((view) => states.put(view, { namespace: 'root', id: 'h' }, freshState))
  const counts = { delivered: 0, failed: 0, dropped: 0 }
  const deliverer = new Deliverer(
    {
      store,
      clock,
      log: silentLogger,
      send: async (_, { id }) => {
        attempts.push(id)
        return answer(id)
      },
      counted: (what, count) => (counts[what] += count),
    },
    'root',
    hook,
    everything,
    { state: freshState, numbers },
  )
  const kept = () => store.read((view) => outbox.numbers(view, 'root', 'h'))
  return { clock, store, attempts, add, counts, deliverer, kept }
}

suite('a deliverer', () => {
  test('goes through what waits in the order of its numbers, and forgets what was taken', async () => {
    const { attempts, deliverer, kept, add, store } = await rooms(() => taken, [1, 2, 30])
    await until(() => deliverer.pending === 0)
    await add(31)
    deliverer.added(31)
    await until(async () => (await kept()).length === 0)
    await until(() => deliverer.status().delivered === 4)
    assert.deepEqual(attempts, ['1', '2', '30', '31'])
    await deliverer.stop()
    const stored = await store.read((view) => states.get(view, { namespace: 'root', id: 'h' }))
    assert.equal(stored?.delivered, 4)
  })

  test('waits longer after each failure, and lets nothing past the first in line', async () => {
    let fails = 3
    const { attempts, clock, deliverer } = await rooms(() => (fails-- > 0 ? away : taken), [1, 2])
    const waits: number[] = []
    for (let i = 1; i <= 3; i++) {
      await until(() => deliverer.status().attempts === i && clock.pending > 0)
      waits.push(deliverer.status().nextAttempt - clock.now())
      await clock.advance(waits.at(-1) ?? 0)
    }
    await until(() => deliverer.pending === 0)
    assert.deepEqual(attempts, ['1', '1', '1', '1', '2'])
    for (const [i, wait] of waits.entries()) {
      const longest = 1000 * 2 ** i
      assert.ok(wait >= longest / 2 && wait <= longest, `${wait} of ${longest}`)
    }
    assert.equal(deliverer.status().lastError, 'the receiver answered 503')
    assert.equal(deliverer.status().attempts, 0)
    await deliverer.stop()
  })

  test('that is stopped while it sends keeps the event', async () => {
    const { promise, resolve } = Promise.withResolvers<Answered>()
    const { deliverer, kept, attempts } = await rooms(() => promise, [1])
    await until(() => attempts.length === 1)
    const stopped = deliverer.stop()
    resolve(away)
    await stopped
    assert.deepEqual(await kept(), [1])
  })

  test('drops the oldest of too many, but never the one that is on its way', async () => {
    const { promise, resolve } = Promise.withResolvers<Answered>()
    const { deliverer, kept, attempts, add, counts } = await rooms((id) => (id === '1' ? promise : taken), [1])
    await until(() => attempts.length === 1)
    for (let number = 2; number <= 150; number++) {
      await add(number)
      deliverer.added(number)
    }
    await until(() => deliverer.pending === 100)
    assert.equal((await kept())[0], 1)
    resolve(taken)
    await until(() => deliverer.pending === 0)
    assert.deepEqual(counts, { delivered: 100, failed: 0, dropped: 50 })
    assert.deepEqual(attempts.slice(0, 3), ['1', '52', '53'])
    await deliverer.stop()
  })
})

test('pauses grow to a bound, and a receiver may ask for more within it', () => {
  for (let attempts = 1; attempts < 100; attempts++) assert.ok(pauseAfter(attempts, undefined) <= 900_000)
  assert.ok(pauseAfter(50, undefined) >= 450_000)
  assert.ok(pauseAfter(1, 60) >= 60_000)
  assert.equal(pauseAfter(1, 999_999), 900_000)
})
