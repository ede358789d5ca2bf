import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FakeClock } from '../lib/clock.ts'
import { Metrics } from '../lib/observe/index.ts'
import { rootNamespace, type Request } from '../request/request.ts'
import { plainListener } from '../request/wire.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import { testCaller } from '../../test/support/engine.ts'
import { until } from '../../test/support/until.ts'
import { Subscriptions } from './subscriptions.ts'

function rooms() {
  const clock = new FakeClock()
  const store = new Store(new MemoryDriver(), plainCodec)
  const state = { allowed: true, asked: 0 }
  const subscriptions = new Subscriptions({
    store,
    clock,
    metrics: new Metrics(clock),
    subscribers: {
      admit: async () => {
        state.asked++
        return state.allowed ? { caller: testCaller('one') } : { refused: 'permission denied' }
      },
      mayReceive: async () => true,
      concerns: (key) => key.startsWith('core/'),
    },
    source: () => 'coffer://cluster',
  })
  subscriptions.start()
  const gone = new AbortController()
  const request: Request = {
    id: '1',
    operation: 'read',
    path: 'sys/events/subscribe/*',
    namespace: rootNamespace,
    clientToken: 'hvs.one',
    body: new Map(),
    query: new Map(),
    rawBody: undefined,
    headers: new Map(),
    wrapTtl: undefined,
    wrapFormat: undefined,
    remoteAddress: '127.0.0.1',
    remotePort: 1,
    peerCertificate: undefined,
    listener: plainListener,
    signal: () => gone.signal,
    receivedAt: 0,
  }
  const open = () => subscriptions.open(request, { type: '*', namespaces: [], filter: '', json: true })
  return { clock, store, state, subscriptions, open, gone }
}

suite('subscriptions', () => {
  test('begin when they are read: a reply that is never sent leaves none behind', async () => {
    const { subscriptions, open } = rooms()
    const stream = open()
    assert.equal(subscriptions.size, 0)
    const reading = stream[Symbol.asyncIterator]()
    assert.equal(subscriptions.size, 1)
    await reading.return?.()
    assert.equal(subscriptions.size, 0)
  })

  test('end with the client, also while nothing happens', async () => {
    const { subscriptions, open, gone } = rooms()
    const next = open()[Symbol.asyncIterator]().next()
    gone.abort()
    assert.equal((await next).done, true)
    assert.equal(subscriptions.size, 0)
    // One that begins for a client who has gone is over at once.
    assert.equal((await open()[Symbol.asyncIterator]().next()).done, true)
  })

  test('are looked at each second, and soon after what concerns them has changed', async () => {
    const { subscriptions, open, clock, store, state } = rooms()
    const reading = open()[Symbol.asyncIterator]()
    await clock.advance(999)
    assert.equal(state.asked, 0)
    await clock.advance(1)
    assert.equal(state.asked, 1)
    await store.write((view) => view.put('elsewhere', Buffer.from('x')))
    await clock.advance(50)
    assert.equal(state.asked, 1)
    state.allowed = false
    await store.write((view) => view.put('core/policies/x', Buffer.from('x')))
    await clock.advance(50)
    await until(() => subscriptions.size === 0)
    const last = await reading.next()
    assert.match(Buffer.from(last.value ?? '').toString(), /permission denied$/)
    // Nobody is left: nothing is looked at any more.
    assert.equal(clock.pending, 0)
  })

  test('end when the node does not lead any more, and none begin', async () => {
    const { subscriptions, open } = rooms()
    const [begun, late] = [open()[Symbol.asyncIterator](), open()]
    subscriptions.stop()
    assert.match(Buffer.from((await begun.next()).value ?? '').toString(), /does not lead any more$/)
    const next = await late[Symbol.asyncIterator]().next()
    assert.match(Buffer.from(next.value ?? '').toString(), /does not lead any more$/)
    assert.throws(open, { code: 'REQUEST_STANDBY' })
    assert.equal(subscriptions.size, 0)
  })
})
