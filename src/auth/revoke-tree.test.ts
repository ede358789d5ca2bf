import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MadeToken } from '../request/token-ports.ts'
import { TokenRooms } from '../../test/support/token-rooms.ts'

/** How many children the wide tree has. Its clean-up is linear; 100,000 take the same path. */
const CHILDREN = 3000
const DEPTH = 20_000

async function makeChain(rooms: TokenRooms, depth: number): Promise<MadeToken[]> {
  return rooms.store.write(async (view) => {
    const chain: MadeToken[] = []
    for (let i = 0; i < depth; i++) chain.push(await rooms.tokens.make(view, rooms.init({ parent: chain.at(-1)?.key })))
    return chain
  })
}

test('revoking a parent refuses the whole tree at once, and nothing is left of it', async () => {
  await using rooms = await TokenRooms.open()
  const root = await rooms.root()
  const top = await rooms.make({ parent: root.key })
  const middle = await rooms.make({ parent: top.key })
  const leaf = await rooms.make({ parent: middle.key })
  const beside = await rooms.make({ parent: root.key })
  const all = [top, middle, leaf]
  for (const { token } of all) assert.ok(await rooms.holds(token))
  await rooms.revoke(top.key)
  for (const { token } of all) assert.ok(!(await rooms.holds(token)))
  assert.ok(await rooms.holds(beside.token))
  await rooms.tokens.cleanUp(top.key)
  const left = await rooms.keys()
  assert.ok(left.every((key) => all.every((token) => !key.includes(token.key))))
})

test('a token cannot be made below one that is revoked, not even at the same time', async () => {
  await using rooms = await TokenRooms.open()
  const parent = await rooms.make()
  const results = await Promise.allSettled([
    rooms.revoke(parent.key),
    ...Array.from({ length: 20 }, () => rooms.make({ parent: parent.key })),
  ])
  for (const result of results.slice(1)) {
    if (result.status === 'fulfilled') assert.ok(!(await rooms.holds((result.value as MadeToken).token)))
    else assert.equal((result.reason as { code?: string }).code, 'TOKEN_PARENT_GONE')
  }
  await assert.rejects(rooms.make({ parent: parent.key }), { code: 'TOKEN_PARENT_GONE' })
})

test(`a parent with ${CHILDREN} children: all refused at once, storage cleaned, also across a restart in the middle`, async () => {
  const before = await TokenRooms.open()
  const parent = await before.make()
  const children: MadeToken[] = []
  for (let i = 0; i < CHILDREN; i += 500) {
    await before.store.write(async (view) => {
      for (let k = 0; k < 500; k++) {
        children.push(await before.tokens.make(view, before.init({ parent: parent.key })))
      }
    })
  }
  // In the cache, as tokens in use are.
  for (const { token } of children) assert.ok(await before.holds(token))
  await before.revoke(parent.key)
  for (const { token } of children) assert.ok(!(await before.holds(token)))
  // One piece of the work, then the process dies.
  const pieces = before.driver.sequence
  const working = before.tokens.cleanUp(parent.key)
  while (before.driver.sequence === pieces) await new Promise((resolve) => setImmediate(resolve))
  await using rooms = await TokenRooms.open({ driver: before.driver, clock: before.clock })
  for (const { token } of children.slice(-50)) assert.ok(!(await rooms.holds(token)))
  await rooms.start()
  await rooms.pass(11_000)
  await working
  assert.deepEqual(await rooms.keys(), [])
  await before.close()
})

test(`a chain ${DEPTH} deep is refused at once`, async () => {
  await using rooms = await TokenRooms.open()
  const chain = await makeChain(rooms, DEPTH)
  const [top, middle, bottom] = [chain[0], chain[DEPTH / 2], chain.at(-1)]
  assert.ok(top && middle && bottom)
  assert.ok(await rooms.holds(bottom.token))
  assert.ok(await rooms.holds(middle.token))
  await rooms.revoke(top.key)
  assert.ok(!(await rooms.holds(bottom.token)))
  assert.ok(!(await rooms.holds(middle.token)))
})

