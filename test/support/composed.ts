/**
 * A whole server in this process, over a memory store that fails or is slow where a test says so:
 * `await using server = await composedServer()`, then `await server.call('GET', 'sys/mounts')`.
 */
import { Readable } from 'node:stream'
import { composeServer, type Server, type ServerOptions } from '../../src/core/compose.ts'
import { RequestLog } from '../../src/core/request-log.ts'
import { systemClock, type Clock } from '../../src/lib/clock.ts'
import { LogLevels, Metrics, silentLogger } from '../../src/lib/observe/index.ts'
import { plainListener, type WireReply } from '../../src/request/wire.ts'
import type { Driver } from '../../src/storage/driver.ts'
import { MemoryDriver } from '../../src/storage/drivers/memory.ts'
import { FaultyDriver } from './faulty-driver.ts'

export interface ComposedAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
  readonly json: unknown
  readonly bytes: Buffer
}

async function collected(body: WireReply['body']): Promise<Buffer> {
  if (typeof body !== 'object' || body instanceof Uint8Array) return Buffer.from(body ?? '')
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}

export interface ComposedOptions {
  /** Wraps the store the server is given. */
  readonly around?: (driver: Driver) => Driver
  readonly auditForbiddenFolders?: readonly string[]
  /** The real one unless a test moves its own. */
  readonly clock?: Clock
  /** How services of second factors are reached. */
  readonly web?: ServerOptions['web']
}

export class ComposedServer implements AsyncDisposable {
  /** What fails, and when. */
  readonly driver: FaultyDriver
  readonly #options: ComposedOptions
  #server: Server | undefined
  #keys: readonly string[] = []
  token = ''

  constructor(driver: FaultyDriver, options: ComposedOptions) {
    this.driver = driver
    this.#options = options
  }

  get server(): Server {
    if (this.#server === undefined) throw new Error('the server does not run')
    return this.#server
  }

  async start(): Promise<void> {
    const { clock = systemClock } = this.#options
    const metrics = new Metrics(clock)
    this.#server = await composeServer({
      driver: this.#options.around?.(this.driver) ?? this.driver,
      clock,
      log: silentLogger,
      levels: new LogLevels('off'),
      metrics,
      telemetry: {
        hostname: '',
        prefix: 'vault',
        hostnameInGauges: false,
        hostnameAsLabel: false,
        prefixFilter: [],
        filterDefault: true,
        retention: 0,
      },
      requestLog: new RequestLog(silentLogger, 'off'),
      systemLimits: { defaultTtl: 2_764_800, maxTtl: 2_764_800 },
      clusterName: undefined,
      apiAddress: '',
      hostname: '',
      hostnameHeader: false,
      rawStorage: true,
      auditDevices: [],
      auditForbiddenFolders: this.#options.auditForbiddenFolders ?? [],
      allowApiAuditCreation: false,
      allowAuditPrefix: false,
      dataFolder: undefined,
      upgradeSnapshots: undefined,
      sanitizedConfig: () => new Map(),
      ...(this.#options.web === undefined ? {} : { web: this.#options.web }),
    })
  }

  async initialize(): Promise<void> {
    const { keysBase64, rootToken } = await this.server.lifecycle.initialize({
      secretShares: 1,
      secretThreshold: 1,
      pgpKeys: [],
      rootTokenPgpKey: '',
      storedShares: undefined,
      recoveryShares: undefined,
      recoveryThreshold: undefined,
    })
    this.#keys = keysBase64
    this.token = rootToken
  }

  /** Base64. */
  get keys(): readonly string[] {
    return this.#keys
  }

  async unseal(keys = this.#keys): Promise<void> {
    for (const key of keys) await this.server.lifecycle.unseal(key)
  }

  /** As after a crash: what is not in the store is gone. */
  async restart(): Promise<void> {
    await this.server.lifecycle.seal()
    await this.start()
    await this.unseal()
  }

  /** `body` is JSON text, bytes, or anything to be made JSON of. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    options: {
      readonly token?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly late?: Promise<void>
      /** The client's address. */
      readonly from?: string
    } = {},
  ): Promise<ComposedAnswer> {
    const headers = { 'x-vault-token': options.token ?? this.token, ...options.headers }
    const bytes =
      body instanceof Uint8Array
        ? body
        : Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body))
    const reply = await this.server.handler({
      method,
      target: `/v1/${path}`,
      headers: new Map(
        Object.entries(headers)
          .filter(([, value]) => value !== '')
          .map(([name, value]) => [name.toLowerCase(), [value]]),
      ),
      remoteAddress: options.from ?? '127.0.0.1',
      remotePort: 40_000,
      tls: false,
      peerCertificate: undefined,
      listener: plainListener,
      expired: false,
      readBody: async () => {
        await options.late
        return bytes
      },
      openBody: () => Readable.from(bytes.length === 0 ? [] : [bytes]),
      signal: new AbortController().signal,
    })
    const whole = await collected(reply.body)
    const text = whole.toString()
    const sent = new Map(reply.headers.map(([name, value]) => [name.toLowerCase(), value]))
    return {
      status: reply.status,
      headers: sent,
      text,
      bytes: whole,
      json: text.startsWith('{') ? JSON.parse(text) : undefined,
    }
  }

  /** Every key in the store below a prefix. */
  async storedKeys(prefix = ''): Promise<string[]> {
    const snapshot = await this.driver.snapshot()
    const keys = await snapshot.keys({ prefix })
    snapshot.close()
    return [...keys]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.driver.plan({})
    await this.server.close()
  }
}

/** Initialised and unsealed. */
export async function composedServer(options: ComposedOptions = {}): Promise<ComposedServer> {
  const server = new ComposedServer(new FaultyDriver(new MemoryDriver()), options)
  await server.start()
  await server.initialize()
  await server.unseal()
  return server
}
