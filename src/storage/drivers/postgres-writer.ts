/**
 * Writes the commits of one leadership. Each group goes out in one transaction that moves the number of the newest commit on from where
 * this leader left it, under this leader's term: once another leads, or the store is not as this leader left it, there is no such row
 * to move, and nothing is written.
 *
 * A connection that breaks leaves open whether the group is there. The next connection closes the door behind it, by a new number of the
 * attempt without which no late statement gets in, and then looks.
 */
import { storageErrors } from '../../errors/storage.ts'
import type { Clock } from '../../lib/clock.ts'
import type { GroupMember } from '../commit-queue.ts'
import type { Entry, Sequence } from '../driver.ts'
import { checkWrites } from '../key-order.ts'
import { Backoff, pause } from './postgres-backoff.ts'
import { byteaArray } from './postgres-binary.ts'
import { encodeCommits } from './postgres-changes.ts'
import { codeOf, type ErrorTranslator, isRefusal } from './postgres-error.ts'
import type { Connector, Queried, Statement } from './postgres-connection.ts'
import { Link } from './postgres-link.ts'
import type { PostgresNotices } from './postgres-notices.ts'
import type { Tables } from './postgres-tables.ts'

export interface Position {
  readonly term: number
  /** The newest commit. */
  readonly sequence: Sequence
  readonly attempt: number
}

export interface WriterOptions {
  readonly connector: Connector
  readonly tables: Tables
  readonly errors: ErrorTranslator
  readonly notices: PostgresNotices
  readonly position: Position
  /** Monotonic, ms: up to when a broken connection is worth another attempt. */
  readonly until: () => number
  /** Ends the leadership: nobody can say any more what is written under it. */
  readonly onLost: (reason: string) => void
}

/** Timeouts of a statement after which a failing connection is not tried again. */
const PATIENCE = 2
/** Of one statement. A larger group is written in several, in one transaction. */
const CHUNK_BYTES = 16 << 20
const CHUNK_ROWS = 20_000
/** What a statement may take beside the ordinary, by its size. */
const MS_PER_MEGABYTE = 1000
/** A replacement is one statement for all that is stored. */
const REPLACE_TIMEOUT = 3_600_000

interface Rows {
  readonly keys: readonly Uint8Array[]
  readonly sequences: readonly Sequence[]
  readonly values: readonly (Uint8Array | undefined)[]
  readonly bytes: number
}

export class PostgresWriter {
  readonly #options: WriterOptions
  readonly #link: Link
  readonly #clock: Clock
  #sequence: Sequence
  #attempt: number

  constructor(options: WriterOptions) {
    this.#options = options
    this.#link = new Link(options.connector)
    this.#clock = options.connector.clock
    this.#sequence = options.position.sequence
    this.#attempt = options.position.attempt
  }