test(`a chain of ${CHILDREN} is cleaned without recursion`, async () => {
  await using rooms = await TokenRooms.open()
  const chain = await makeChain(rooms, CHILDREN)
  await rooms.revoke(chain[0]?.key ?? '')
  await rooms.tokens.cleanUp(chain[0]?.key ?? '')
  assert.deepEqual(await rooms.keys(), [])
})

test('an expired parent takes its children with it, before any worker ran', async () => {
  await using rooms = await TokenRooms.open()
  const parent = await rooms.make({ ttl: 10 })
  const child = await rooms.make({ parent: parent.key, ttl: 3600 })
  assert.ok(await rooms.holds(child.token))
  await rooms.clock.advance(10_000)
  assert.ok(!(await rooms.holds(child.token)))
  await rooms.start()
  assert.deepEqual(await rooms.keys(), [])
})

test('a parent that is renewed keeps its cached children alive', async () => {
  await using rooms = await TokenRooms.open()
  const parent = await rooms.make({ ttl: 10 })
  const child = await rooms.make({ parent: parent.key, ttl: 3600 })
  assert.ok(await rooms.holds(child.token))
  await rooms.store.write(async (view) => {
    const found = await rooms.tokens.find(view, parent.token)
    assert.ok(found)
    await rooms.tokens.renew(view, found, 100, () => ({ period: 0, explicitMaxTtl: 0, limits: rooms.limits }))
  })
  await rooms.clock.advance(50_000)
  assert.ok(await rooms.holds(child.token))
})

test('revoke-orphan frees the children, however many, and they live on', async () => {
  await using rooms = await TokenRooms.open()
  const above = await rooms.make()
  const parent = await rooms.make({ parent: above.key })
  const children = await Promise.all(Array.from({ length: 300 }, () => rooms.make({ parent: parent.key })))
  const grandchild = await rooms.make({ parent: children[0]?.key })
  for (const { token } of children) assert.ok(await rooms.holds(token))
  await rooms.store.write((view) => rooms.tokens.revokeOrphan(view, parent.key))
  assert.ok(!(await rooms.holds(parent.token)))
  for (const { token } of [...children, grandchild]) assert.ok(await rooms.holds(token))
  // Whoever is freed is no longer part of the tree above.
  await rooms.revoke(above.key)
  await rooms.tokens.cleanUp(above.key)
  await rooms.tokens.cleanUp(parent.key)
  for (const { token } of [...children, grandchild]) assert.ok(await rooms.holds(token))
  assert.equal((await rooms.caller(children[1]?.token ?? ''))?.orphan, true)
  assert.equal((await rooms.caller(grandchild.token))?.orphan, false)
  assert.ok((await rooms.keys()).every((key) => !key.includes(parent.key)))
})

test('what a token keeps goes with it', async () => {
  await using rooms = await TokenRooms.open()
  const holder = await rooms.make()
  const other = await rooms.make()
  await rooms.store.write((view) => {
    for (let i = 0; i < 250; i++) view.put(`logical/cubbyhole/${holder.accessor}/${i}`, Buffer.from('x'))
    view.put(`logical/cubbyhole/${other.accessor}/0`, Buffer.from('x'))
  })
  await rooms.revoke(holder.key)
  assert.ok(!(await rooms.holds(holder.token)))
  await rooms.tokens.cleanUp(holder.key)
  const left = await rooms.keys()
  assert.deepEqual(
    left.filter((key) => key.includes(holder.accessor) || key.includes(holder.key)),
    [],
  )
  assert.ok(left.includes(`logical/cubbyhole/${other.accessor}/0`))
})

test('a leaf with little of its own is gone in the transaction that revokes it', async () => {
  await using rooms = await TokenRooms.open()
  const { key, accessor } = await rooms.make()
  await rooms.store.write((view) => view.put(`logical/cubbyhole/${accessor}/a`, Buffer.from('x')))
  await rooms.revoke(key)
  assert.deepEqual(await rooms.keys(), [])
})
