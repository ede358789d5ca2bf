/** The connections that reads share. What only reads is tried again when its connection broke: it may be the server's restart. */
import pg from 'pg'
import { Backoff, pause } from './postgres-backoff.ts'
import { isRefusal } from './postgres-error.ts'
import type { Connector, Queried, Queryable, Statement } from './postgres-connection.ts'

const ATTEMPTS = 3

export class Pool implements Queryable {
  readonly #connector: Connector
  readonly #max: number
  readonly #prepared = new WeakSet<pg.Client>()
  #pool: Promise<pg.Pool> | undefined
  #closed = false

  constructor(connector: Connector, max: number) {
    this.#connector = connector
    this.#max = max
  }

  async query<R extends pg.QueryResultRow>(
    statement: Statement,
    timeout = this.#connector.timeout,
  ): Promise<Queried<R>> {
    const until = this.#connector.clock.monotonic() + timeout
    const backoff = new Backoff()
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once<R>(statement, timeout)
      } catch (error) {
        const over = attempt === ATTEMPTS || this.#connector.clock.monotonic() > until
        if (this.#closed || over || isRefusal(error)) throw error
      }
      await pause(this.#connector.clock, backoff.next())
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const pool = await this.#pool?.catch(() => undefined)
    await pool?.end()
  }

  async #once<R extends pg.QueryResultRow>(statement: Statement, timeout: number): Promise<Queried<R>> {
    if (this.#closed) throw new Error('the connections are closed')
    const pool = await this.#open()
    const client = await pool.connect()
    let broken = true
    try {
      if (!this.#prepared.has(client)) await this.#connector.prepare(client)
      this.#prepared.add(client)
      const result = await this.#connector.run<R>(client, statement, timeout)
      broken = false
      return result
    } catch (error) {
      broken = !isRefusal(error)
      throw error
    } finally {
      client.release(broken)
    }
  }

  #open(): Promise<pg.Pool> {
    this.#pool ??= this.#make().catch((error: unknown) => {
      this.#pool = undefined
      throw error
    })
    return this.#pool
  }

  async #make(): Promise<pg.Pool> {
    const pool = new pg.Pool({
      ...(await this.#connector.config()),
      max: this.#max,
      idleTimeoutMillis: 60_000,
      allowExitOnIdle: true,
    })
    // A connection that broke while it was idle has left the pool already.
    pool.on('error', () => {})
    return pool
  }
}
