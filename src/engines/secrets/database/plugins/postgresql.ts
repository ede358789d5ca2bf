/** PostgreSQL and what speaks its protocol. */
import { f } from '#framework'
import type pg from 'pg'
import type { Clock } from '../../../../lib/clock.ts'
import { offersTls } from '../../../../lib/postgres-tls.ts'
import {
  parsePostgresUrl,
  PostgresUrlError,
  urlOfKeywords,
  type ConnectionSettings,
} from '../../../../lib/postgres-url.ts'
import { databaseErrors } from '../errors.ts'
import { expirationOf } from './expiration.ts'
import { filledUrl, loginFields, poolFields, poolSize, readDetails } from './details.ts'
import {
  DatabaseFailure,
  DetailsError,
  redacted,
  type Credential,
  type Database,
  type Details,
  type NewUser,
  type Plugin,
  type UserChange,
  type UserRemoval,
} from './plugin.ts'
import { Pool } from './pool.ts'
import { scramVerifier } from './scram.ts'
import { fill, POSTGRESQL, statementsOf } from './statement.ts'
import { ANSWER, CONNECT, messageOf, timed } from './timed.ts'

const fields = {
  ...loginFields,
  ...poolFields,
  connection_url: f.string().default(''),
  disable_escaping: f.bool().default(false),
  password_authentication: f.string().default(''),
  tls_ca: f.string().default(''),
  tls_certificate: f.string().default(''),
  private_key: f.string().default(''),
} as const

const CHANGE_PASSWORD = `ALTER ROLE "{{username}}" WITH PASSWORD '{{password}}';`
const CHANGE_EXPIRATION = `ALTER ROLE "{{name}}" VALID UNTIL '{{expiration}}';`

const LONGEST_NAME = 63
/** What the quoting of values relies on; times are written as UTC; and the server itself ends what takes too long. */
const SESSION = `SELECT set_config('standard_conforming_strings', 'on', false), set_config('TimeZone', 'UTC', false),
  set_config('statement_timeout', '${ANSWER}', false)`

const GRANTED = `WITH acls (space, acl) AS (
    SELECT relnamespace, relacl FROM pg_catalog.pg_class WHERE relacl IS NOT NULL
    UNION ALL SELECT c.relnamespace, a.attacl FROM pg_catalog.pg_attribute AS a
      JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL
    UNION ALL SELECT pronamespace, proacl FROM pg_catalog.pg_proc WHERE proacl IS NOT NULL
    UNION ALL SELECT oid, nspacl FROM pg_catalog.pg_namespace WHERE nspacl IS NOT NULL
  ) SELECT DISTINCT n.nspname AS name FROM acls JOIN pg_catalog.pg_namespace AS n ON n.oid = space
    WHERE EXISTS (SELECT 1 FROM aclexplode(acl) AS e JOIN pg_catalog.pg_roles AS r ON r.oid = e.grantee WHERE r.rolname = $1)`
const GRANTED_BY_STANDARD =
  'SELECT DISTINCT table_schema AS name FROM information_schema.role_column_grants WHERE grantee = $1'

export const postgresql: Plugin = Object.freeze({
  credentialTypes: new Set(['password'] as const),
  selfManaged: true,
  usernameTemplate:
    '{{ printf "v-%s-%s-%s-%s" (.DisplayName | truncate 8) (.RoleName | truncate 8) (random 20) (unix_time) | truncate 63 }}',
  async open(details: Details, clock: Clock): Promise<Database> {
    const { default: library } = await import('pg')
    return new PostgresDatabase(library, details, clock)
  },
})

class PostgresDatabase implements Database {
  readonly #library: typeof pg
  readonly #settings: ConnectionSettings
  readonly #clock: Clock
  readonly #scram: boolean
  readonly #pool: Pool<pg.Client>

