import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import type { TakerData } from '../../test/support/bucket-taker.ts'
import { Buckets, type Limit, type Taken } from './buckets.ts'

const limit: Limit = { tokens: 3, interval: 1000, block: 0 }

describe('buckets', () => {
  test('give what is in them, and are full again once their interval is over', () => {
    const buckets = new Buckets()
    const key = buckets.keyOf('a')
    const take = (now: number) => buckets.take(key, '10.0.0.1', limit, now)
    assert.deepEqual(take(5000), { allowed: true, remaining: 2, wait: 1000, blocked: false })
    assert.deepEqual([take(5400).remaining, take(5999).remaining], [1, 0])
    assert.deepEqual(take(5999.5), { allowed: false, remaining: 0, wait: 0.5, blocked: false })
    assert.deepEqual(take(6000), { allowed: true, remaining: 2, wait: 1000, blocked: false })
  })

  test('of two limits and of two clients have nothing to do with one another', () => {
    const buckets = new Buckets()
    const [a, b] = [buckets.keyOf('a'), buckets.keyOf('b')]
    for (let i = 0; i < 3; i++) buckets.take(a, '10.0.0.1', limit, 0)
    assert.equal(buckets.take(a, '10.0.0.1', limit, 0).allowed, false)
    assert.equal(buckets.take(b, '10.0.0.1', limit, 0).allowed, true)
    assert.equal(buckets.take(a, '10.0.0.2', limit, 0).allowed, true)
  })

  test('give nothing at all for as long as a client is blocked', () => {
    const buckets = new Buckets()
    const key = buckets.keyOf('a')
    const blocking = { tokens: 1, interval: 1000, block: 5000 }
    const take = (now: number) => buckets.take(key, 'x', blocking, now)
    assert.equal(take(0).allowed, true)
    assert.deepEqual(take(500), { allowed: false, remaining: 0, wait: 5000, blocked: false })
    assert.deepEqual(take(5499), { allowed: false, remaining: 0, wait: 1, blocked: true })
    assert.equal(take(5500).allowed, true)
  })

  test('do as a plain model does, whoever comes when', () => {
    const step = fc.record({
      client: fc.constantFrom('10.0.0.1', '10.0.0.2', '2001:db8::1', ''),
      limit: fc.nat(2),
      after: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2500 })),
    })
    const limits: readonly Limit[] = [
      { tokens: 1, interval: 1000, block: 0 },
      { tokens: 4, interval: 700, block: 0 },
      { tokens: 2, interval: 500, block: 3000 },
    ]
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const buckets = new Buckets()
        const model = new Model()
        let now = 1_000_000
        for (const { client, limit: which, after } of steps) {
          now += after
          const chosen = limits[which] ?? limit
          const taken = buckets.take(buckets.keyOf(String(which)), client, chosen, now)
          assert.deepEqual(taken, model.take(`${which} ${client}`, chosen, now))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('of no client give more than their limit in an interval that begins with a request', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }), (gaps) => {
        const buckets = new Buckets()
        const key = buckets.keyOf('a')
        const letIn: number[] = []
        let now = 0
        for (const gap of gaps) {
          now += gap
          if (buckets.take(key, 'x', limit, now).allowed) letIn.push(now)
        }
        // Two buckets at most lie in any interval.
        for (const at of letIn) {
          const within = letIn.filter((time) => time >= at && time < at + limit.interval)
          assert.ok(within.length <= 2 * limit.tokens)
        }
        assert.ok(letIn.length <= limit.tokens * (Math.floor(now / limit.interval) + 1))
      }),
    )
  })

  test('take no more memory for a flood of addresses, and do not forget for it who is at his limit', () => {
    const buckets = new Buckets()
    const key = buckets.keyOf('a')
    for (let i = 0; i < 3; i++) buckets.take(key, 'greedy', limit, 0)
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 500_000; i++) buckets.take(key, `2001:db8::${i.toString(16)}`, limit, 0)
    assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20)
    assert.equal(buckets.buffer.byteLength, Buckets.size)
    assert.equal(buckets.take(key, 'greedy', limit, 0).allowed, false)
    assert.equal(buckets.take(key, '2001:db9::1', limit, 0).allowed, true)
  })

  test('that threads share give together what one alone would give', async () => {
    const shared = new Buckets()
    const gate = new SharedArrayBuffer(4)
    const clients = Array.from({ length: 5 }, (_, i) => `10.0.0.${i}`)
    const data: TakerData = {
      buffer: shared.buffer,
      gate,
      clients,
      attempts: 100_000,
      limit: { tokens: 20_000, interval: 1000, block: 0 },
    }
    const file = join(import.meta.dirname, '..', '..', 'test', 'support', 'bucket-taker.ts')
    const takers = Array.from({ length: 4 }, () => new Worker(file, { workerData: data }))
    await Promise.all(takers.map((taker) => once(taker, 'message')))
    const results = takers.map((taker) => once(taker, 'message'))
    Atomics.store(new Int32Array(gate), 0, 1)
    Atomics.notify(new Int32Array(gate), 0)
    let total = 0
    for (const [taken] of await Promise.all(results)) total += Number(taken)
    assert.equal(total, clients.length * data.limit.tokens)
    await Promise.all(takers.map((taker) => taker.terminate()))
  })

  test('are taken from a thread that was ended while it held them', () => {
    const buckets = new Buckets()
    const key = buckets.keyOf('a')
    // Every lock is held by nobody who will ever give it back.
    new Int32Array(buckets.buffer, 64, 8192).fill(1)
    assert.equal(buckets.take(key, 'x', limit, 0).allowed, true)
    assert.equal(buckets.take(key, 'x', limit, 0).remaining, 1)
  })
})

class Model {
  readonly #clients = new Map<string, { end: number; taken: number; blockedUntil: number }>()

  take(client: string, { tokens, interval, block }: Limit, now: number): Taken {
    const known = this.#clients.get(client) ?? { end: 0, taken: 0, blockedUntil: 0 }
    this.#clients.set(client, known)
    if (now < known.blockedUntil) return { allowed: false, remaining: 0, wait: known.blockedUntil - now, blocked: true }
    if (now >= known.end) Object.assign(known, { end: now + interval, taken: 0 })
    if (known.taken < tokens) {
      known.taken++
      return { allowed: true, remaining: tokens - known.taken, wait: known.end - now, blocked: false }
    }
    if (block === 0) return { allowed: false, remaining: 0, wait: known.end - now, blocked: false }
    known.blockedUntil = now + block
    return { allowed: false, remaining: 0, wait: block, blocked: false }
  }
}
