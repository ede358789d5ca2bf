/** Watches, from outside, how the leases of a running server become fewer. */
import { join } from 'node:path'
import { openDatabase } from '../../src/storage/drivers/lmdb-environment.ts'
import type { TestServer } from './server.ts'

/** Address space; the file itself is as large as what is in it. */
const MAP_SIZE = 64 * 2 ** 30

export class LeaseCount implements AsyncDisposable {
  readonly #db: ReturnType<typeof openDatabase>

  constructor(server: TestServer) {
    this.#db = openDatabase(join(server.folder, 'data'), MAP_SIZE)
  }

  /** Places in the index of what is due when. */
  now(): number {
    this.#db.resetReadTxn()
    return this.#db.getKeysCount({ start: 'sys/expire/due/', end: 'sys/expire/due0' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.close()
  }
}
