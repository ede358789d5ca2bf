/** A real server in a process of its own, on a port and a folder of its own: `await using server = await startServer()`. */
import { spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request, type Answer, type CallOptions } from './http.ts'

export const coffer = join(import.meta.dirname, '..', '..', 'bin', 'coffer')

/** How long a start may take where several servers and a database start at once. */
const START_MS = 40_000

export interface ServerOptions {
  readonly tls?: boolean
  /** Further configuration (HCL) at the top level. */
  readonly config?: string
  /** Further lines in the listener's stanza. */
  readonly listener?: string
  readonly shares?: number
  readonly threshold?: number
  /** The seal opens by itself: the shares are recovery shares. */
  readonly recovery?: boolean
  /** Leave it uninitialised. */
  readonly raw?: boolean
  /** A file audit device, declared in the configuration; its path is `auditFile`. */
  readonly audit?: boolean
  readonly storage?: 'lmdb' | 'inmem'
  /** The whole stanza, in place of that. */
  readonly storageStanza?: string
}

export class TestServer implements AsyncDisposable {
  readonly folder: string
  readonly address: string
  readonly caFile: string | undefined
  readonly auditFile: string
  token = ''
  /** Base64. */
  keys: readonly string[] = []
  child: ChildProcess
  /** What it wrote to stdout and stderr, over all its starts. */
  output = ''
  readonly #options: ServerOptions

  constructor(folder: string, address: string, options: ServerOptions) {
    this.folder = folder
    this.address = address
    this.#options = options
    this.auditFile = join(folder, 'audit.log')
    this.caFile = options.tls === true ? join(folder, 'ca.pem') : undefined
    this.child = this.#spawn()
  }

  /** An HTTP request with the root token, unless `options` has another. */
  call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    const ca = this.caFile === undefined ? {} : { ca: readFileSync(this.caFile) }
    return request(this.address, method, `/v1/${path}`, {
      token: this.token,
      ...ca,
      ...options,
      ...(body === undefined ? {} : { body }),
    })
  }

  /** Waits until the log has it: the log is written a moment after the answer. */
  async said(pattern: RegExp): Promise<void> {
    for (let attempt = 0; attempt < 400; attempt++) {
      if (pattern.test(this.output)) return
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    throw new Error(`the log never had ${String(pattern)}:\n${this.output}`)
  }

  async ready(): Promise<void> {
    const end = performance.now() + START_MS
    while (performance.now() < end) {
      if (this.child.exitCode !== null) throw new Error(`the server ended with ${this.child.exitCode}:\n${this.output}`)
      try {
        await this.call('GET', 'sys/seal-status')
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    throw new Error(`the server did not answer:\n${this.output}`)
  }

  async initialize(): Promise<void> {
    const { shares = 1, threshold = 1, recovery = false } = this.#options
    const wish = recovery
      ? { recovery_shares: shares, recovery_threshold: threshold }
      : { secret_shares: shares, secret_threshold: threshold }
    const answer = await this.call('PUT', 'sys/init', wish)
    if (answer.status !== 200) throw new Error(`init: ${answer.status} ${answer.text}`)
    const { keys_base64: keys, root_token: token } = answer.json as { keys_base64: string[]; root_token: string }
    this.keys = keys
    this.token = token
  }

  async unseal(): Promise<void> {
    for (const key of this.keys.slice(0, this.#options.threshold ?? 1)) {
      const answer = await this.call('PUT', 'sys/unseal', { key })
      if (answer.status !== 200) throw new Error(`unseal: ${answer.status} ${answer.text}\n${this.output}`)
    }
  }

  /** `SIGKILL`: nothing is flushed, nothing is said. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode
    const gone = new Promise<number | null>((resolve) => this.child.once('exit', (code) => resolve(code)))
    this.child.kill(signal)
    return gone
  }

  async restart(): Promise<void> {
    this.child = this.#spawn()
    await this.ready()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #spawn(): ChildProcess {
    const child = spawn(coffer, ['server', `-config=${join(this.folder, 'coffer.hcl')}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const take = (chunk: Buffer) => {
      this.output += chunk.toString()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    return child
  }
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-test-'))
  const port = await freePort()
  const { tls = false } = options
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  if (tls) copyCertificate(folder)
  writeFileSync(join(folder, 'coffer.hcl'), configuration(folder, port, options), { mode: 0o600 })
  const server = new TestServer(folder, `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, options)
  try {
    await server.ready()
    if (options.raw !== true) {
      await server.initialize()
      await server.unseal()
    }
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

function configuration(folder: string, port: number, options: ServerOptions): string {
  const { tls = false, config = '', listener = '', audit = false, storage = 'lmdb', storageStanza } = options
  return `${storageStanza !== undefined ? storageStanza : storage === 'lmdb' ? `storage "lmdb" {\n  path = "${folder}/data"\n}` : 'storage "inmem" {}'}
listener "tcp" {
  address = "127.0.0.1:${port}"
  ${tls ? `tls_cert_file = "${folder}/cert.pem"\n  tls_key_file = "${folder}/key.pem"` : 'tls_disable = true'}
  ${listener}
}
${audit ? `audit "file" "file" {\n  options {\n    file_path = "${folder}/audit.log"\n  }\n}` : ''}
${config}
`
}

/** Certificates that the tests' own authority signed (test/support/tls); `ca.pem` is that authority. */
function copyCertificate(folder: string): void {
  const from = join(import.meta.dirname, 'tls')
  copyFileSync(join(from, 'server.pem'), join(folder, 'cert.pem'))
  copyFileSync(join(from, 'server.key'), join(folder, 'key.pem'))
  copyFileSync(join(from, 'ca.pem'), join(folder, 'ca.pem'))
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
