/** A listener on a port of its own, and clients that see every byte. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { FakeClock } from '../../src/lib/clock.ts'
import { createLogger, LogLevels, Metrics } from '../../src/lib/observe/index.ts'
import { listenerDefaults, startListener, tlsDefaults } from '../../src/listener/index.ts'
import type { Listener, ListenerConfig, TlsConfig } from '../../src/listener/index.ts'
import type { WireHandler, WireReply, WireRequest } from '../../src/request/wire.ts'

export interface TestListener extends AsyncDisposable {
  readonly listener: Listener
  readonly port: number
  readonly clock: FakeClock
  readonly metrics: Metrics
  readonly logged: readonly string[]
}

export function tlsFile(name: string): string {
  return fileURLToPath(new URL(`tls/${name}`, import.meta.url))
}

export const testTls: TlsConfig = { ...tlsDefaults, certFile: tlsFile('server.pem'), keyFile: tlsFile('server.key') }

export async function testListener(handler: WireHandler, config: Partial<ListenerConfig> = {}): Promise<TestListener> {
  const clock = new FakeClock()
  const metrics = new Metrics(clock)
  const logged: string[] = []
  const sinks = [{ write: (line: string) => void logged.push(line) }]
  const log = createLogger({ levels: new LogLevels('trace'), format: 'standard', clock, sinks })
  const listener = await startListener({ ...listenerDefaults, address: '127.0.0.1:0', ...config }, handler, {
    clock,
    log,
    metrics,
  })
  const port = Number(/\d+$/u.exec(listener.address())?.[0] ?? 0)
  return { listener, port, clock, metrics, logged, [Symbol.asyncDispose]: () => listener.close(0) }
}

/** Says what came in. Bodies of GET are not asked for. */
export async function echo(request: WireRequest): Promise<WireReply> {
  const body = request.method === 'GET' ? '' : Buffer.from(await request.readBody()).toString('latin1')
  const { method, target, remoteAddress } = request
  return json(200, { method, target, remoteAddress, body })
}

/** Like `echo`, but reads every body. */
export async function echoBody(request: WireRequest): Promise<WireReply> {
  const body = Buffer.from(await request.readBody()).toString('latin1')
  // Padded, so that verbs of three letters and four give the same length.
  return json(200, { method: request.method.padEnd(4), target: request.target, body })
}

export function json(status: number, value: object): WireReply {
  return { status, headers: [['Content-Type', 'application/json']], body: JSON.stringify(value) }
}

/** A promise and its key. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { passed: promise, open: resolve }
}

/** Lets the other end of a connection in this process see what was written. */
export async function turns(count = 12): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

export class RawClient {
  readonly socket: Socket
  received = ''
  /** By the server: no more will come. */
  closed = false
  readonly #closed: Promise<void>
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('end', () => {
      this.closed = true
      this.#wake()
    })
    this.#closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.closed = true
        this.#wake()
        resolve()
      })
    })
  }

  static async to(port: number, localAddress?: string): Promise<RawClient> {
    const socket = connect({
      port,
      host: '127.0.0.1',
      allowHalfOpen: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    })
    const client = new RawClient(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
    return client
  }

  /** Rejects if the handshake fails. */
  static async tls(port: number, options: ConnectionOptions = {}): Promise<RawClient> {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
    })
    return new RawClient(socket)
  }

  static async unix(path: string): Promise<RawClient> {
    const socket = connect({ path, allowHalfOpen: true })
    const client = new RawClient(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
    return client
  }

  /** Each part in a packet of its own. */
  async send(...parts: readonly string[]): Promise<void> {
    for (const part of parts) {
      if (this.socket.writable) this.socket.write(part, 'latin1')
      await turns()
    }
  }

  /** What was received, once it matches or the connection has closed. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received) && !this.closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.received
  }

  /** Says that no more will come, and gives all that was received. */
  async finish(): Promise<string> {
    await turns()
    this.socket.end()
    await this.#closed
    return this.received
  }
}

/** Sends parts, ends, and gives everything that came back. */
export async function talk(port: number, ...parts: readonly string[]): Promise<string> {
  const client = await RawClient.to(port)
  await client.send(...parts)
  return client.finish()
}