  /** As `CommitQueueOptions.write`. */
  async write(group: readonly GroupMember[]): Promise<void> {
    const last = group.at(-1)?.sequence
    if (last === undefined) return
    const chunks = chunksOf(group)
    const commits = encodeCommits(group)
    const [only] = chunks
    await this.#settle(last, () =>
      only !== undefined && chunks.length === 1
        ? this.#writeAtOnce(only, commits, last)
        : this.#transaction(last, commits, async () => {
            for (const chunk of chunks) await this.#insert(chunk)
          }),
    )
  }

  /** As `Driver.replace`, as commit `sequence`. */
  async replace(entries: AsyncIterable<readonly Entry[]>, sequence: Sequence, limits: Limits): Promise<void> {
    const run = `${stagingPrefix(this.#options.position.term)}${crypto.randomUUID()}`
    try {
      for await (const page of entries) {
        checkWrites(limits, new Map(page))
        await this.#stage(run, page, sequence)
      }
      await this.#settle(sequence, () => this.#transaction(sequence, null, () => this.#unstage(run, sequence)))
    } finally {
      await this.#clearStaging(run).catch(() => undefined)
    }
  }

  close(): void {
    this.#link.close()
  }

  /**
   * Runs what writes commit `last` until it is known to be there or known not to be. Rejects with `STORAGE_NOT_LEADER` when it was not
   * let in; with `STORAGE_UNAVAILABLE` also when the time is over and nobody can say, which ends the leadership.
   */
  async #settle(last: Sequence, attempt: () => Promise<boolean>): Promise<void> {
    const backoff = new Backoff()
    let doubt = false
    let failing: number | undefined
    for (;;) {
      try {
        if (doubt) {
          if (await this.#isWritten(last)) break
          doubt = false
        }
        if (await attempt()) break
        throw this.#fenced('another node leads, or the store was changed by somebody else')
      } catch (error) {
        if (isFenced(error)) throw error
        const refused = isRefusal(error)
        if (refused && !doubt && !isPassing(error)) throw this.#options.errors.translate(error)
        if (!refused) doubt = true
        const now = this.#clock.monotonic()
        failing ??= now
        if (now >= Math.min(this.#options.until(), failing + PATIENCE * this.#options.connector.timeout)) {
          if (!doubt) throw this.#options.errors.translate(error)
          this.#options.onLost('the storage did not say in time whether a commit was written')
          throw this.#options.errors.translate(error)
        }
      }
      await pause(this.#clock, backoff.next())
    }
    this.#sequence = last
  }

  /** Whether commit `last` is there, after having made sure that it will not come to be there later. */
  async #isWritten(last: Sequence): Promise<boolean> {
    const { tables, position } = this.#options
    const { rows } = await this.#link.query<{ sequence: number; attempt: number }>({
      text: `UPDATE ${tables.meta} SET attempt = attempt + 1 WHERE id = 1 AND term = $1 RETURNING sequence, attempt`,
      values: [position.term],
    })
    const [meta] = rows
    if (meta !== undefined) {
      this.#attempt = meta.attempt
      if (meta.sequence === last || meta.sequence === this.#sequence) return meta.sequence === last
      throw this.#fenced('the store was changed by somebody else')
    }
    // Another node leads; none of this term's statements was let in after it took over.
    const { rowCount } = await this.#link.query({
      text: `SELECT 1 FROM ${tables.changes} WHERE seq = $1::bigint AND term = $2::bigint`,
      values: [last, position.term],
    })
    if (rowCount === 0) throw this.#fenced('another node leads')
    return true
  }

  #fenced(reason: string): Error {
    this.#options.onLost(reason)
    return storageErrors.NOT_LEADER()
  }

  /** One statement, one round trip. Returns whether it was let in. */
  async #writeAtOnce(rows: Rows, commits: Buffer, last: Sequence): Promise<boolean> {
    const { tables, notices } = this.#options
    const { rowCount } = await this.#query(
      {
        name: 'coffer_commit',
        text: `WITH moved AS (${moveText(tables)}),
          stored AS (
            INSERT INTO ${tables.entries} (key, seq, value) SELECT key, seq, value
            FROM unnest($6::bytea[], $7::bigint[], $8::bytea[]) AS rows (key, seq, value) WHERE EXISTS (SELECT 1 FROM moved)),
          told AS (
            INSERT INTO ${tables.changes} (seq, before, term, commits)
            SELECT $2::bigint, $1::bigint, $3::bigint, $9::bytea WHERE EXISTS (SELECT 1 FROM moved))
          SELECT ${notices.tell('$5', '$2::bigint::text')} FROM moved`,
        values: [...this.#move(last), ...parametersOf(rows), commits],
      },
      rows.bytes,
    )
    return rowCount === 1
  }

  /** Returns whether it was let in; then `write` has been run and all is committed. */
  async #transaction(last: Sequence, commits: Buffer | null, write: () => Promise<void>): Promise<boolean> {
    const { tables, notices, position } = this.#options
    await this.#link.query({ text: 'BEGIN' })
    try {
      const moved = await this.#link.query({
        text: `WITH moved AS (${moveText(tables)}) SELECT ${notices.tell('$5', '$2::bigint::text')} FROM moved`,
        values: this.#move(last),
      })
      if (moved.rowCount !== 1) {
        await this.#link.query({ text: 'ROLLBACK' })
        return false
      }
      await write()
      await this.#link.query({
        text: `INSERT INTO ${tables.changes} (seq, before, term, commits) VALUES ($1, $2, $3, $4)`,
        values: [last, this.#sequence, position.term, commits],
      })
    } catch (error) {
      // Whatever of it was done is undone with the connection at the latest.
      if (isRefusal(error)) await this.#link.query({ text: 'ROLLBACK' }).catch(() => this.#link.drop())
      throw error
    }
    await this.#link.query({ text: 'COMMIT' })
    return true
  }

  /** Parameters of `moveText`. */
  #move(last: Sequence): readonly unknown[] {
    const { tables, position } = this.#options
    return [this.#sequence, last, position.term, this.#attempt, tables.channel.name]
  }

  async #insert(rows: Rows): Promise<void> {
    await this.#extendTimeout(rows.bytes)
    await this.#query(
      {
        text: `INSERT INTO ${this.#options.tables.entries} (key, seq, value) SELECT key, seq, value
          FROM unnest($1::bytea[], $2::bigint[], $3::bytea[]) AS rows (key, seq, value)`,
        values: parametersOf(rows),
      },
      rows.bytes,
    )
  }

  async #stage(run: string, page: readonly Entry[], sequence: Sequence): Promise<void> {
    const text = `INSERT INTO ${this.#options.tables.staging} (run, key, value) SELECT $1, key, value
      FROM unnest($2::bytea[], $3::bytea[]) AS rows (key, value)`
    try {
      for (const { keys, values, bytes } of chunksOf([{ sequence, writes: new Map(page) }])) {
        await this.#query({ text, values: [run, byteaArray(keys), byteaArray(values)] }, bytes)
      }
    } catch (error) {
      throw this.#options.errors.translate(error)
    }
  }

  /** All that was staged in place of all that is stored. */
  async #unstage(run: string, sequence: Sequence): Promise<void> {
    const { entries, staging } = this.#options.tables
    await this.#link.query({ text: `SET LOCAL statement_timeout = ${REPLACE_TIMEOUT}` })
    await this.#link.query(
      {
        text: `INSERT INTO ${entries} (key, seq, value) SELECT key, $1::bigint, NULL FROM (
            SELECT DISTINCT ON (key) key, value FROM ${entries} ORDER BY key, seq DESC) AS newest
          WHERE value IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM ${staging} WHERE ${staging}.run = $2 AND ${staging}.key = newest.key)`,
        values: [sequence, run],
      },
      REPLACE_TIMEOUT,
    )
    await this.#link.query(
      {
        text: `INSERT INTO ${entries} (key, seq, value) SELECT key, $1::bigint, value FROM ${staging} WHERE run = $2`,
        values: [sequence, run],
      },
      REPLACE_TIMEOUT,
    )
  }

  async #clearStaging(run: string): Promise<void> {
    await this.#link.query({ text: `DELETE FROM ${this.#options.tables.staging} WHERE run = $1`, values: [run] })
  }

  async #extendTimeout(bytes: number): Promise<void> {
    await this.#link.query({ text: `SET LOCAL statement_timeout = ${this.#timeout(bytes)}` })
  }

  #query(statement: Statement, bytes: number): Promise<Queried<Record<string, unknown>>> {
    return this.#link.query(statement, this.#timeout(bytes))
  }

  #timeout(bytes: number): number {
    return this.#options.connector.timeout + Math.ceil(bytes / (1 << 20)) * MS_PER_MEGABYTE
  }
}

