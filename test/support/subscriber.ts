/** A client of `sys/events/subscribe`: `await using s = await subscribe(server, 'kv*')`, then `await s.next()`. */
import { readFileSync } from 'node:fs'
import { WebSocket } from 'ws'
import type { TestServer } from './server.ts'
import { until } from './until.ts'

export interface SubscribeOptions {
  readonly token?: string
  readonly namespace?: string
  readonly filter?: string
  readonly namespaces?: readonly string[]
  /** False for Protocol Buffers. */
  readonly json?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** As far as tests look at it. */
export interface SeenEvent {
  readonly id: string
  readonly time: string
  readonly source: string
  readonly data: {
    readonly event: { readonly id: string; readonly metadata: Readonly<Record<string, string>> }
    readonly event_type: string
    readonly namespace?: string
    readonly plugin_info: Readonly<Record<string, string>>
  }
}

export class Subscriber implements AsyncDisposable {
  readonly socket: WebSocket
  readonly received: Buffer[] = []
  /** Undefined as long as it is open. */
  closed: { readonly code: number; readonly reason: string } | undefined
  #taken = 0

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => this.received.push(data))
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }))
    socket.on('error', () => undefined)
  }

  get events(): readonly SeenEvent[] {
    return this.received.map((bytes) => JSON.parse(bytes.toString()))
  }

  /** The next that was not taken yet. */
  async next(): Promise<SeenEvent> {
    await until(() => this.received.length > this.#taken, 10_000, 'an event')
    const event = this.events[this.#taken++]
    if (event === undefined) throw new Error('there is no event')
    return event
  }

  /** Types and paths of the next ones. */
  async told(count: number): Promise<string[]> {
    const out: string[] = []
    for (let i = 0; i < count; i++) {
      const { data } = await this.next()
      out.push(`${data.event_type} ${data.event.metadata['path']}`)
    }
    return out
  }

  async ended(): Promise<{ readonly code: number; readonly reason: string }> {
    await until(() => this.closed !== undefined, 10_000, 'the end of the stream')
    return this.closed ?? { code: 0, reason: '' }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate()
  }
}

/** Rejects with the status and the body of a reply that is no WebSocket. */
export async function subscribe(server: TestServer, type: string, options: SubscribeOptions = {}): Promise<Subscriber> {
  const { token = server.token, namespace, filter, namespaces = [], json = true, headers = {} } = options
  const query = new URLSearchParams(json ? { json: 'true' } : {})
  if (filter !== undefined) query.set('filter', filter)
  for (const one of namespaces) query.append('namespaces', one)
  const socket = new WebSocket(
    `${server.address.replace(/^http/, 'ws')}/v1/sys/events/subscribe/${type}?${query.toString()}`,
    {
      headers: {
        'X-Vault-Token': token,
        ...(namespace === undefined ? {} : { 'X-Vault-Namespace': namespace }),
        ...headers,
      },
      ...(server.caFile === undefined ? {} : { ca: readFileSync(server.caFile) }),
    },
  )
  const subscriber = new Subscriber(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => reject(new Error(`${response.statusCode} ${Buffer.concat(parts).toString()}`)))
    })
  })
  return subscriber
}
