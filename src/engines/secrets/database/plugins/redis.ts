/** Redis and Valkey, whose users are lists of rules (`ACL SETUSER`). */
import { f } from '#framework'
import type * as redisClient from '@redis/client'
import type { Clock } from '../../../../lib/clock.ts'
import { databaseErrors } from '../errors.ts'
import { loginFields, poolFields, poolSize, readDetails } from './details.ts'
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
import { ANSWER, CONNECT, messageOf, timed } from './timed.ts'

const fields = {
  ...loginFields,
  ...poolFields,
  connection_url: f.string().default(''),
  host: f.string().default(''),
  port: f.int().default(0),
  tls: f.bool().default(false),
  insecure_tls: f.bool().default(false),
  ca_cert: f.string().default(''),
  /** What keeps users over a restart: the server's configuration, its file of users, or nothing. */
  persistence_mode: f.enum(['', 'NONE', 'REWRITE', 'ACLFILE']).default(''),
} as const

/** Of a role that has none. */
const READ_ONLY = ['~*', '+@read']

export const redis: Plugin = Object.freeze({
  credentialTypes: new Set(['password'] as const),
  selfManaged: false,
  usernameTemplate:
    '{{ printf "v_%s_%s_%s_%s" (.DisplayName | truncate 64) (.RoleName | truncate 64) (random 20) (unix_time) | uppercase }}',
  async open(details: Details, clock: Clock): Promise<Database> {
    const library = await import('@redis/client')
    return new RedisDatabase(library, details, clock)
  },
})

type Library = typeof redisClient

/** What is used of a client of the library. */
interface Client {
  connect(): Promise<unknown>
  sendCommand(command: readonly string[]): Promise<unknown>
  destroy(): void
}

interface Settings {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly tls: { readonly ca: string; readonly insecure: boolean } | undefined
}

class RedisDatabase implements Database {
  readonly #library: Library
  readonly #clock: Clock
  readonly #settings: Settings
  readonly #persist: readonly string[] | undefined
  readonly #pool: Pool<Client>

  constructor(library: Library, details: Details, clock: Clock) {
    const read = readDetails(fields, details)
    this.#library = library
    this.#clock = clock
    this.#settings = settingsOf(read)
    this.#persist =
      read.persistence_mode === 'REWRITE'
        ? ['CONFIG', 'REWRITE']
        : read.persistence_mode === 'ACLFILE'
          ? ['ACL', 'SAVE']
          : undefined
    this.#pool = new Pool({
      ...poolSize(read, clock),
      open: () => this.#connect(),
      check: async (client) => void (await this.#send(client, ['PING'], CONNECT)),
      close: (client) => client.destroy(),
    })
  }

  verify(): Promise<void> {
    return this.#pool.use(async (client) => void (await this.#send(client, ['PING'])))
  }

  newUser({ username, credential, statements }: NewUser): Promise<void> {
    const rules = rulesOf(statements)
    return this.#change(['ACL', 'SETUSER', username, 'ON', `>${passwordOf(credential)}`, ...rules])
  }

  async updateUser({ username, credential }: UserChange): Promise<void> {
    // Users of Redis have no end of their own.
    if (credential === undefined) return
    const password = passwordOf(credential.value)
    await this.#pool.use(async (client) => {
      if ((await this.#send(client, ['ACL', 'GETUSER', username])) === null)
        throw new DatabaseFailure(`user not found: ${username}`, { applied: 'no', refused: true })
      await this.#send(client, ['ACL', 'SETUSER', username, 'RESETPASS', `>${password}`])
      await this.#save(client)
    })
  }

  deleteUser({ username }: UserRemoval): Promise<void> {
    return this.#change(['ACL', 'DELUSER', username])
  }

  async close(): Promise<void> {
    this.#pool.close()
  }

  #change(command: readonly string[]): Promise<void> {
    return this.#pool.use(async (client) => {
      await this.#send(client, command)
      await this.#save(client)
    })
  }

  async #save(client: Client): Promise<void> {
    if (this.#persist === undefined) return
    try {
      await this.#send(client, this.#persist)
    } catch (error) {
      if (!(error instanceof DatabaseFailure)) throw error
      throw new DatabaseFailure(error.message, { applied: 'maybe', refused: error.refused })
    }
  }

  async #connect(): Promise<Client> {
    const client = clientOf(this.#library, this.#settings)
    try {
      await timed(this.#clock, CONNECT, client.connect(), () => client.destroy())
      return client
    } catch (error) {
      throw this.#failure(error, false)
    }
  }

  async #send(client: Client, command: readonly string[], limit = ANSWER): Promise<unknown> {
    try {
      return await timed(this.#clock, limit, client.sendCommand(command), () => client.destroy())
    } catch (error) {
      throw this.#failure(error, true)
    }
  }

  #failure(error: unknown, sent: boolean): DatabaseFailure {
    const refused = error instanceof this.#library.ErrorReply
    return new DatabaseFailure(redacted(messageOf(error), [this.#settings.password]), {
      applied: sent && !refused ? 'maybe' : 'no',
      refused,
    })
  }
}

