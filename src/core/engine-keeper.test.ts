import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noEvents } from '../../test/support/engine.ts'
import { type BackgroundCall, defineEngine, type Engine } from '../framework/index.ts'
import { FakeClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/observe/index.ts'
import type { Mount } from '../request/mount.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import { EngineKeeper } from './engine-keeper.ts'
import { testMount } from '../../test/support/mounts.ts'

const mountOf = (uuid: string): Mount => testMount(`${uuid}/`, { uuid, accessor: uuid })

function keeperOf(run: (b: BackgroundCall) => Promise<void> | void, released?: (uuid: string) => void) {
  const clock = new FakeClock()
  const store = new Store(new MemoryDriver(), plainCodec)
  const engine: Engine = defineEngine({
    type: 'test',
    kind: 'secret',
    help: 'A test.',
    paths: [],
    background: [{ everySeconds: 10, run }],
    ...(released === undefined ? {} : { released }),
  })
  const keeper = new EngineKeeper({
    clock,
    log: silentLogger,
    store: () => store,
    assertHeld: async () => undefined,
    events: () => noEvents,
    mounts: () => [mountOf('a'), mountOf('b')],
    engine: () => engine,
    limitsOf: () => ({ defaultTtl: 1, maxTtl: 1 }),
    storageOf: (mount) => `logical/${mount.uuid}/`,
  })
  return { clock, store, keeper }
}

test('a leader’s engines work for each mount at once and then at their times, on the mount’s own storage', async () => {
  const ran: string[] = []
  const { clock, store, keeper } = keeperOf(async ({ mount, apart }) => {
    ran.push(mount.uuid)
    await apart.write((view) => view.put('ran', new Uint8Array([ran.length])))
  })
  keeper.start('leader')
  await clock.advance(500)
  assert.deepEqual(ran, ['a', 'b'])
  await clock.advance(8_000)
  assert.deepEqual(ran, ['a', 'b'])
  await clock.advance(3_000)
  assert.deepEqual(ran, ['a', 'b', 'a', 'b'])
  await keeper.stop()
  await clock.advance(60_000)
  assert.equal(ran.length, 4)
  assert.deepEqual(await store.read((view) => view.keys('logical/')), ['logical/a/ran', 'logical/b/ran'])
})

test('what follows does not work by itself', async () => {
  const { clock, keeper } = keeperOf(() => assert.fail('it ran'))
  keeper.start('reader')
  await clock.advance(60_000)
  await keeper.stop()
})

test('one that takes long is not begun again, holds up no other, and is told to stop', async () => {
  const ran: string[] = []
  const { clock, keeper } = keeperOf(async ({ mount, signal }) => {
    ran.push(mount.uuid)
    if (mount.uuid === 'a') await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
  keeper.start('leader')
  for (let i = 0; i < 40; i++) await clock.advance(1_000)
  assert.deepEqual(ran, ['a', 'b', 'b', 'b', 'b', 'b'])
  await keeper.stop()
})

test('what fails is tried again at the next time', async () => {
  let ran = 0
  const { clock, keeper } = keeperOf(({ mount }) => {
    if (mount.uuid === 'a' && ++ran === 1) throw new Error('a storage that is away')
  })
  keeper.start('leader')
  for (let i = 0; i < 12; i++) await clock.advance(1_000)
  assert.equal(ran, 2)
  await keeper.stop()
})

test('every mount lets go when the node stops, also where one cannot', async () => {
  const released: string[] = []
  const { keeper } = keeperOf(
    () => undefined,
    (uuid) => {
      released.push(uuid)
      if (uuid === 'a') throw new Error('the connection is gone')
    },
  )
  keeper.start('reader')
  await keeper.stop()
  await keeper.release()
  assert.deepEqual(released, ['a', 'b'])
})
