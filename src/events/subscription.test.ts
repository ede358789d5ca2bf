import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeMessages, type StreamMessage } from '../request/stream-messages.ts'
import type { Event } from './event.ts'
import { MOST_WAITING, Subscription, type Judgement } from './subscription.ts'
import { testEvent } from './testdata/events.ts'

function rooms(judge: (events: readonly Event[]) => Judgement = (allowed) => ({ allowed })) {
  const state = { closed: 0, judged: 0 }
  const subscription = new Subscription({
    takes: ({ type }) => type !== 'other',
    judge: async (events) => {
      state.judged += events.length
      return judge(events)
    },
    encode: ({ id }) => Buffer.from(id),
    json: true,
    closed: () => void state.closed++,
  })
  return { subscription, state, messages: decodeMessages(subscription) }
}

function told(message: IteratorResult<StreamMessage>): string {
  if (message.done === true) return 'end'
  const { value } = message
  return value.kind === 'close' ? `${value.code} ${value.reason}` : Buffer.from(value.content).toString()
}

suite('a subscription', () => {
  test('gives what it takes, in order, once it is asked', async () => {
    const { subscription, state, messages } = rooms()
    const first = messages.next()
    subscription.offer(testEvent({ id: 'other', type: 'other' }))
    for (const id of ['a', 'b', 'c']) subscription.offer(testEvent({ id }))
    assert.equal(told(await first), 'a')
    assert.equal(told(await messages.next()), 'b')
    assert.equal(told(await messages.next()), 'c')
    assert.equal(state.judged, 3)
  })

  test('judges only when somebody reads: what was allowed before does not count', async () => {
    let allows = true
    const { subscription, messages } = rooms((events) => ({ allowed: allows ? events : [] }))
    subscription.offer(testEvent({ id: 'hidden' }))
    allows = false
    const next = messages.next()
    await new Promise((resolve) => setImmediate(resolve))
    allows = true
    subscription.offer(testEvent({ id: 'shown' }))
    assert.equal(told(await next), 'shown')
  })

  test('ends with a reason where its holder may not go on, and what waits is dropped', async () => {
    const { subscription, state, messages } = rooms(() => ({ ended: 'permission denied' }))
    subscription.offer(testEvent())
    assert.equal(told(await messages.next()), '1008 permission denied')
    assert.equal(told(await messages.next()), 'end')
    subscription.offer(testEvent())
    assert.equal(state.closed, 1)
    assert.equal(state.judged, 1)
  })

  test('does not let a slow reader hold memory for ever', async () => {
    const { subscription, state, messages } = rooms()
    for (let i = 0; i < MOST_WAITING; i++) subscription.offer(testEvent({ id: String(i) }))
    assert.equal(state.closed, 0)
    subscription.offer(testEvent({ id: 'one too many' }))
    assert.equal(state.closed, 1)
    assert.equal(told(await messages.next()), '1013 events come faster than they are read')
    assert.equal(told(await messages.next()), 'end')
  })

  test('is over at once for a reader who waits when he goes', async () => {
    const { subscription, state } = rooms()
    const waiting = subscription.next()
    await subscription.return()
    assert.deepEqual(await waiting, { done: true, value: undefined })
    await subscription.recheck()
    assert.deepEqual([state.closed, state.judged], [1, 0])
  })
})
