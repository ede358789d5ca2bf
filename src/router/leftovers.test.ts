/** What a disabled mount leaves behind goes in small steps, and a failure in the middle is taken up again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultyDriver } from '../../test/support/faulty-driver.ts'
import type { Mount } from '../request/mount.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import { Leftovers, noteMove, noteRemoval } from './leftovers.ts'
import { mountStorage } from './mount-record.ts'
import { testMount } from '../../test/support/mounts.ts'

const gone: Mount = testMount('gone/', { type: 'kv', uuid: 'u1', accessor: 'kv_1', tainted: true })

const KEYS = 1800

async function removedMount(driver: FaultyDriver): Promise<Store> {
  const store = new Store(driver, plainCodec)
  await store.write((view) => {
    for (let i = 0; i < KEYS; i++) view.put(`${mountStorage(gone)}k/${i}`, Buffer.from('x'))
    view.put('logical/u2/other', Buffer.from('x'))
    noteRemoval(view, gone)
  })
  return store
}

function leftovers(
  store: Store,
  seen: { moved?: string[]; ended?: string[]; failed?: string[]; refuse?: boolean } = {},
): Leftovers {
  return new Leftovers({
    store,
    homes: () => [''],
    moveLeases: async ({ from, to }) => {
      if (seen.refuse === true) throw new Error('not now')
      seen.moved?.push(`${from}>${to}`)
    },
    forgetMount: async () => {},
    moveEnded: (id, status) => void seen.ended?.push(`${id} ${status}`),
    failed: (what) => void seen.failed?.push(what),
  })
}

const left = (store: Store) =>
  store.read(async (view) => [...(await view.keys('logical/')), ...(await view.keys('core/'))])

test('every key of a removed mount goes, no other', async () => {
  const store = await removedMount(new FaultyDriver(new MemoryDriver()))
  const work = leftovers(store)
  work.wake()
  await work.settled()
  assert.deepEqual(await left(store), ['logical/u2/other'])
})

test('a failure at any commit leaves the note, and the next start finishes', async () => {
  for (let k = 1; k <= 5; k++) {
    const driver = new FaultyDriver(new MemoryDriver())
    const store = await removedMount(driver)
    const failed: string[] = []
    driver.plan({ failCommit: k })
    const first = leftovers(store, { failed })
    first.wake()
    await first.settled()
    assert.equal(failed.length, 1, `commit ${k} failed`)
    const again = leftovers(store)
    again.wake()
    await again.settled()
    assert.deepEqual(await left(store), ['logical/u2/other'], `commit ${k}`)
  }
})

test('a move that fails stays noted, and is told of as failed until it succeeds', async () => {
  const store = new Store(new MemoryDriver(), plainCodec)
  await store.write((view) =>
    noteMove(view, 'm1', { from: 'a/', to: 'b/', namespace_id: 'root', into: undefined, uuid: 'u1' }),
  )
  const seen = { moved: [] as string[], ended: [] as string[], failed: [] as string[], refuse: true }
  const work = leftovers(store, seen)
  work.wake()
  await work.settled()
  assert.deepEqual(seen.ended, ['m1 failure'])
  seen.refuse = false
  work.wake()
  await work.settled()
  assert.deepEqual([seen.moved, seen.ended], [['a/>b/'], ['m1 failure', 'm1 success']])
  assert.deepEqual(await store.read((view) => view.keys('core/moves/')), [])
})
