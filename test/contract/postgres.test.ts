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

    driverContract('postgresql', async () => {
      const table = `contract_${tables++}`
      return {
        persistent: true,
        open: () => openPostgres({ connectionUrl: server.url(), table, maxValueBytes: 1 << 20 }),
        dispose: async () => {},
      }
    })
  })
}