/** Of the runs of one leadership: what an earlier one left behind is known by it. */
export function stagingPrefix(term: number): string {
  return `${term}/`
}

export interface Limits {
  readonly maxKeyBytes: number
  readonly maxValueBytes: number
}

/** The one row that lets a commit in. $1 is the commit before it, $2 its own, $3 the term, $4 the attempt. */
function moveText(tables: Tables): string {
  return `UPDATE ${tables.meta} SET sequence = $2::bigint
    WHERE id = 1 AND sequence = $1::bigint AND term = $3::bigint AND attempt = $4::bigint RETURNING id`
}

function parametersOf({ keys, sequences, values }: Rows): readonly unknown[] {
  return [byteaArray(keys), sequences, byteaArray(values)]
}

function chunksOf(group: readonly GroupMember[]): Rows[] {
  const chunks: Rows[] = []
  let keys: Uint8Array[] = []
  let sequences: Sequence[] = []
  let values: (Uint8Array | undefined)[] = []
  let bytes = 0
  const end = (): void => {
    if (keys.length > 0) chunks.push({ keys, sequences, values, bytes })
    ;[keys, sequences, values, bytes] = [[], [], [], 0]
  }
  for (const { sequence, writes } of group) {
    for (const [key, value] of writes) {
      const size = value?.byteLength ?? 0
      if (bytes + size > CHUNK_BYTES || keys.length >= CHUNK_ROWS) end()
      keys.push(Buffer.from(key))
      sequences.push(sequence)
      values.push(value)
      bytes += size
    }
  }
  end()
  return chunks
}

/** A conflict or deadlock between transactions, which the same statement need not meet again. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

function isFenced(error: unknown): boolean {
  return codeOf(error) === 'STORAGE_NOT_LEADER'
}
