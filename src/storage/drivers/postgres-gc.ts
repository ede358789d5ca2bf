/**
 * Drops versions that no snapshot can want any more. The log of changes says which keys have any, so that nothing is searched for. First
 * the horizon moves, past which no snapshot may read; what lies beyond it then goes in small steps, which may be cut off anywhere.
 */
import type { Logger } from '../../lib/observe/index.ts'
import type { Sequence } from '../driver.ts'
import { byteaArray } from './postgres-binary.ts'
import { decodeCommits } from './postgres-changes.ts'
import type { Queryable } from './postgres-connection.ts'
import type { Tables } from './postgres-tables.ts'
import { stagingPrefix } from './postgres-writer.ts'

/** Rows of the log, keys and versions that one statement takes. */
const LOG_PAGE = 100
const KEY_PAGE = 500
const VERSIONS = 5000

export interface CollectorOptions {
  readonly connection: Queryable
  readonly tables: Tables
  readonly log: Logger | undefined
  /** ms: versions superseded since then stay, for snapshots of other nodes. */
  readonly retention: number
  /** The oldest snapshot that this process has open. */
  readonly oldest: () => Sequence | undefined
}

interface LogRow {
  readonly seq: number
  readonly commits: Buffer | null
}

export class PostgresCollector {
  readonly #options: CollectorOptions

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** One round, as leader of `term`, until `signal` aborts. Returns how many versions went. Rejects with the library's error. */
  async collect(term: number, signal: AbortSignal): Promise<number> {
    const { connection, tables } = this.#options
    await connection.query({ text: `DELETE FROM ${tables.pins} WHERE expires <= now()` })
    await this.#clearStaging(term)
    await this.#moveHorizon(term)
    const { rows } = await connection.query<{ horizon: number }>({
      text: `SELECT horizon FROM ${tables.horizon} WHERE id = 1`,
    })
    const horizon = rows[0]?.horizon ?? 0
    let dropped = 0
    while (!signal.aborted) {
      const page = await connection.query<LogRow>({
        text: `SELECT seq, commits FROM ${tables.changes} WHERE seq <= $1::bigint ORDER BY seq LIMIT ${LOG_PAGE}`,
        values: [horizon],
      })
      const last = page.rows.at(-1)
      if (last === undefined) break
      const keys = keysOf(page.rows)
      dropped += keys === undefined ? await this.#sweep(horizon, signal) : await this.#dropOf(keys, horizon, signal)
      if (signal.aborted) break
      // What the log says of these keys is done; followers as far behind as this forget everything instead.
      await connection.query({ text: `DELETE FROM ${tables.changes} WHERE seq <= $1::bigint`, values: [last.seq] })
    }
    if (dropped > 0) this.#options.log?.debug('old versions were dropped', { versions: dropped, horizon })
    return dropped
  }

  async #moveHorizon(term: number): Promise<void> {
    const { connection, tables, retention, oldest } = this.#options
    await connection.query({
      text: `UPDATE ${tables.horizon} AS h SET horizon = reached.seq FROM (
          SELECT max(seq) AS seq FROM ${tables.changes}
          WHERE at < now() - $1::double precision * interval '1 millisecond' AND seq <= $2::bigint
            AND seq <= coalesce((SELECT min(seq) FROM ${tables.pins}), $2::bigint)) AS reached
        WHERE h.id = 1 AND reached.seq > h.horizon AND EXISTS (SELECT 1 FROM ${tables.meta} WHERE id = 1 AND term = $3::bigint)`,
      values: [retention, oldest() ?? Number.MAX_SAFE_INTEGER, term],
    })
  }

  /** Removes what replacements have left behind that were cut off by the end of their leader. */
  async #clearStaging(term: number): Promise<void> {
    const { connection, tables } = this.#options
    await connection.query({
      text: `DELETE FROM ${tables.staging} AS s USING (
          SELECT run, key FROM ${tables.staging} WHERE NOT starts_with(run, $1) LIMIT ${VERSIONS}) AS old
        WHERE s.run = old.run AND s.key = old.key`,
      values: [stagingPrefix(term)],
    })
  }

  /** Every key there is, after all were replaced. */
  async #sweep(horizon: Sequence, signal: AbortSignal): Promise<number> {
    const { connection, tables } = this.#options
    let dropped = 0
    let after: Buffer = Buffer.alloc(0)
    while (!signal.aborted) {
      const { rows } = await connection.query<{ key: Buffer }>({
        text: `SELECT DISTINCT key FROM ${tables.entries} WHERE key > $1::bytea ORDER BY key LIMIT ${KEY_PAGE}`,
        values: [after],
      })
      const last = rows.at(-1)
      if (last === undefined) break
      after = last.key
      const keys = rows.map(({ key }) => key)
      dropped += await this.#dropOf(keys, horizon, signal)
    }
    return dropped
  }

  async #dropOf(keys: readonly Uint8Array[], horizon: Sequence, signal: AbortSignal): Promise<number> {
    let dropped = 0
    for (let from = 0; from < keys.length && !signal.aborted; from += KEY_PAGE) {
      const page = byteaArray(keys.slice(from, from + KEY_PAGE))
      let count = VERSIONS
      while (count === VERSIONS && !signal.aborted) {
        count = await this.#dropPage(page, horizon)
        dropped += count
      }
    }
    return dropped
  }

  /** The oldest go first: a deletion that went before what it deleted would bring it back. */
  async #dropPage(keys: Buffer, horizon: Sequence): Promise<number> {
    const { connection, tables } = this.#options
    const { rowCount } = await connection.query({
      text: `DELETE FROM ${tables.entries} AS e USING (
          SELECT o.key, o.seq FROM unnest($1::bytea[]) AS k (key)
          CROSS JOIN LATERAL (
            SELECT max(n.seq) AS seq FROM ${tables.entries} AS n WHERE n.key = k.key AND n.seq <= $2::bigint) AS newest
          JOIN ${tables.entries} AS o ON o.key = k.key
            AND (o.seq < newest.seq OR (o.seq = newest.seq AND o.value IS NULL))
          ORDER BY o.key, o.seq LIMIT ${VERSIONS}) AS old
        WHERE e.key = old.key AND e.seq = old.seq`,
      values: [keys, horizon],
    })
    return rowCount ?? 0
  }
}

/** Undefined where the rows say that any key may have changed. */
function keysOf(rows: readonly LogRow[]): Uint8Array[] | undefined {
  const keys = new Set<string>()
  for (const { commits } of rows) {
    if (commits === null) return undefined
    for (const [, changed] of decodeCommits(commits)) for (const key of changed) keys.add(key)
  }
  return [...keys].map((key) => Buffer.from(key))
}
