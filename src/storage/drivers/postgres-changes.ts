/** The log of what each commit changed: written with the commits, read by those who follow. One row stands for one group of commits. */
import type { Change, Sequence } from '../driver.ts'
import type { GroupMember } from '../commit-queue.ts'
import type { Queryable } from './postgres-connection.ts'
import type { Tables } from './postgres-tables.ts'

/** Rows that are fetched at once. */
const PAGE = 500

type Commits = readonly (readonly [Sequence, readonly string[]])[]

interface Row {
  /** The newest commit of the store. */
  readonly newest: number
  /** Of the row's last commit, and of the commit before its first. Null where there is no row. */
  readonly seq: number | null
  readonly before: number | null
  /** Null where everything was replaced. */
  readonly commits: Buffer | null
}

export interface Fetched {
  readonly changes: readonly Change[]
  /** How far the changes go, and the newest commit of the store. */
  readonly reached: Sequence
  readonly newest: Sequence
}

export function encodeCommits(group: readonly GroupMember[]): Buffer {
  const commits: Commits = group.map(({ sequence, writes }) => [sequence, [...writes.keys()]])
  return Buffer.from(JSON.stringify(commits))
}

export function decodeCommits(bytes: Uint8Array): Commits {
  // Written by `encodeCommits` alone.
  const commits: Commits = JSON.parse(Buffer.from(bytes).toString())
  return commits
}

/**
 * What happened after commit `after`, or the first part of it. One reset where the log does not reach back that far, or where the
 * store is behind `after`: it was put back to an earlier state.
 */
export async function fetchChanges(reader: Queryable, tables: Tables, after: Sequence): Promise<Fetched> {
  const { rows } = await reader.query<Row>({
    name: 'coffer_changes',
    text: `SELECT sequence AS newest, c.seq, c.before, c.commits FROM ${tables.meta} LEFT JOIN LATERAL (
        SELECT seq, before, commits FROM ${tables.changes} WHERE seq > $1::bigint ORDER BY seq LIMIT ${PAGE}
      ) AS c ON true WHERE id = 1`,
    values: [after],
  })
  const newest = rows[0]?.newest ?? after
  const reset: Fetched = { changes: [{ sequence: newest, keys: [], reset: true }], reached: newest, newest }
  const changes: Change[] = []
  let reached = after
  for (const { seq, before, commits } of rows.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0))) {
    if (seq === null || before === null) break
    if (before > reached) return reset
    if (commits === null) changes.push({ sequence: seq, keys: [], reset: true })
    else for (const [sequence, keys] of decodeCommits(commits)) if (sequence > after) changes.push({ sequence, keys })
    reached = seq
  }
  const atEnd = rows.length < PAGE
  return atEnd && reached !== newest ? reset : { changes, reached, newest }
}
