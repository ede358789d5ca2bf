/**
 * A real PostgreSQL for tests: Debian's or any in the PATH, in a temporary folder, on a free port of this machine. It can be stopped,
 * frozen, started again, and have its connections killed.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chmodSync, chownSync, constants, copyFileSync, globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { tmpdir } from 'node:os'
import pg from 'pg'

/** Stands in every URL that the tests connect with, and must stand nowhere else. */
export const PASSWORD = 'canary-7f3a/+&?#@ 1'
const USER = 'coffer'

export interface PostgresOptions {
  /** Certificate and key files; with them the server also takes TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Further lines of `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface TestPostgres extends AsyncDisposable {
  readonly port: number
  /** Of the socket's folder, without TCP. */
  readonly folder: string
  /** To connect with; `parameters` such as `sslmode=require` are appended. */
  url(parameters?: string, host?: string): string
  /** Runs statements as the superuser, on a connection of its own. */
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /**
   * Makes a database that tells nobody of commits, and gives the URL of one who may use it: `forbidden` is a server that keeps that
   * from its roles, `strange` one that has neither that nor such locks and settings as PostgreSQL's.
   */
  mute(kind: 'forbidden' | 'strange'): Promise<string>
  /** Kills connections whose row of `pg_stat_activity` meets the condition; returns how many. */
  terminate(where?: string): Promise<number>
  /** Freezes every process of the server: connections stay open and nothing answers. */
  freeze(): void
  thaw(): void
  /** `SIGKILL` is a crash, `SIGINT` a fast shutdown. */
  stop(signal?: 'SIGKILL' | 'SIGINT'): Promise<void>
  start(): Promise<void>
}

/** The storage stanza of a node of a cluster. */
export function clusterStanza(url: string): string {
  return `storage "postgresql" {\n  connection_url = "${url}"\n  ha_enabled = true\n}`
}

/** Why there can be no server here, or false. */
export function withoutPostgres(): string | false {
  return binaries() === undefined ? 'needs PostgreSQL: apt-get install postgresql' : false
}

export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const bin = binaries()
  if (bin === undefined) throw new Error('there is no PostgreSQL on this machine')
  const folder = await mkdtemp(join(tmpdir(), 'coffer-pg-'))
  const server = new Server(bin, folder, await freePort(), options)
  try {
    await server.create()
    await server.start()
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return server
}

class Server implements TestPostgres {
  readonly port: number
  readonly folder: string
  readonly #bin: string
  readonly #options: PostgresOptions
  readonly #as = ordinaryUser()
  #child: ChildProcess | undefined
  #output = ''
  readonly #atExit = () => void this.#child?.kill('SIGQUIT')

