import { after, before, describe, it } from 'node:test'
import { openPostgres } from '../../src/storage/drivers/postgres.ts'
import { startPostgres, type TestPostgres, withoutPostgres } from '../support/postgres.ts'
import { driverContract } from './driver.ts'

const skip = withoutPostgres()
let server: TestPostgres
let tables = 0

if (skip !== false) {
  it('driver postgresql', { skip }, () => {})
} else {
  describe('driver postgresql', () => {
    before(async () => {
      server = await startPostgres()
    })
    after(() => server[Symbol.asyncDispose]())

    // Once alone, and once as the leader of several: then the harness holds the leadership.
    for (const haEnabled of [false, true]) {
      driverContract(haEnabled ? 'postgresql, elected' : 'postgresql', async () => {
        const table = `contract_${tables++}`
        return {
          persistent: true,
          async open() {
            const driver = await openPostgres({ connectionUrl: server.url(), table, haEnabled, maxValueBytes: 1 << 20 })
            await driver.election?.campaign('the contract', new AbortController().signal)
            return driver
          },
          dispose: async () => {},
        }
      })
    }

    // What speaks PostgreSQL's protocol and has less.
    let connectionUrl: Promise<string> | undefined
    driverContract('postgresql, lacking', async () => {
      const table = `contract_${tables++}`
      connectionUrl ??= server.mute('strange')
      const url = await connectionUrl
      return {
        persistent: true,
        open: () => openPostgres({ connectionUrl: url, table, maxValueBytes: 1 << 20 }),
        dispose: async () => {},
      }
    })
  })
}