  constructor(library: typeof pg, details: Details, clock: Clock) {
    const read = readDetails(fields, details)
    this.#library = library
    this.#clock = clock
    this.#settings = settingsOf(read)
    this.#scram = read.password_authentication === 'scram-sha-256'
    if (!['', 'password', 'scram-sha-256'].includes(read.password_authentication))
      throw new DetailsError(`'${read.password_authentication}' is not a valid password authentication type`)
    this.#pool = new Pool({
      ...poolSize(read, clock),
      open: () => this.#connect(),
      check: async (client) => void (await this.#run(client, 'SELECT 1', CONNECT)),
      close: (client) => void client.end().catch(() => undefined),
    })
  }

  verify(): Promise<void> {
    return this.#pool.use(async (client) => void (await this.#run(client, 'SELECT 1')))
  }

  async newUser({ username, credential, statements, expiresAt }: NewUser): Promise<void> {
    const all = statementsOf(statements, POSTGRESQL)
    if (all.length === 0) throw databaseErrors.EMPTY_CREATION()
    // PostgreSQL would cut it off, and nobody would find the user by his name.
    if (Buffer.byteLength(username) > LONGEST_NAME)
      throw databaseErrors.USERNAME({ reason: `the name is longer than ${LONGEST_NAME} bytes` })
    const values = await this.#values(username, credential, expiresAt)
    await this.#transaction(all.map((statement) => fill(statement, values)))
  }

  async updateUser({ username, credential, expiration }: UserChange): Promise<void> {
    const texts: string[] = []
    if (credential !== undefined) {
      const values = await this.#values(username, credential.value)
      const given = statementsOf(credential.statements, POSTGRESQL)
      const all = given.length > 0 ? given : statementsOf([CHANGE_PASSWORD], POSTGRESQL)
      texts.push(...all.map((statement) => fill(statement, values)))
    }
    if (expiration !== undefined) {
      const values = namesOf(username, expiration.at)
      const given = statementsOf(expiration.statements, POSTGRESQL)
      const all = given.length > 0 ? given : statementsOf([CHANGE_EXPIRATION], POSTGRESQL)
      texts.push(...all.map((statement) => fill(statement, values)))
    }
    await this.#transaction(texts)
  }

  async deleteUser({ username, statements }: UserRemoval): Promise<void> {
    const given = statementsOf(statements, POSTGRESQL)
    if (given.length === 0) return this.#pool.use((client) => this.#drop(client, username))
    const values = namesOf(username)
    const texts = given.map((statement) => fill(statement, values))
    await this.#pool.use(async (client) => {
      // A statement such as REVOKE fails on a user who is not there, and would fail for ever.
      if (await this.#exists(client, username)) await this.#inTransaction(client, texts)
    })
  }

  async close(): Promise<void> {
    this.#pool.close()
  }

  async #values(username: string, credential: Credential, expiresAt?: number): Promise<ReadonlyMap<string, string>> {
    const names = namesOf(username, expiresAt)
    if (credential.type !== 'password') throw databaseErrors.CREDENTIAL_UNSUPPORTED({ type: credential.type })
    const { password } = credential
    return new Map([...names, ['password', this.#scram ? await scramVerifier(password) : password]])
  }

  #transaction(texts: readonly string[]): Promise<void> {
    return this.#pool.use((client) => this.#inTransaction(client, texts))
  }

  async #inTransaction(client: pg.Client, texts: readonly string[]): Promise<void> {
    await this.#run(client, 'BEGIN')
    for (const text of texts) await this.#run(client, text)
    await this.#run(client, 'COMMIT')
  }

  async #exists(client: pg.Client, username: string): Promise<boolean> {
    const found = await this.#run(client, 'SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', ANSWER, [username])
    return found.length > 0
  }

  /** As Vault does: what the user was given is taken away, here and as much as possible of it, and then he is removed. */
  async #drop(client: pg.Client, username: string): Promise<void> {
    const drop = `DROP ROLE IF EXISTS ${identifier(username)}`
    try {
      return void (await this.#run(client, drop))
    } catch (error) {
      if (!(error instanceof DatabaseFailure) || !error.refused) throw error
      // Something was given to him: that goes first.
    }
    const [{ name: database } = { name: '' }] = await this.#run(client, 'SELECT current_database() AS name')
    const user = identifier(username)
    const schemas = new Set(['public', ...(await this.#grantedSchemas(client, username))])
    const texts = [...schemas]
      .map((schema) => identifier(schema))
      .flatMap((schema) => [
        `REVOKE ALL PRIVILEGES ON ALL TABLES IN SCHEMA ${schema} FROM ${user}`,
        `REVOKE ALL PRIVILEGES ON ALL SEQUENCES IN SCHEMA ${schema} FROM ${user}`,
        `REVOKE ALL PRIVILEGES ON ALL FUNCTIONS IN SCHEMA ${schema} FROM ${user}`,
        `REVOKE ALL PRIVILEGES ON SCHEMA ${schema} FROM ${user}`,
      ])
    texts.push(`REVOKE ALL PRIVILEGES ON DATABASE ${identifier(String(database))} FROM ${user}`)
    let failure: unknown
    for (const text of texts) {
      try {
        await this.#run(client, text)
      } catch (error) {
        if (!(error instanceof DatabaseFailure) || !error.refused) throw error
        // Somewhere a schema "public" is missing, or another's grant stands in the way: DROP says whether it matters.
        failure = error
      }
    }
    try {
      await this.#run(client, drop)
    } catch (error) {
      throw failure ?? error
    }
  }

  /** Schemas in which the user was given something. */
  async #grantedSchemas(client: pg.Client, username: string): Promise<readonly string[]> {
    try {
      return (await this.#run(client, GRANTED, ANSWER, [username])).map(({ name }) => String(name))
    } catch (error) {
      if (!(error instanceof DatabaseFailure) || !error.refused) throw error
      // What speaks PostgreSQL's protocol without being it need not have its catalogs.
      return (await this.#run(client, GRANTED_BY_STANDARD, ANSWER, [username])).map(({ name }) => String(name))
    }
  }

  async #connect(): Promise<pg.Client> {
    const { config, tls } = this.#settings
    try {
      const { host = 'localhost', port = 5432, connectionTimeoutMillis: limit = CONNECT } = config
      const encrypted = tls === 'prefer' ? await offersTls(host, port, limit) : tls !== 'off'
      const ssl = tls === 'prefer' || tls === 'off' ? { rejectUnauthorized: false } : tls
      const client = new this.#library.Client({
        ...config,
        connectionTimeoutMillis: limit,
        keepAlive: true,
        ssl: encrypted ? ssl : false,
      })
      // Whoever uses it hears of a lost connection by his statement; an idle one is found out at its next use.
      client.on('error', () => undefined)
      await client.connect()
      await this.#run(client, SESSION, limit)
      return client
    } catch (error) {
      if (error instanceof DatabaseFailure)
        throw new DatabaseFailure(error.message, { applied: 'no', refused: error.refused })
      throw this.#failure(error, false)
    }
  }

  async #run(
    client: pg.Client,
    text: string,
    limit = ANSWER,
    values?: readonly unknown[],
  ): Promise<readonly { readonly [column: string]: unknown }[]> {
    const late = (): void => void client.connection.stream.destroy()
    try {
      const work = values === undefined ? client.query(text) : client.query(text, [...values])
      // The server is given a little longer, to say itself that a statement took too long.
      const result: { readonly rows?: readonly { readonly [column: string]: unknown }[] } = await timed(
        this.#clock,
        limit === ANSWER ? ANSWER + 1000 : limit,
        work,
        late,
      )
      return result.rows ?? []
    } catch (error) {
      throw this.#failure(error, true)
    }
  }

  #failure(error: unknown, sent: boolean): DatabaseFailure {
    const { secrets } = this.#settings
    if (error instanceof this.#library.DatabaseError) {
      const { code = '', severity = 'ERROR' } = error
      // Class 08 and 57P: the connection ends, and a COMMIT may have been carried out.
      const lost = code.startsWith('08') || code.startsWith('57P')
      return new DatabaseFailure(`${severity}: ${redacted(error.message, secrets)} (SQLSTATE ${code})`, {
        applied: sent && lost ? 'maybe' : 'no',
        refused: !lost,
      })
    }
    const message = error instanceof Error ? redacted(messageOf(error), secrets) : 'unknown error'
    return new DatabaseFailure(message, { applied: sent ? 'maybe' : 'no', refused: false })
  }
}

