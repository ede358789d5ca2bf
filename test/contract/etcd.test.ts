import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLogger } from '../../src/lib/observe/index.ts'
import { openEtcd } from '../../src/storage/drivers/etcd.ts'
import { noEtcd, TestEtcd } from '../support/etcd.ts'
import { driverContract } from './driver.ts'

if (noEtcd !== false) {
  it('driver etcd', { skip: noEtcd })
} else {
  describe('driver etcd', () => {
    let etcd: TestEtcd
    let stores = 0
    before(async () => {
      etcd = await TestEtcd.start()
    })
    after(() => etcd[Symbol.asyncDispose]())

    const optionsOf = (path: string, haEnabled: boolean) => ({
      addresses: [etcd.address],
      path,
      haEnabled,
      clock: systemClock,
      log: silentLogger,
    })

    driverContract('etcd', async () => {
      const path = `contract/${stores++}/`
      return {
        persistent: true,
        open: () => openEtcd(optionsOf(path, false)),
        dispose: async () => {},
      }
    })

    driverContract('etcd with an election', async () => {
      const path = `contract/${stores++}/`
      return {
        persistent: true,
        open: async () => {
          const driver = await openEtcd(optionsOf(path, true))
          await driver.election?.campaign('test', new AbortController().signal)
          return driver
        },
        dispose: async () => {},
      }
    })
  })
}