function clientOf({ createClient }: Library, { host, port, username, password, tls }: Settings): Client {
  const common = { host, port, connectTimeout: CONNECT, reconnectStrategy: false } as const
  const encrypted = { ...common, tls: true, servername: host, rejectUnauthorized: tls?.insecure !== true } as const
  const client = createClient({
    username,
    password,
    socket: tls === undefined ? common : tls.ca === '' ? encrypted : { ...encrypted, ca: tls.ca },
    disableOfflineQueue: true,
  })
  // Whoever uses it hears of a lost connection by his command.
  client.on('error', () => undefined)
  return client
}

/** The first statement is a JSON list of rules, or each statement is one. */
function rulesOf(statements: readonly string[]): readonly string[] {
  const given = statements.map((text) => text.trim()).filter((text) => text !== '')
  const [first] = given
  if (first === undefined) return READ_ONLY
  if (!first.startsWith('[')) return given
  try {
    const parsed: unknown = JSON.parse(first)
    if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed
  } catch {
    // Not JSON: said below.
  }
  throw databaseErrors.STATEMENT({ reason: 'creation_statements takes rules, or one JSON list of them' })
}

function passwordOf(credential: Credential): string {
  if (credential.type !== 'password') throw databaseErrors.CREDENTIAL_UNSUPPORTED({ type: credential.type })
  return credential.password
}

function settingsOf(read: {
  readonly connection_url: string
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly tls: boolean
  readonly insecure_tls: boolean
  readonly ca_cert: string
}): Settings {
  const tls = { ca: read.ca_cert, insecure: read.insecure_tls }
  if (read.connection_url !== '') {
    const url = URL.parse(read.connection_url.replace(/^(?:valkey|redis)(s?):/, 'http$1:'))
    if (url === null || !/^(?:valkey|redis)s?:\/\//.test(read.connection_url))
      throw new DetailsError('error parsing connection_url')
    if (read.host !== '' || read.port !== 0)
      throw new DetailsError('cannot specify both connection_url and individual connection parameters')
    const port = url.port === '' ? 6379 : Number(url.port)
    return {
      host: url.hostname.replace(/^\[(.+)\]$/, '$1'),
      port,
      username: decodeURIComponent(url.username) || read.username,
      password: decodeURIComponent(url.password) || read.password,
      tls: read.tls || url.protocol === 'https:' ? tls : undefined,
    }
  }
  for (const [name, value] of [
    ['host', read.host],
    ['port', read.port === 0 ? '' : String(read.port)],
    ['username', read.username],
    ['password', read.password],
  ] as const)
    if (value === '') throw new DetailsError(`${name} cannot be empty`)
  const { host, port, username, password } = read
  return { host, port, username, password, tls: read.tls ? tls : undefined }
}
