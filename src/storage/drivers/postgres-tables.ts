/** The tables of one store, by the names that stand in SQL. A name comes from the configuration: it is checked, then quoted. */
import { createHash } from 'node:crypto'
import { storageErrors } from '../../errors/storage.ts'

export interface Tables {
  /** As the operator wrote it, for messages. */
  readonly name: string
  /** Versions of keys: `key`, `seq`, `value` (NULL where the commit deleted the key). */
  readonly entries: string
  /** The name of its index, which stands in the same schema. */
  readonly versions: string
  /** One row: the schema's version, the number of the newest commit, and what a commit must know to be let in. */
  readonly meta: string
  /** One row: who leads and until when. */
  readonly leader: string
  /** What the recent commits changed. */
  readonly changes: string
  /** One row: snapshots older than this commit are not kept whole. */
  readonly horizon: string
  /** Long snapshots that other nodes have open. */
  readonly pins: string
  /** What a replacement is gathered in before it takes effect. */
  readonly staging: string
  /** Of NOTIFY, quoted as an identifier and bare as a string. */
  readonly channel: { readonly quoted: string; readonly name: string }
  /** Of the advisory lock under which the schema is made. */
  readonly lock: string
}

/** With the longest suffix below, a name stays within the 63 bytes that PostgreSQL keeps of it. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,50}$/

/** Throws `STORAGE_CANNOT_OPEN` for a name that is none. */
export function tablesOf(table: string, haTable?: string): Tables {
  const { schema, base } = split(table, 'table')
  const own = (suffix: string): string => `${schema}"${base}${suffix}"`
  return {
    name: table,
    entries: own(''),
    versions: `"${base}_versions"`,
    meta: own('_meta'),
    leader: haTable === undefined ? own('_leader') : quoted(haTable),
    changes: own('_changes'),
    horizon: own('_horizon'),
    pins: own('_pins'),
    staging: own('_staging'),
    channel: { quoted: `"${base}_channel"`, name: `${base}_channel` },
    lock: createHash('sha256').update(`coffer ${table}`).digest().readBigInt64BE().toString(),
  }
}

function quoted(haTable: string): string {
  const { schema, base } = split(haTable, 'ha_table')
  return `${schema}"${base}"`
}

function split(name: string, option: string): { readonly schema: string; readonly base: string } {
  const parts = name.split('.')
  const [first = '', second] = parts
  if (parts.length > 2 || !parts.every((part) => NAME.test(part))) {
    const why = `"${option}" must be a name of letters, digits and underscores, at most 51, or two of them with a dot between`
    throw storageErrors.CANNOT_OPEN({ path: 'PostgreSQL', why })
  }
  return second === undefined ? { schema: '', base: first } : { schema: `"${first}".`, base: second }
}
