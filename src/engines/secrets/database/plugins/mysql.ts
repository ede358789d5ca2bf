/** MySQL, MariaDB and what speaks their protocol. */
import { connect } from 'node:net'
import { f } from '#framework'
import type { Connection, ConnectionOptions } from 'mysql2/promise'
import type { Clock } from '../../../../lib/clock.ts'
import { databaseErrors } from '../errors.ts'
import { filledUrl, loginFields, poolFields, poolSize, readDetails } from './details.ts'
import { parseMysqlDsn, type MysqlDsn, type MysqlTarget } from './mysql-dsn.ts'
import {
  DatabaseFailure,
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
import { expirationOf } from './expiration.ts'
import { fill, mysqlDialect, statementsOf } from './statement.ts'
import { ANSWER, CONNECT, messageOf, timed } from './timed.ts'

const fields = {
  ...loginFields,
  ...poolFields,
  connection_url: f.string().default(''),
  tls_ca: f.string().default(''),
  tls_certificate_key: f.string().default(''),
  tls_server_name: f.string().default(''),
  tls_skip_verify: f.bool().default(false),
} as const

const CHANGE_PASSWORD = `ALTER USER '{{username}}'@'%' IDENTIFIED BY '{{password}}';`
const DROP = `DROP USER IF EXISTS '{{name}}'@'{{host}}'`

/** Errors of the server after which nobody knows: it went down, or the statement was interrupted. */
const UNCERTAIN = new Set([1053, 1080, 1158, 1159, 1160, 1161, 1317])

export const mysql = mysqlPlugin(
  '{{ printf "v-%s-%s-%s-%s" (.DisplayName | truncate 10) (.RoleName | truncate 10) (random 20) (unix_time) | truncate 32 }}',
)
/** Names of users have 16 characters at most before MySQL 5.7. */
export const mysqlLegacy = mysqlPlugin('{{ printf "v-%s-%s" (.RoleName | truncate 4) (random 20) | truncate 16 }}')

function mysqlPlugin(usernameTemplate: string): Plugin {
  return Object.freeze({
    credentialTypes: new Set(['password', 'client_certificate'] as const),
    selfManaged: false,
    usernameTemplate,
    async open(details: Details, clock: Clock): Promise<Database> {
      const { createConnection } = await import('mysql2/promise')
      return new MysqlDatabase(createConnection, details, clock)
    },
  })
}

/** A connection, and whether backslashes escape on it. */
interface Session {
  readonly connection: Connection
  readonly backslashes: boolean
}

type Connect = (options: ConnectionOptions) => Promise<Connection>

class MysqlDatabase implements Database {
  readonly #create: Connect
  readonly #clock: Clock
  readonly #dsn: MysqlDsn
  readonly #ssl: ConnectionOptions['ssl']
  readonly #serverName: string
  readonly #secrets: readonly string[]
  readonly #pool: Pool<Session>

  constructor(create: Connect, details: Details, clock: Clock) {
    const read = readDetails(fields, details)
    this.#create = create
    this.#clock = clock
    // Filled once for its checks; the string itself is read before it is filled.
    filledUrl(read.connection_url, read, (text) => text)
    this.#dsn = parseMysqlDsn(read.connection_url, (text) => filledIn(text, read))
    this.#ssl = tlsOf(read, this.#dsn.tls)
    this.#serverName = read.tls_server_name
    this.#secrets = [this.#dsn.password, read.password, read.connection_url]
    this.#pool = new Pool({
      ...poolSize(read, clock),
      open: () => this.#connect(),
      check: (session) => this.#check(session),
      close: ({ connection }) => connection.destroy(),
    })
  }

  verify(): Promise<void> {
    return this.#pool.use((session) => this.#check(session))
  }

  async newUser({ username, credential, statements, expiresAt }: NewUser): Promise<void> {
    if (statementsOf(statements, mysqlDialect(true)).length === 0) throw databaseErrors.EMPTY_CREATION()
    const values = new Map([...valuesOf(username, credential), ['expiration', expirationOf(expiresAt)]])
    await this.#pool.use((session) => this.#all(session, statements, values))
  }

  async updateUser({ username, credential }: UserChange): Promise<void> {
    // Accounts of MySQL have no end of their own.
    if (credential === undefined) return
    const { value, statements } = credential
    if (value.type !== 'password') throw databaseErrors.CREDENTIAL_UNSUPPORTED({ type: value.type })
    const all = statements.some((text) => text.trim() !== '') ? statements : [CHANGE_PASSWORD]
    await this.#pool.use((session) => this.#all(session, all, valuesOf(username, value)))
  }

  async deleteUser({ username, statements }: UserRemoval): Promise<void> {
    const names = valuesOf(username)
    await this.#pool.use(async (session) => {
      const hosts = await this.#hostsOf(session, username)
      if (hosts?.length === 0) return
      if (statements.some((text) => text.trim() !== '')) return this.#all(session, statements, names)
      for (const host of hosts ?? ['%']) await this.#all(session, [DROP], new Map([...names, ['host', host]]))
    })
  }

  async close(): Promise<void> {
    this.#pool.close()
  }

  /** Undefined where one may not look. */
  async #hostsOf(session: Session, username: string): Promise<readonly string[] | undefined> {
    try {
      const [name] = statementsOf(
        [`SELECT Host AS host FROM mysql.user WHERE User = '{{name}}'`],
        mysqlDialect(session.backslashes),
      )
      const rows = await this.#run(session.connection, fill(name ?? [], valuesOf(username)))
      return rows.map((row) => String(row['host']))
    } catch (error) {
      if (error instanceof DatabaseFailure && error.refused) return undefined
      throw error
    }
  }

  /** MySQL ends a transaction at each such statement: what came before one that fails stays done. */
  async #all(session: Session, texts: readonly string[], values: ReadonlyMap<string, string>): Promise<void> {
    const statements = statementsOf(texts, mysqlDialect(session.backslashes)).map((one) => fill(one, values))
    for (const [index, statement] of statements.entries()) {
      try {
        await this.#run(session.connection, statement)
      } catch (error) {
        if (index === 0 || !(error instanceof DatabaseFailure)) throw error
        throw new DatabaseFailure(error.message, { applied: 'maybe', refused: error.refused })
      }
    }
  }

  async #check({ connection }: Session): Promise<void> {
    await this.#run(connection, 'SELECT 1', CONNECT)
  }

  async #connect(): Promise<Session> {
    const [first, ...others] = this.#dsn.targets
    try {
      return await this.#connectTo(first)
    } catch (error) {
      let failure = error
      for (const target of others) {
        try {
          return await this.#connectTo(target)
        } catch (again) {
          failure = again
        }
      }
      throw failure
    }
  }

  async #connectTo(target: MysqlTarget): Promise<Session> {
    const { user, password, database, tls } = this.#dsn
    const options: ConnectionOptions = {
      ...this.#address(target),
      user,
      password,
      ...(database === '' ? {} : { database }),
      connectTimeout: CONNECT,
      timezone: 'Z',
      dateStrings: true,
    }
    try {
      const connection = await this.#opened(options, tls)
      const [row] = await this.#run(connection, 'SELECT @@SESSION.sql_mode AS mode', CONNECT)
      return { connection, backslashes: !String(row?.['mode']).includes('NO_BACKSLASH_ESCAPES') }
    } catch (error) {
      const { message, refused } = this.#failure(error, false)
      throw new DatabaseFailure(message, { applied: 'no', refused })
    }
  }

  /** The library looks for `host` in the server's certificate, and for an address nowhere: so it is told what to look for. */
  #address(target: MysqlTarget): ConnectionOptions {
    if ('socketPath' in target) return target
    const { host, port } = target
    const name = this.#serverName === '' ? host : this.#serverName
    // Where this were overlooked, the certificate would have to be one of "localhost".
    const stream = () => Object.assign(connect({ host, port, noDelay: true }), { _host: name })
    return { host: name, port, stream }
  }

  async #opened(options: ConnectionOptions, tls: MysqlDsn['tls']): Promise<Connection> {
    const ssl = this.#ssl
    try {
      return quiet(await this.#create(ssl === undefined ? options : { ...options, ssl }))
    } catch (error) {
      if (tls !== 'preferred' || codeOf(error) !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error
      return quiet(await this.#create(options))
    }
  }

  async #run(
    connection: Connection,
    sql: string,
    limit = ANSWER,
  ): Promise<readonly { readonly [column: string]: unknown }[]> {
    try {
      const [rows] = await timed(this.#clock, limit, connection.query(sql), () => connection.destroy())
      return Array.isArray(rows) ? rows.map((row) => ({ ...row })) : []
    } catch (error) {
      throw this.#failure(error, true)
    }
  }

  #failure(error: unknown, sent: boolean): DatabaseFailure {
    if (error instanceof DatabaseFailure) return error
    const { errno = 0, sqlState, sqlMessage } = mysqlErrorOf(error)
    const message = redacted(sqlMessage ?? messageOf(error), this.#secrets)
    const refused = sqlState !== undefined && !UNCERTAIN.has(errno)
    return new DatabaseFailure(refused ? `Error ${errno} (${sqlState}): ${message}` : message, {
      applied: sent && !refused ? 'maybe' : 'no',
      refused,
    })
  }
}

/** Whoever uses it hears of a lost connection by his statement. */
function quiet(connection: Connection): Connection {
  connection.on('error', () => undefined)
  return connection
}

function tlsOf(
  read: {
    readonly tls_ca: string
    readonly tls_certificate_key: string
    readonly tls_skip_verify: boolean
  },
  tls: MysqlDsn['tls'],
): ConnectionOptions['ssl'] {
  const { tls_ca: ca, tls_certificate_key: pem, tls_skip_verify: skip } = read
  if (ca === '' && pem === '' && tls === 'off') return undefined
  const verified = !skip && tls !== 'unverified' && (tls !== 'preferred' || ca !== '')
  return {
    ...(ca === '' ? {} : { ca }),
    ...(pem === '' ? {} : { cert: pem, key: pem }),
    rejectUnauthorized: verified,
    verifyIdentity: verified,
  }
}

function filledIn(
  text: string,
  { username, password }: { readonly username: string; readonly password: string },
): string {
  return text.replace(/\{\{(username|password)\}\}/g, (_, name: string) => (name === 'username' ? username : password))
}

function valuesOf(username: string, credential?: Credential): ReadonlyMap<string, string> {
  const values = new Map([
    ['name', username],
    ['username', username],
  ])
  if (credential?.type === 'password') values.set('password', credential.password)
  // As `REQUIRE SUBJECT` has it.
  if (credential?.type === 'client_certificate') values.set('subject', `/${credential.subject}`)
  return values
}

function mysqlErrorOf(error: unknown): {
  readonly errno?: number
  readonly sqlState?: string
  readonly sqlMessage?: string
} {
  if (!(error instanceof Error)) return {}
  const members = new Map<string, unknown>(Object.entries(error))
  const [errno, sqlState, sqlMessage] = [members.get('errno'), members.get('sqlState'), members.get('sqlMessage')]
  return {
    ...(typeof errno === 'number' ? { errno } : {}),
    ...(typeof sqlState === 'string' && sqlState !== '' ? { sqlState } : {}),
    ...(typeof sqlMessage === 'string' ? { sqlMessage } : {}),
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
