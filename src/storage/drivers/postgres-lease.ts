/**
 * A leadership while it lasts: a row with the time at which it ends, by the database's clock, moved on again and again. Up to when this
 * node may rely on it is reckoned by its own clock from before the request that moved it, so that no difference between clocks matters.
 */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import type { Leadership } from '../driver.ts'
import { Backoff } from './postgres-backoff.ts'
import type { ErrorTranslator } from './postgres-error.ts'
import type { Queryable } from './postgres-connection.ts'
import { RELEASED } from './postgres-listener.ts'
import type { PostgresNotices } from './postgres-notices.ts'
import type { Tables } from './postgres-tables.ts'

/** Share of the time to live that is left out, for clocks that do not go equally fast. */
const MARGIN = 0.05
const RENEWALS = 3

export interface LeaseOptions {
  readonly connection: Queryable
  readonly tables: Tables
  readonly clock: Clock
  readonly log: Logger | undefined
  readonly errors: ErrorTranslator
  readonly notices: PostgresNotices
  readonly term: number
  /** Tells this leadership from others of the same identity. */
  readonly nonce: string
  /** Monotonic time before the request that won it. */
  readonly since: number
  /** ms. */
  readonly ttl: number
  /** Waits for commits under way; later ones are refused. */
  readonly drain: () => Promise<void>
}

export class PostgresLease implements Leadership {
  readonly term: number
  readonly lost: Promise<string>
  readonly #options: LeaseOptions
  readonly #end: (reason: string) => void
  #validUntil: number
  #over = false
  #renewal: Timer | undefined
  #expiry: Timer | undefined
  readonly #backoff = new Backoff()
  #releasing: Promise<void> | undefined

  constructor(options: LeaseOptions) {
    this.#options = options
    this.term = options.term
    const { promise, resolve } = Promise.withResolvers<string>()
    this.lost = promise
    this.#end = resolve
    this.#validUntil = this.#endOf(options.since)
    this.#watch()
    this.#renewIn(options.ttl / RENEWALS)
  }

  get validUntil(): number {
    return this.#validUntil
  }

  get over(): boolean {
    return this.#over
  }

  release(): Promise<void> {
    this.#releasing ??= this.#release()
    return this.#releasing
  }

  /** It is over, or nobody can say whether it is. */
  end(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#renewal?.cancel()
    this.#expiry?.cancel()
    this.#end(reason)
  }

  async #release(): Promise<void> {
    const { connection, tables, notices, log, errors, drain, nonce } = this.#options
    await drain()
    this.end('it was released')
    try {
      await connection.query({
        text: `WITH gone AS (UPDATE ${tables.leader} SET nonce = NULL WHERE id = 1 AND term = $1 AND nonce = $2 RETURNING id)
          SELECT ${notices.tell('$3', '$4::text')} FROM gone`,
        values: [this.term, nonce, tables.channel.name, RELEASED],
      })
    } catch (error) {
      log?.warn('the leadership could not be given up and will run out', { cause: errors.clean(error).message })
    }
  }

  async #renew(): Promise<void> {
    const { connection, tables, clock, ttl, nonce, log, errors } = this.#options
    const sent = clock.monotonic()
    try {
      const { rowCount } = await connection.query(
        {
          text: `UPDATE ${tables.leader} SET expires = now() + $3::double precision * interval '1 millisecond'
            WHERE id = 1 AND term = $1 AND nonce = $2`,
          values: [this.term, nonce, ttl],
        },
        Math.max(this.#validUntil - sent, 1),
      )
      if (this.#over) return
      if (rowCount !== 1) return this.end('another node leads')
    } catch (error) {
      if (this.#over) return
      log?.warn('the leadership could not be renewed', { cause: errors.clean(error).message })
      return this.#renewIn(this.#backoff.next())
    }
    this.#backoff.reset()
    this.#validUntil = this.#endOf(sent)
    this.#watch()
    this.#renewIn(ttl / RENEWALS - (clock.monotonic() - sent))
  }

  #renewIn(ms: number): void {
    this.#renewal = this.#options.clock.timer(ms, () => this.#renew())
  }

  /** A node that slept past the end finds this due before the answer to anything that it asks. */
  #watch(): void {
    this.#expiry?.cancel()
    const left = this.#validUntil - this.#options.clock.monotonic()
    this.#expiry = this.#options.clock.timer(left, () => this.end('it could not be renewed in time'))
  }

  #endOf(since: number): number {
    return since + this.#options.ttl * (1 - MARGIN)
  }
}
