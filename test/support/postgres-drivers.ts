/** Drivers on a real PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Leadership } from '../../src/storage/driver.ts'
import { openPostgres, type PostgresDriver, type PostgresOptions } from '../../src/storage/drivers/postgres.ts'
import { NEVER } from './driver-words.ts'
import { startPostgres, type TestPostgres, withoutPostgres } from './postgres.ts'

/** The server of a file of tests, from before the first of them until after the last. */
export class PostgresDrivers {
  /** Why there can be none here, or false. */
  readonly skip: string | false = withoutPostgres()
  #server: TestPostgres | undefined
  #tables = 0

  constructor() {
    if (this.skip !== false) return
    before(async () => {
      this.#server = await startPostgres()
    })
    after(() => this.server[Symbol.asyncDispose]())
  }

  get server(): TestPostgres {
    assert.ok(this.#server !== undefined, 'the server is there in tests only')
    return this.#server
  }

  readonly newTable = (): string => `store_${this.#tables++}`

  /** Closed with the test. Statements may take 2 s. */
  readonly open = async (
    t: { after(fn: () => Promise<void>): void },
    table: string,
    options: Partial<PostgresOptions> = {},
  ): Promise<PostgresDriver> => {
    const driver = await openPostgres({
      connectionUrl: this.server.url(),
      table,
      haEnabled: true,
      lockTtl: 2,
      ...options,
      timing: { timeout: 2000, ...options.timing },
    })
    t.after(() => driver.close())
    return driver
  }
}

export async function lead(driver: PostgresDriver, identity = 'a node'): Promise<Leadership> {
  const leadership = await driver.election?.campaign(identity, NEVER)
  assert.ok(leadership !== undefined)
  return leadership
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`${what}: not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
