/** The tables, made by whichever node comes first. */
import { storageErrors } from '../../errors/storage.ts'
import { codeOf, isLacking, isRefusal } from './postgres-error.ts'
import type { Queryable } from './postgres-connection.ts'
import type { Tables } from './postgres-tables.ts'

/** Grows with each change of the tables' form. */
const SCHEMA_VERSION = 1

const UNDEFINED_TABLE = '42P01'
/** What two that make the same table at once may be told: it is there, its type is, its row is; or one of them is to try again. */
const RACES: ReadonlySet<string | undefined> = new Set(['42P07', '42710', '23505', 'XX000', '40001', '40P01'])
const ATTEMPTS = 10

export interface SchemaOptions {
  /** The operator has made the tables. */
  readonly skipCreate: boolean
}

/**
 * Makes the tables unless they are there; then no right to create is needed. One connection must run all of it. Throws
 * `STORAGE_CANNOT_OPEN` for tables of a newer form, and for absent ones that are not to be made.
 */
export async function ensureSchema(connection: Queryable, tables: Tables, options: SchemaOptions): Promise<void> {
  const path = `PostgreSQL table ${tables.name}`
  let version = await versionOf(connection, tables)
  if (version === undefined) {
    if (options.skipCreate) {
      throw storageErrors.CANNOT_OPEN({ path, why: 'it is not there, and "skip_create_table" says not to make it' })
    }
    await create(connection, tables)
    version = await versionOf(connection, tables)
  }
  if (version !== SCHEMA_VERSION) {
    const why = `its form is of version ${version ?? 'none'} and this server knows ${SCHEMA_VERSION}; use a newer server`
    throw storageErrors.CANNOT_OPEN({ path, why })
  }
}

async function versionOf(connection: Queryable, tables: Tables): Promise<number | undefined> {
  try {
    const { rows } = await connection.query<{ version: number }>({ text: `SELECT version FROM ${tables.meta}` })
    return rows[0]?.version
  } catch (error) {
    if (codeOf(error) === UNDEFINED_TABLE) return undefined
    throw error
  }
}

/** Of several that start at once, one makes the tables and the others find them. */
async function create(connection: Queryable, tables: Tables): Promise<void> {
  await connection.query({ text: 'BEGIN' })
  try {
    if (await locked(connection, tables)) {
      for (const text of statements(tables)) await connection.query({ text })
      await connection.query({ text: 'COMMIT' })
    } else {
      await connection.query({ text: 'ROLLBACK' })
      await createOneByOne(connection, tables)
    }
  } catch (error) {
    await connection.query({ text: 'ROLLBACK' }).catch(() => undefined)
    throw error
  }
  // What the program encrypts cannot be compressed. Where this cannot be said, it is tried in vain.
  await connection
    .query({ text: `ALTER TABLE ${tables.entries} ALTER COLUMN value SET STORAGE EXTERNAL` })
    .catch(() => undefined)
}

/** Whether this transaction is the only one that makes the tables. An engine without such locks refuses. */
async function locked(connection: Queryable, tables: Tables): Promise<boolean> {
  try {
    await connection.query({ text: 'SELECT pg_advisory_xact_lock($1::bigint)', values: [tables.lock] })
    return true
  } catch (error) {
    if (isLacking(error)) return false
    throw error
  }
}

/**
 * Each statement for itself, as an engine wants it that does not make tables in a transaction with others. Whoever comes in between
 * finds the tables only with the row that is written last. A statement that fails since another node is at the same is tried again.
 */
async function createOneByOne(connection: Queryable, tables: Tables): Promise<void> {
  for (const text of statements(tables)) {
    for (let attempt = 1; ; attempt++) {
      try {
        await connection.query({ text })
        break
      } catch (error) {
        if (attempt === ATTEMPTS || !isRefusal(error) || !RACES.has(codeOf(error))) throw error
      }
    }
  }
}

/** The statements that make the tables, for operators who make them themselves. */
export function statements(tables: Tables): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${tables.entries} (
       key bytea NOT NULL, seq bigint NOT NULL, value bytea)`,
    // Not a primary key, since that has no directions: keys in order, and of each the newest version first, is what reads want.
    `CREATE UNIQUE INDEX IF NOT EXISTS ${tables.versions} ON ${tables.entries} (key, seq DESC)`,
    `CREATE TABLE IF NOT EXISTS ${tables.changes} (
       seq bigint PRIMARY KEY, before bigint NOT NULL, term bigint NOT NULL,
       at timestamptz NOT NULL DEFAULT clock_timestamp(), commits bytea)`,
    `CREATE TABLE IF NOT EXISTS ${tables.leader} (
       id integer PRIMARY KEY CHECK (id = 1), term bigint NOT NULL, identity text NOT NULL, nonce text,
       expires timestamptz NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${tables.horizon} (id integer PRIMARY KEY CHECK (id = 1), horizon bigint NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${tables.pins} (
       id text PRIMARY KEY, seq bigint NOT NULL, expires timestamptz NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${tables.staging} (
       run text NOT NULL, key bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (run, key))`,
    `CREATE TABLE IF NOT EXISTS ${tables.meta} (
       id integer PRIMARY KEY CHECK (id = 1), version integer NOT NULL, sequence bigint NOT NULL,
       term bigint NOT NULL, attempt bigint NOT NULL)`,
    `INSERT INTO ${tables.leader} (id, term, identity, nonce, expires) VALUES (1, 0, '', NULL, now())
       ON CONFLICT DO NOTHING`,
    `INSERT INTO ${tables.horizon} (id, horizon) VALUES (1, 0) ON CONFLICT DO NOTHING`,
    `INSERT INTO ${tables.meta} (id, version, sequence, term, attempt) VALUES (1, ${SCHEMA_VERSION}, 0, 0, 0)
       ON CONFLICT DO NOTHING`,
  ]
}