function settingsOf(read: {
  readonly connection_url: string
  readonly username: string
  readonly password: string
  readonly disable_escaping: boolean
  readonly tls_ca: string
  readonly tls_certificate: string
  readonly private_key: string
}): ConnectionSettings {
  const escape = read.disable_escaping ? (text: string) => text : encodeURIComponent
  const filled = filledUrl(read.connection_url, read, escape)
  try {
    const url = /^postgres(?:ql)?:\/\//.test(filled) ? filled : urlOfKeywords(filled)
    const settings = parsePostgresUrl(url, {
      sessionSettings: true,
      ...(read.tls_ca === '' ? {} : { ca: read.tls_ca }),
      ...(read.tls_certificate === '' ? {} : { cert: read.tls_certificate }),
      ...(read.private_key === '' ? {} : { key: read.private_key }),
    })
    return { ...settings, secrets: [...settings.secrets, filled, read.password, encodeURIComponent(read.password)] }
  } catch (error) {
    throw error instanceof PostgresUrlError ? new DetailsError(`cannot parse connection url: ${error.message}`) : error
  }
}

function namesOf(username: string, expiresAt?: number): ReadonlyMap<string, string> {
  return new Map([
    ['name', username],
    ['username', username],
    ...(expiresAt === undefined ? [] : [['expiration', expirationOf(expiresAt)] as const]),
  ])
}

/** As PostgreSQL quotes it; a name with a NUL is refused by it. */
function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
