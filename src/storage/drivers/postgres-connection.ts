/** Connections to PostgreSQL: how one is made, and that nothing on it waits for ever. */
import pg from 'pg'
import type { Clock, Timer } from '../../lib/clock.ts'
import { offersTls } from '../../lib/postgres-tls.ts'
import { isLacking } from './postgres-error.ts'
import type { ConnectionSettings } from './postgres-url.ts'

export interface Statement {
  readonly text: string
  readonly values?: readonly unknown[]
  /** Prepared once on each connection, under this name. */
  readonly name?: string
}

export interface Queried<R> {
  readonly rows: R[]
  readonly rowCount: number | null
}

/** What a statement can be run on. */
export interface Queryable {
  query<R extends pg.QueryResultRow>(statement: Statement, timeout?: number): Promise<Queried<R>>
}

export interface ConnectorOptions {
  readonly settings: ConnectionSettings
  readonly clock: Clock
  /** Of a statement, ms; the server ends it then, and a little later we end the connection. */
  readonly timeout: number
}

/** The server is given this long to say itself that a statement took too long. */
const GRACE = 1000
const KEEPALIVE_DELAY = 5000

/**
 * Ranges are read in the order of the index, and their first row must not wait for the last: a plan that sorts the table is never the
 * better one, however stale the statistics; nor is any statement here worth being compiled or shared out to workers. A transaction of a
 * node that was paused must not hold its locks. Asynchronous commits would be acknowledged before they are durable; stronger settings
 * than `on` stay. $1 is the timeout.
 */
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['statement_timeout', '$1::text'],
  ['idle_in_transaction_session_timeout', '$1::text'],
  ['lock_timeout', '$1::text'],
  ['enable_seqscan', `'off'`],
  ['enable_bitmapscan', `'off'`],
  ['enable_sort', `'off'`],
  ['max_parallel_workers_per_gather', `'0'`],
  ['jit', `'off'`],
  ['bytea_output', `'hex'`],
  [
    'synchronous_commit',
    `CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END`,
  ],
]

const INT8 = 20

/** Numbers of commits are far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
}

export class Connector {
  readonly clock: Clock
  readonly timeout: number
  readonly #settings: ConnectionSettings
  #config: Promise<pg.ClientConfig> | undefined
  /** The settings that the server has, as far as is known. */
  #known = SETTINGS

  constructor({ settings, clock, timeout }: ConnectorOptions) {
    this.#settings = settings
    this.clock = clock
    this.timeout = timeout
  }

  /** Of a client and of a pool's. Rejects where it takes the server to say whether it has TLS, and that cannot be asked. */
  config(): Promise<pg.ClientConfig> {
    this.#config ??= this.#configure().catch((error: unknown) => {
      this.#config = undefined
      throw error
    })
    return this.#config
  }

  async connect(): Promise<pg.Client> {
    const client = new pg.Client(await this.config())
    client.on('error', () => {})
    try {
      await client.connect()
      await this.prepare(client)
      return client
    } catch (error) {
      client.connection.stream.destroy()
      throw error
    }
  }

  /** What every session is set to before its first use. */
  async prepare(client: pg.Client): Promise<void> {
    // Whoever waits for an answer hears of a lost connection by it; an idle one is found out at its next use.
    client.on('error', () => {})
    try {
      await this.#set(client, this.#known)
    } catch (error) {
      if (!isLacking(error)) throw error
      await this.#setOneByOne(client)
    }
  }

  /** Runs a statement and, when it is not answered in time, ends the connection. */
  async run<R extends pg.QueryResultRow>(
    client: pg.Client,
    statement: Statement,
    timeout: number,
  ): Promise<Queried<R>> {
    const late = (): void => {
      client.connection.stream.destroy(new Error('PostgreSQL did not answer in time'))
    }
    const timer: Timer = this.clock.timer(timeout + GRACE, late)
    try {
      return await client.query<R>({ ...statement, values: [...(statement.values ?? [])] })
    } finally {
      timer.cancel()
    }
  }

  /** In one round trip. */
  async #set(client: pg.Client, settings: typeof SETTINGS): Promise<void> {
    if (settings.length === 0) return
    const columns = settings.map(([name, value]) => `set_config('${name}', ${value}, false)`)
    const text = `SELECT $1::text, ${columns.join(', ')}`
    await this.run(client, { text, values: [String(this.timeout)] }, this.timeout)
  }

  /** What speaks PostgreSQL's protocol without being it need not have every setting: those that it refuses are asked for no more. */
  async #setOneByOne(client: pg.Client): Promise<void> {
    const known: (typeof SETTINGS)[number][] = []
    for (const setting of SETTINGS) {
      try {
        await this.#set(client, [setting])
        known.push(setting)
      } catch (error) {
        if (!isLacking(error)) throw error
      }
    }
    this.#known = known
  }

  async #configure(): Promise<pg.ClientConfig> {
    const { config, tls } = this.#settings
    const encrypted = tls === 'prefer' ? await this.#offersTls() : tls !== 'off'
    const ssl = tls === 'prefer' || tls === 'off' ? { rejectUnauthorized: false } : tls
    return {
      connectionTimeoutMillis: this.timeout,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_DELAY,
      types,
      ...config,
      ssl: encrypted ? ssl : false,
    }
  }

  #offersTls(): Promise<boolean> {
    const { host = 'localhost', port = 5432 } = this.#settings.config
    return offersTls(host, port, this.timeout)
  }
}
