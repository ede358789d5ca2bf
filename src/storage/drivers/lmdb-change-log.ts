/**
 * Which keys the recent commits changed, kept in the store itself and written with them: a thread that reads a commit finds in the
 * same snapshot what it has to forget.
 */
import type { GroupMember } from '../commit-queue.ts'
import type { Change, Sequence } from '../driver.ts'
import type { Database, ReadTransaction } from './lmdb-environment.ts'

/** Groups of commits that are kept; whoever is further behind forgets everything. */
const KEPT = 4096
const PREFIX = [0xff, 0x02] as const
const KEY_BYTES = 10

/** The commit before the group, then its commits and their keys. */
type Record = readonly [before: Sequence, commits: readonly (readonly [Sequence, readonly string[]])[]]

export class LmdbChangeLog {
  readonly #db: Database
  /** Numbers of the groups in the log, oldest first. */
  readonly #groups: Sequence[]
  #last: Sequence

  /** @param sequence of the newest commit. */
  constructor(db: Database, sequence: Sequence) {
    this.#db = db
    this.#last = sequence
    this.#groups = groupsIn(db)
  }

  /** To be called inside the write that commits the group. */
  note(group: readonly GroupMember[]): void {
    const last = group.at(-1)?.sequence
    if (last === undefined) return
    const record: Record = [this.#last, group.map(({ sequence, writes }) => [sequence, [...writes.keys()]])]
    void this.#db.put(keyOf(last), Buffer.from(JSON.stringify(record)))
    const old = this.#groups[this.#groups.length - KEPT]
    if (old !== undefined) void this.#db.remove(keyOf(old))
  }

  /** The write has succeeded. */
  noted(sequence: Sequence): void {
    this.#last = sequence
    this.#groups.push(sequence)
    if (this.#groups.length > KEPT) this.#groups.shift()
  }

  /** To be called inside the write by which everything is replaced. */
  forget(): void {
    for (const group of this.#groups) void this.#db.remove(keyOf(group))
  }

  /** Everything was replaced by commit `sequence`, and with it the log. */
  restart(sequence: Sequence): void {
    this.#last = sequence
    this.#groups.length = 0
  }
}

/**
 * The commits after `after` that a read transaction shows. One reset where the log does not reach back that far, or does not reach
 * `upTo`, the commit that the transaction shows.
 */
export function changesAfter(
  db: Database,
  transaction: ReadTransaction,
  after: Sequence,
  upTo: Sequence,
): readonly Change[] {
  const changes: Change[] = []
  let reached = after
  for (const { value } of db.getRange({ start: keyOf(after + 1), end: keyOf(upTo + 1), transaction })) {
    const [before, commits] = decode(value)
    if (before > reached) return [{ sequence: upTo, keys: [], reset: true }]
    for (const [sequence, keys] of commits) {
      if (sequence > after) changes.push({ sequence, keys })
      reached = sequence
    }
  }
  return reached === upTo ? changes : [{ sequence: upTo, keys: [], reset: true }]
}

function groupsIn(db: Database): Sequence[] {
  const groups: Sequence[] = []
  for (const key of db.getKeys({ start: keyOf(0), end: keyOf(Number.MAX_SAFE_INTEGER) })) {
    if (typeof key !== 'string' && key.length === KEY_BYTES)
      groups.push(Number(Buffer.from(key).readBigUInt64BE(PREFIX.length)))
  }
  return groups
}

function keyOf(sequence: Sequence): Uint8Array {
  const key = Buffer.alloc(KEY_BYTES)
  key.set(PREFIX)
  key.writeBigUInt64BE(BigInt(sequence), PREFIX.length)
  return key
}

function decode(bytes: Uint8Array): Record {
  // Written by `note` alone, in a part of the store that no key of the program reaches.
  const record: Record = JSON.parse(Buffer.from(bytes).toString())
  return record
}
