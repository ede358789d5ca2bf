/** Who writes: a row that names the leader, its term and when its time ends, taken over by one conditional statement. */
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import type { Election, Leader } from '../driver.ts'
import { Backoff, pause } from './postgres-backoff.ts'
import type { ErrorTranslator } from './postgres-error.ts'
import type { Queryable } from './postgres-connection.ts'
import { PostgresLease } from './postgres-lease.ts'
import type { PostgresListener } from './postgres-listener.ts'
import type { PostgresNotices } from './postgres-notices.ts'
import type { Tables } from './postgres-tables.ts'
import type { Position } from './postgres-writer.ts'

/** ms between looks whether the leadership is free. */
const LOOK = 1000

export interface ElectionOptions {
  /** Apart from the reads, which must not keep a renewal waiting. */
  readonly connection: Queryable
  readonly reader: Queryable
  readonly tables: Tables
  readonly clock: Clock
  readonly log: Logger | undefined
  readonly errors: ErrorTranslator
  readonly listener: PostgresListener
  readonly notices: PostgresNotices
  /** Aborts, with the reason that campaigns reject with, when the driver closes. */
  readonly closed: AbortSignal
  /** ms. */
  readonly ttl: number
  readonly drain: () => Promise<void>
  /** Makes the node able to write. Where it rejects, the leadership is given up. */
  readonly begin: (lease: PostgresLease, position: Position) => Promise<void>
}

/** What stands in the way of taking over. */
export interface Holder {
  readonly term: number
  readonly identity: string
  /** When its time ends, by the database's clock, ms. */
  readonly expires: number
}

export class PostgresElection implements Election {
  readonly #options: ElectionOptions

  constructor(options: ElectionOptions) {
    this.#options = options
  }

  async campaign(identity: string, asked: AbortSignal): Promise<PostgresLease> {
    const { clock, log, errors, closed } = this.#options
    const signal = AbortSignal.any([asked, closed])
    const nonce = crypto.randomUUID()
    const backoff = new Backoff()
    for (;;) {
      signal.throwIfAborted()
      try {
        const lease = await this.attempt(identity, nonce)
        if (lease !== undefined) {
          if (!signal.aborted) return lease
          await lease.release()
          signal.throwIfAborted()
        }
        backoff.reset()
        await this.#wait(signal)
      } catch (error) {
        signal.throwIfAborted()
        log?.warn('the leadership could not be asked for', { cause: errors.clean(error).message })
        await pause(clock, backoff.next(), signal)
      }
    }
  }

  async leader(): Promise<Leader | undefined> {
    const { reader, tables, errors } = this.#options
    try {
      const { rows } = await reader.query<{ term: number; identity: string }>({
        text: `SELECT term, identity FROM ${tables.leader} WHERE id = 1 AND nonce IS NOT NULL AND expires > now()`,
      })
      return rows[0]
    } catch (error) {
      throw errors.translate(error)
    }
  }

  /** Who led last and has not given it up, whether its time has ended or not. */
  async holder(): Promise<Holder | undefined> {
    const { rows } = await this.#options.connection.query<Holder & { readonly expires: number }>({
      text: `SELECT term, identity, extract(epoch FROM expires)::double precision * 1000 AS expires
        FROM ${this.#options.tables.leader} WHERE id = 1 AND nonce IS NOT NULL`,
    })
    return rows[0]
  }

  /** Takes over if the leadership is free. A nonce that holds it already, since an answer was lost, gets it again. */
  async attempt(identity: string, nonce: string): Promise<PostgresLease | undefined> {
    const { connection, tables, clock, ttl, begin } = this.#options
    const since = clock.monotonic()
    const { rows } = await connection.query<{ term: number; sequence: number; attempt: number }>({
      text: `WITH won AS (
          UPDATE ${tables.leader} AS l SET identity = $1, nonce = $2, term = greatest(l.term, m.term) + 1,
            expires = now() + $3::double precision * interval '1 millisecond'
          FROM ${tables.meta} AS m
          WHERE l.id = 1 AND m.id = 1 AND (l.nonce IS NULL OR l.nonce = $2 OR l.expires <= now()) RETURNING l.term)
        UPDATE ${tables.meta} AS m SET term = won.term, attempt = m.attempt + 1 FROM won
        WHERE m.id = 1 RETURNING m.term, m.sequence, m.attempt`,
      values: [identity, nonce, ttl],
    })
    const [position] = rows
    if (position === undefined) return undefined
    const lease = new PostgresLease({ ...this.#options, term: position.term, nonce, since })
    try {
      await begin(lease, position)
      return lease
    } catch (error) {
      await lease.release()
      throw error
    }
  }

  /**
   * Takes over from whoever does not hold on to it: a process that ended without giving it up stops renewing, so its time runs out.
   * Undefined once somebody was seen to renew it.
   */
  async claim(identity: string): Promise<PostgresLease | undefined> {
    const nonce = crypto.randomUUID()
    let seen: Holder | undefined
    for (;;) {
      const lease = await this.attempt(identity, nonce)
      if (lease !== undefined) return lease
      const holder = await this.holder()
      if (seen !== undefined && holder !== undefined && holder.expires > seen.expires) return undefined
      seen ??= holder
      await pause(this.#options.clock, LOOK / 4)
    }
  }

  /** Until the leader gives it up, or for a moment. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { listener, clock } = this.#options
    const woken = new AbortController()
    const stop = listener.subscribe((notice) => {
      if (notice === 'released') woken.abort()
    })
    await pause(clock, LOOK, AbortSignal.any([signal, woken.signal]))
    stop()
  }
}
