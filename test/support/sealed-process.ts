/**
 * Lives through a vault's life under a persistent store (initialise, unseal, write, rotate, unseal again), seals it, says so, and
 * waits. Its memory is then looked through by a test. Says the unseal key in hex first.
 */
import { writeSync } from 'node:fs'
import { Barrier } from '../../src/seal/barrier.ts'
import { SealManager } from '../../src/seal/seal-manager.ts'
import { ShamirSeal } from '../../src/seal/shamir-seal.ts'
import { decodeShare } from '../../src/seal/share-text.ts'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'
import { Store } from '../../src/storage/store.ts'
import { systemClock } from '../../src/lib/clock.ts'

const driver = new LmdbDriver({ path: process.argv[2] ?? '' })
const barrier = new Barrier({ driver, clock: systemClock })
const store = new Store(driver, barrier)
const manager = new SealManager({ store, barrier, seal: new ShamirSeal() })

const { shares } = await manager.initialize({ shares: 1, threshold: 1 }, () => undefined)
const key = Buffer.from(shares[0] ?? []).toString('hex')
writeSync(1, `${key}\n`)
for (let round = 0; round < 3; round++) {
  await manager.submit(decodeShare(key))
  for (let i = 0; i < 500; i++) await store.write((view) => view.put(`k${i}`, Buffer.from(`value ${i}`)))
  await barrier.rotate()
  for (let i = 0; i < 500; i++) await store.read((view) => view.get(`k${i}`))
  if (round < 2) await manager.seal()
}
process.stdin.once('data', () => {
  void manager.seal().then(async () => {
    await driver.close()
    writeSync(1, 'sealed\n')
  })
})
writeSync(1, 'unsealed\n')
