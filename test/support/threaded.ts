/** A server with serving threads in this process, initialised and unsealed, and connections enough that the kernel gives each some. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { devSettings } from '../../src/main/dev-settings.ts'
import type { Settings } from '../../src/main/settings.ts'
import { request, type Answer } from './http.ts'
import { at, textAt } from './json.ts'
import { runServer, type ServerUnderTest } from './running.ts'

export interface ThreadedOptions {
  readonly threads: number
  readonly connections: number
  readonly settings?: Partial<Settings>
}

export interface AskOptions {
  /** That of root unless given. */
  readonly token?: string
  readonly namespace?: string
  readonly headers?: Readonly<Record<string, string>>
}

export class ThreadedServer implements AsyncDisposable {
  readonly server: ServerUnderTest
  readonly address: string
  readonly auditFile: string
  readonly agents: readonly http.Agent[]
  token = ''
  unsealKey = ''
  readonly #folder: string

  private constructor(server: ServerUnderTest, folder: string, auditFile: string, connections: number) {
    this.server = server
    this.address = `http://${server.running.addresses[0] ?? ''}`
    this.auditFile = auditFile
    this.agents = Array.from({ length: connections }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }))
    this.#folder = folder
  }

  static async start({ threads, connections, settings = {} }: ThreadedOptions): Promise<ThreadedServer> {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-threads-'))
    const auditFile = join(folder, 'audit.log')
    // Only these of the flags are read where settings come from.
    const base = devSettings({ dev: true, 'dev-listen-address': '127.0.0.1:0' } as never, join(folder, 'data'))
    const server = await runServer({
      ...base,
      servingThreads: threads,
      log: { ...base.log, level: 'error' },
      auditDevices: [
        { type: 'file', path: 'file/', description: '', local: false, options: new Map([['file_path', auditFile]]) },
      ],
      ...settings,
    })
    const started = new ThreadedServer(server, folder, auditFile, connections)
    const made = await started.call(undefined, 'PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })
    started.token = textAt(made.json, 'root_token')
    started.unsealKey = String(at(made.json, 'keys_base64', 0))
    assert.equal((await started.call(undefined, 'PUT', 'sys/unseal', { key: started.unsealKey })).status, 200)
    return started
  }

  /** Over one connection, or over one of its own. */
  call(
    agent: http.Agent | undefined,
    method: string,
    path: string,
    body?: unknown,
    { token = this.token, namespace = '', headers = {} }: AskOptions = {},
  ): Promise<Answer> {
    return request(this.address, method, `/v1/${path}`, {
      token,
      headers: { ...headers, ...(namespace === '' ? {} : { 'X-Vault-Namespace': namespace }) },
      ...(agent === undefined ? {} : { agent }),
      ...(body === undefined ? {} : { body }),
    })
  }

  /** The same request over every connection at once. */
  everywhere(method: string, path: string, body?: unknown, options?: AskOptions): Promise<readonly Answer[]> {
    return Promise.all(this.agents.map((agent) => this.call(agent, method, path, body, options)))
  }

  /** Connections that are there end; new ones take their places. */
  reconnect(): void {
    for (const agent of this.agents) agent.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reconnect()
    await this.server[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true })
  }
}
