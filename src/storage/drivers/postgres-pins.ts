/** Tells the node that drops old versions of a snapshot that is open for long here, such as a backup's. */
import type { Sequence } from '../driver.ts'
import type { Queryable } from './postgres-connection.ts'
import type { Tables } from './postgres-tables.ts'

/** Of a pin that is not refreshed: its node is gone. */
const LIFETIME = '5 minutes'

export class PostgresPins {
  readonly #connection: Queryable
  readonly #tables: Tables
  /** One row for each process: its oldest long snapshot. */
  readonly #id = crypto.randomUUID()
  #pinned = false

  constructor(connection: Queryable, tables: Tables) {
    this.#connection = connection
    this.#tables = tables
  }

  /** Pins a snapshot, again and again while it is open, or nothing. Rejects with the library's error. */
  async keep(sequence: Sequence | undefined): Promise<void> {
    const { pins } = this.#tables
    if (sequence === undefined) {
      if (this.#pinned) await this.#connection.query({ text: `DELETE FROM ${pins} WHERE id = $1`, values: [this.#id] })
      this.#pinned = false
      return
    }
    this.#pinned = true
    await this.#connection.query({
      text: `INSERT INTO ${pins} (id, seq, expires) VALUES ($1, $2, now() + interval '${LIFETIME}')
        ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, expires = excluded.expires`,
      values: [this.#id, sequence],
    })
  }
}
