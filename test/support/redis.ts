/** A real Redis or Valkey for tests, in a temporary folder, on a free port of this machine. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createClient } from '@redis/client'
import { freePort } from './free-port.ts'

/** Of the user `default`, who may do everything. */
export const REDIS_PASSWORD = 'canary-2d9c/+&?#@1'

/** Why there can be no server here, or false. */
export function withoutRedis(): string | false {
  return binary() === undefined ? 'needs Redis: apt-get install redis-server' : false
}

export class TestRedis implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  #child: ChildProcess | undefined
  readonly #atExit = () => void this.#child?.kill('SIGKILL')

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.port = port
    process.on('exit', this.#atExit)
  }

  static async start(): Promise<TestRedis> {
    const server = new TestRedis(await mkdtemp(join(tmpdir(), 'coffer-redis-')), await freePort())
    try {
      await server.start()
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  async start(): Promise<void> {
    const options = { port: this.port, bind: '127.0.0.1', dir: this.#folder, requirepass: REDIS_PASSWORD, save: '' }
    const child = spawn(
      binary() ?? '',
      Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
      {
        stdio: 'ignore',
      },
    )
    this.#child = child
    for (let attempt = 0; ; attempt++) {
      try {
        await this.send(['PING'])
        return
      } catch (error) {
        if (child.exitCode !== null || attempt > 400) throw new Error('Redis does not start', { cause: error })
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    }
  }

  /** One command, as the user `default` or as whoever is named; rejects where he cannot log in. */
  async send(
    command: readonly string[],
    login: { readonly username: string; readonly password: string } = {
      username: 'default',
      password: REDIS_PASSWORD,
    },
  ): Promise<unknown> {
    const socket = { host: '127.0.0.1', port: this.port, reconnectStrategy: false } as const
    const client = createClient({ ...login, socket })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await client.sendCommand(command)
    } finally {
      client.destroy()
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
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function binary(): string | undefined {
  const folders = ['/usr/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders
    .flatMap((folder) => ['redis-server', 'valkey-server'].map((name) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
