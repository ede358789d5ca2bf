/**
 * Reads of the store as it stood after one commit. A snapshot is that commit's number and no transaction of PostgreSQL's: it costs
 * nothing to take and outlives lost connections. Every read also asks whether the versions it needs are still kept.
 */
import { storageErrors } from '../../errors/storage.ts'
import type { Entry, Range, Sequence, Snapshot } from '../driver.ts'
import { compareKeys, isStorable } from '../key-order.ts'
import { bytea } from './postgres-binary.ts'
import type { ErrorTranslator } from './postgres-error.ts'
import type { Queryable, Statement } from './postgres-connection.ts'
import type { Tables } from './postgres-tables.ts'

export interface SnapshotSource {
  readonly tables: Tables
  readonly reader: Queryable
  readonly errors: ErrorTranslator
  readonly maxKeyBytes: number
  readonly closed: boolean
}

interface Found {
  readonly horizon: number
  readonly value: Buffer | null
}

interface Row {
  readonly horizon: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

const NOTHING = new Uint8Array(0)

export class PostgresSnapshot implements Snapshot {
  readonly sequence: Sequence
  /** Monotonic, ms. */
  readonly openedAt: number
  readonly #source: SnapshotSource
  readonly #onClose: (snapshot: PostgresSnapshot) => void
  #open = true

  constructor(
    sequence: Sequence,
    openedAt: number,
    source: SnapshotSource,
    onClose: (snapshot: PostgresSnapshot) => void,
  ) {
    this.sequence = sequence
    this.openedAt = openedAt
    this.#source = source
    this.#onClose = onClose
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const { tables, maxKeyBytes } = this.#assertOpen()
    if (!isStorable(key, maxKeyBytes)) return undefined
    const [row] = await this.#read<Found>(getStatement(tables, key, this.sequence))
    return row?.value ?? undefined
  }

  async keys(range: Range): Promise<string[]> {
    return (await this.#range(range, false)).map(({ key }) => key.toString())
  }

  async entries(range: Range): Promise<Entry[]> {
    return (await this.#range(range, true)).map(({ key, value }): Entry => [key.toString(), value ?? NOTHING])
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#onClose(this)
  }

  async #range(range: Range, values: boolean): Promise<readonly (Row & { readonly key: Buffer })[]> {
    const { tables } = this.#assertOpen()
    if (range.limit === 0 || !range.prefix.isWellFormed()) return []
    const rows = await this.#read<Row>(rangeStatement(tables, range, this.sequence, values))
    const found = rows.filter((row): row is Row & { readonly key: Buffer } => row.key !== null)
    // They come in order as the join is run today, which SQL does not promise.
    return found.toSorted((a, b) => Buffer.compare(a.key, b.key))
  }

  async #read<R extends { readonly horizon: number }>(statement: Statement): Promise<R[]> {
    const { reader, errors } = this.#source
    let rows: R[]
    try {
      ;({ rows } = await reader.query<R>(statement))
    } catch (error) {
      throw this.#source.closed ? storageErrors.CLOSED() : errors.translate(error)
    }
    const horizon = rows[0]?.horizon
    if (horizon === undefined || horizon > this.sequence) {
      const cause = new Error(`the snapshot of commit ${this.sequence} is older than what is kept (${horizon})`)
      throw storageErrors.UNAVAILABLE(undefined, { cause })
    }
    return rows
  }

  #assertOpen(): SnapshotSource {
    if (!this.#open) throw new Error('the snapshot is closed')
    if (this.#source.closed) throw storageErrors.CLOSED()
    return this.#source
  }
}

function getStatement(tables: Tables, key: string, sequence: Sequence): Statement {
  return {
    name: 'coffer_get',
    text: `SELECT horizon, (SELECT value FROM ${tables.entries} WHERE key = $1::bytea AND seq <= $2::bigint
             ORDER BY seq DESC LIMIT 1) AS value FROM ${tables.horizon} WHERE id = 1`,
    values: [Buffer.from(key), sequence],
  }
}

/**
 * The first rows come without the last being looked at: the index gives the versions in order of their keys, and of those of one key
 * the newest is taken. Not prepared by name, so that it is planned for the limit that it has. One row without a key where there is none.
 */
export function rangeStatement(tables: Tables, range: Range, sequence: Sequence, values: boolean): Statement {
  const parameters: unknown[] = [sequence, range.limit ?? null]
  const bounds = boundsOf(range).map(([operator, bytes]) => {
    parameters.push(bytea(bytes))
    return ` AND key ${operator} $${parameters.length}::bytea`
  })
  const columns = values ? 'key, value' : 'key, NULL::bytea AS value'
  return {
    text: `SELECT horizon, found.key, found.value FROM ${tables.horizon} LEFT JOIN LATERAL (
        SELECT ${columns} FROM (
          SELECT DISTINCT ON (key) key, value FROM ${tables.entries}
          WHERE seq <= $1::bigint${bounds.join('')} ORDER BY key, seq DESC
        ) AS newest WHERE value IS NOT NULL ORDER BY key LIMIT $2::bigint
      ) AS found ON true WHERE id = 1`,
    values: parameters,
  }
}

function boundsOf(range: Range): (readonly [operator: string, bytes: Uint8Array])[] {
  const { prefix, after, from } = range
  const start = from !== undefined && compareKeys(from, prefix) > 0 ? from : prefix
  const bounds: (readonly [string, Uint8Array])[] = []
  if (after !== undefined && compareKeys(after, start) >= 0) bounds.push(['>', Buffer.from(after)])
  else if (start !== '') bounds.push(['>=', Buffer.from(start)])
  if (prefix !== '') bounds.push(['<', endOf(prefix)])
  return bounds
}

/** The first byte string after all that start with the prefix. The last byte of UTF-8 is never 0xff, so adding one is enough. */
function endOf(prefix: string): Uint8Array {
  const bytes = Buffer.from(prefix)
  const last = bytes.length - 1
  bytes[last] = (bytes[last] ?? 0) + 1
  return bytes
}
