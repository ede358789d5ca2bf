/** A real MariaDB for tests: Debian's or any in the PATH, in a temporary folder, on a free port of this machine. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chmodSync, chownSync, constants } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createConnection, type ConnectionOptions } from 'mysql2/promise'
import { freePort } from './free-port.ts'

/** Of the user `coffer`, who may do everything. */
export const MARIADB_PASSWORD = 'canary-5b1e/+&?#@ :1'
const USER = 'coffer'

/** Why there can be no server here, or false. */
export function withoutMariadb(): string | false {
  return binary('mariadbd') === undefined || binary('mariadb-install-db') === undefined
    ? 'needs MariaDB: apt-get install mariadb-server'
    : false
}

export interface MariadbOptions {
  /** PEM; with them the server also takes TLS, and certificates that the CA signed. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string }
}

export class TestMariadb implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  readonly #as = ordinaryUser()
  readonly #options: MariadbOptions
  #child: ChildProcess | undefined
  #output = ''
  readonly #atExit = () => void this.#child?.kill('SIGKILL')

  private constructor(folder: string, port: number, options: MariadbOptions) {
    this.#folder = folder
    this.port = port
    this.#options = options
    process.on('exit', this.#atExit)
  }

  static async start(options: MariadbOptions = {}): Promise<TestMariadb> {
    const folder = await mkdtemp(join(tmpdir(), 'coffer-mariadb-'))
    const server = new TestMariadb(folder, await freePort(), options)
    try {
      await server.#create()
      await server.start()
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  /** Runs a statement as the user `coffer`, or as whoever is named; rejects where he cannot log in. */
  async sql(
    text: string,
    login: Pick<ConnectionOptions, 'user' | 'password' | 'ssl'> = { user: USER, password: MARIADB_PASSWORD },
  ): Promise<readonly Record<string, unknown>[]> {
    const connection = await createConnection({ host: '127.0.0.1', port: this.port, ...login, connectTimeout: 5000 })
    try {
      const [rows] = await connection.query(text)
      return Array.isArray(rows) ? rows.map((row) => ({ ...row })) : []
    } finally {
      connection.destroy()
    }
  }

  async start(): Promise<void> {
    const child = spawn(
      binary('mariadbd') ?? '',
      [
        '--no-defaults',
        `--datadir=${join(this.#folder, 'data')}`,
        `--socket=${join(this.#folder, 'socket')}`,
        `--pid-file=${join(this.#folder, 'pid')}`,
        `--init-file=${join(this.#folder, 'init.sql')}`,
        `--port=${this.port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        '--innodb-buffer-pool-size=16M',
        '--innodb-flush-log-at-trx-commit=0',
        '--skip-log-bin',
        ...(this.#options.tls === undefined
          ? []
          : ['ca', 'cert', 'key'].map((name) => `--ssl-${name}=${join(this.#folder, `${name}.pem`)}`)),
      ],
      { ...this.#as, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    child.stderr.on('data', (chunk) => (this.#output = `${this.#output}${String(chunk)}`.slice(-10_000)))
    this.#child = child
    for (let attempt = 0; ; attempt++) {
      try {
        await this.sql('SELECT 1')
        return
      } catch (error) {
        if (child.exitCode !== null || attempt > 600)
          throw new Error(`MariaDB does not start: ${this.#output}`, { cause: error })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#atExit)
    await this.stop()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #create(): Promise<void> {
    const { uid, gid = -1 } = this.#as
    chmodSync(this.#folder, 0o755)
    if (uid !== undefined) chownSync(this.#folder, uid, gid)
    const quoted = MARIADB_PASSWORD.replaceAll("'", "''")
    const init = [
      `CREATE OR REPLACE USER '${USER}'@'%' IDENTIFIED BY '${quoted}';`,
      `GRANT ALL PRIVILEGES ON *.* TO '${USER}'@'%' WITH GRANT OPTION;`,
      'CREATE DATABASE IF NOT EXISTS app;',
    ]
    for (const [name, text] of Object.entries(this.#options.tls ?? {})) {
      const path = join(this.#folder, `${name}.pem`)
      await writeFile(path, text, { mode: 0o600 })
      if (uid !== undefined) chownSync(path, uid, gid)
    }
    await writeFile(join(this.#folder, 'init.sql'), `${init.join('\n')}\n`, { mode: 0o644 })
    const made = spawnSync(
      binary('mariadb-install-db') ?? '',
      [
        '--no-defaults',
        `--datadir=${join(this.#folder, 'data')}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
      ],
      { ...this.#as, cwd: this.#folder, encoding: 'utf8' },
    )
    if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stdout}${made.stderr}`)
  }
}

function binary(name: string): string | undefined {
  const folders = ['/usr/sbin', '/usr/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** MariaDB refuses to run as root: then the user that its package made. */
function ordinaryUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}
