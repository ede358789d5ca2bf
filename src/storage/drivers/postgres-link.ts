/** One connection for one purpose: made at its first use, and again after it broke. Statements on it run one after another. */
import type pg from 'pg'
import { FairLane } from '../fair-lane.ts'
import { isRefusal } from './postgres-error.ts'
import type { Connector, Queried, Queryable, Statement } from './postgres-connection.ts'

export class Link implements Queryable {
  readonly #connector: Connector
  readonly #lane = new FairLane()
  #client: Promise<pg.Client> | undefined
  #closed = false

  constructor(connector: Connector) {
    this.#connector = connector
  }

  async query<R extends pg.QueryResultRow>(
    statement: Statement,
    timeout = this.#connector.timeout,
  ): Promise<Queried<R>> {
    const leave = await this.#lane.enter()
    try {
      return await this.#connector.run<R>(await this.open(), statement, timeout)
    } catch (error) {
      if (!isRefusal(error)) this.drop()
      throw error
    } finally {
      leave()
    }
  }

  /** The connection itself, for what it says unasked. */
  open(): Promise<pg.Client> {
    if (this.#closed) return Promise.reject(new Error('the connection is closed'))
    this.#client ??= this.#connect()
    return this.#client
  }

  /** Ends the connection with whatever is under way on it. */
  drop(): void {
    const client = this.#client
    this.#client = undefined
    client?.then(
      ({ connection }) => connection.stream.destroy(),
      () => {},
    )
  }

  close(): void {
    this.#closed = true
    this.drop()
  }

  #connect(): Promise<pg.Client> {
    const connecting: Promise<pg.Client> = this.#connector.connect().then(
      (client) => {
        client.once('end', () => this.#forget(connecting))
        return client
      },
      (error: unknown) => {
        this.#forget(connecting)
        throw error
      },
    )
    return connecting
  }

  #forget(client: Promise<pg.Client>): void {
    if (this.#client === client) this.#client = undefined
  }
}