  constructor(bin: string, folder: string, port: number, options: PostgresOptions) {
    this.#bin = bin
    this.folder = folder
    this.port = port
    this.#options = options
    process.on('exit', this.#atExit)
  }

  url(parameters = 'sslmode=disable', host = '127.0.0.1'): string {
    return `postgres://${USER}:${encodeURIComponent(PASSWORD)}@${host}:${this.port}/postgres?${parameters}`
  }

  async create(): Promise<void> {
    const { folder } = this
    if (this.#as.uid !== undefined) chownSync(folder, this.#as.uid, this.#as.gid ?? -1)
    chmodSync(folder, 0o755)
    const passwordFile = join(folder, 'password')
    await writeFile(passwordFile, PASSWORD, { mode: 0o644 })
    const made = spawnSync(
      join(this.#bin, 'initdb'),
      ['-D', this.#data, '-U', USER, '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8', '--locale=C', '-N'],
      { ...this.#as, cwd: folder, encoding: 'utf8' },
    )
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
    const { tls, settings } = this.#options
    if (tls !== undefined) {
      this.#take(tls.cert, 'server.crt')
      this.#take(tls.key, 'server.key')
    }
    const lines = {
      port: this.port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: folder,
      max_connections: 200,
      shared_buffers: '32MB',
      // A crash of the server loses nothing by this; only one of the machine would.
      fsync: 'off',
      ssl: tls === undefined ? 'off' : 'on',
      ...settings,
    }
    const text = Object.entries(lines).map(([name, value]) => `${name} = '${value}'\n`)
    await writeFile(join(this.#data, 'postgresql.auto.conf'), text.join(''))
  }

  async start(): Promise<void> {
    const child = spawn(join(this.#bin, 'postgres'), ['-D', this.#data], {
      ...this.#as,
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.on('data', (chunk) => (this.#output = `${this.#output}${String(chunk)}`.slice(-10_000)))
    this.#child = child
    for (let attempt = 0; ; attempt++) {
      try {
        await this.sql('SELECT 1')
        return
      } catch (error) {
        if (child.exitCode !== null || attempt > 600)
          throw new Error(`PostgreSQL does not start: ${this.#output}`, { cause: error })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  async stop(signal: 'SIGKILL' | 'SIGINT' = 'SIGINT'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const children = signal === 'SIGKILL' ? childrenOf(child.pid) : []
    const gone = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(signal)
    for (const pid of children) signalTo(pid, signal)
    if (child.exitCode === null && child.signalCode === null) await gone
  }

  freeze(): void {
    for (const pid of this.#pids()) signalTo(pid, 'SIGSTOP')
  }

  thaw(): void {
    for (const pid of this.#pids()) signalTo(pid, 'SIGCONT')
  }

  async mute(kind: 'forbidden' | 'strange'): Promise<string> {
    const name = `mute_${kind}`
    const lacking =
      kind === 'forbidden'
        ? ['REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC']
        : [
            'ALTER FUNCTION pg_catalog.pg_notify(text, text) RENAME TO not_here_notify',
            'ALTER FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) RENAME TO not_here_lock',
            'CREATE SCHEMA strange',
            `CREATE FUNCTION strange.set_config(name text, value text, local boolean) RETURNS text LANGUAGE plpgsql AS $$
               BEGIN
                 IF name LIKE 'enable%' OR name IN ('jit', 'synchronous_commit') THEN
                   RAISE 'unrecognized configuration parameter' USING ERRCODE = 'undefined_object';
                 END IF;
                 RETURN pg_catalog.set_config(name, value, local);
               END $$`,
            `GRANT USAGE, CREATE ON SCHEMA strange TO ${name}`,
            `ALTER ROLE ${name} SET search_path = strange, pg_catalog, public`,
          ]
    await this.sql(`CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}'`)
    await this.sql(`CREATE DATABASE ${name}`)
    for (const text of ['GRANT CREATE ON SCHEMA public TO PUBLIC', ...lacking]) await this.#sqlIn(name, text)
    const url = new URL(this.url())
    url.username = name
    url.pathname = `/${name}`
    return url.href
  }

  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    return this.#sqlIn('postgres', text, values)
  }

  async #sqlIn(database: string, text: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.port,
      user: USER,
      password: PASSWORD,
      database,
      application_name: 'test',
      ssl: this.#options.tls === undefined ? false : { rejectUnauthorized: false },
    })
    client.on('error', () => {})
    await client.connect()
    try {
      const { rows } = await client.query(text, values)
      return rows
    } finally {
      await client.end()
    }
  }

  async terminate(where = 'true'): Promise<number> {
    const rows = await this.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND ${where}`,
    )
    return rows.length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#atExit)
    this.thaw()
    await this.stop('SIGKILL')
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  get #data(): string {
    return join(this.folder, 'data')
  }

  #pids(): number[] {
    const pid = this.#child?.pid
    return pid === undefined ? [] : [pid, ...childrenOf(pid)]
  }

  /** PostgreSQL takes a key only from its own user. */
  #take(from: string, name: string): void {
    const to = join(this.#data, name)
    copyFileSync(from, to)
    chmodSync(to, 0o600)
    if (this.#as.uid !== undefined) chownSync(to, this.#as.uid, this.#as.gid ?? -1)
  }
}

function binaries(): string | undefined {
  const folders = [
    ...globSync('/usr/lib/postgresql/*/bin').toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true })),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => isExecutable(join(folder, name))))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** PostgreSQL refuses to run as root: then the user that its package made. */
function ordinaryUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}

function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}
