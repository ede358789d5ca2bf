import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../../lib/clock.ts'
import { DatabaseFailure } from './plugin.ts'
import { Pool } from './pool.ts'

interface Link {
  readonly number: number
  works: boolean
  closed: boolean
}

function poolOf(more: { readonly maxOpen?: number; readonly maxIdle?: number; readonly lifetime?: number } = {}) {
  const clock = new FakeClock()
  const links: Link[] = []
  const state = { away: false }
  const pool = new Pool<Link>({
    clock,
    maxOpen: more.maxOpen ?? 2,
    maxIdle: more.maxIdle ?? 2,
    lifetime: more.lifetime ?? 0,
    open: async () => {
      if (state.away) throw new Error('away')
      const link = { number: links.length, works: true, closed: false }
      links.push(link)
      return link
    },
    check: async (link) => {
      if (!link.works) throw new Error('broken')
    },
    close: (link) => {
      link.closed = true
    },
  })
  return { clock, links, state, pool }
}

const open = (links: readonly Link[]): number => links.filter((link) => !link.closed).length

test('connections are used again, never more than there may be', async () => {
  const { links, pool } = poolOf()
  let running = 0
  let most = 0
  const use = () =>
    pool.use(async ({ number }) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return number
    })
  const numbers = await Promise.all(Array.from({ length: 20 }, use))
  assert.equal(most, 2)
  assert.equal(links.length, 2)
  assert.deepEqual(new Set(numbers), new Set([0, 1]))
})

test('one on which something failed is not used again', async () => {
  const { links, pool } = poolOf()
  await assert.rejects(
    pool.use(async () => {
      throw new Error('failed')
    }),
    /failed/,
  )
  assert.equal(await pool.use(async ({ number }) => number), 1)
  assert.equal(links[0]?.closed, true)
})

test('one that broke while nobody used it is replaced', async () => {
  const { links, pool } = poolOf()
  await pool.use(async (link) => void (link.works = false))
  assert.equal(await pool.use(async ({ number }) => number), 1)
  assert.deepEqual([links[0]?.closed, links[1]?.closed], [true, false])
})

test('one that is old enough, and one that nobody wants, is closed', async () => {
  const old = poolOf({ lifetime: 5000 })
  await old.pool.use(async () => undefined)
  await old.clock.advance(5000)
  assert.equal(await old.pool.use(async ({ number }) => number), 1)
  const idle = poolOf()
  await idle.pool.use(async () => undefined)
  await idle.clock.advance(200_000)
  assert.equal(open(idle.links), 0)
  const few = poolOf({ maxIdle: 1 })
  await Promise.all([few.pool.use(async () => new Promise(setImmediate)), few.pool.use(async () => undefined)])
  assert.equal(open(few.links), 1)
})

test('whoever waits too long gives up, and the others get their turn', async () => {
  const { clock, pool } = poolOf({ maxOpen: 1 })
  const held = Promise.withResolvers<void>()
  const first = pool.use(() => held.promise)
  const late = assert.rejects(
    pool.use(async () => undefined),
    (error) =>
      error instanceof DatabaseFailure && error.applied === 'no' && /no connection was free/.test(error.message),
  )
  await clock.advance(20_000)
  await late
  const next = pool.use(async () => 'next')
  held.resolve()
  await first
  assert.equal(await next, 'next')
  assert.equal(clock.pending, 1)
})

test('where no connection can be made, those who wait hear of it with the first', async () => {
  const { state, pool } = poolOf({ maxOpen: 1 })
  state.away = true
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => pool.use(async () => undefined)))
  assert.deepEqual(
    results.map(({ status }) => status),
    Array.from({ length: 5 }, () => 'rejected'),
  )
  state.away = false
  assert.equal(await pool.use(async () => 'back'), 'back')
})

test('after its end nothing begins, and what runs ends its connection', async () => {
  const { links, pool } = poolOf({ maxOpen: 1 })
  const held = Promise.withResolvers<void>()
  const first = pool.use(() => held.promise)
  const waiting = assert.rejects(
    pool.use(async () => undefined),
    DatabaseFailure,
  )
  pool.close()
  await waiting
  await assert.rejects(
    pool.use(async () => undefined),
    DatabaseFailure,
  )
  held.resolve()
  await first
  assert.equal(open(links), 0)
})
