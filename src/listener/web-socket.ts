/**
 * WebSockets (RFC 6455). A request that asks for one goes the way of every other; only where its reply says so does the connection become
 * one. From then on messages of the reply go out, and nothing is taken in: whoever sends something is cut off.
 */
import type { IncomingMessage } from 'node:http'
import type { WebSocket, WebSocketServer } from 'ws'
import { decodeMessages, SWITCHING, type StreamMessage } from '../request/stream-messages.ts'
import { drained } from '../lib/drained.ts'
import type { WireReply } from '../request/wire.ts'
import type { Exchange } from './exchange.ts'

type Body = AsyncIterable<Uint8Array>

/** ms between two pings; whoever has not answered one when the next is due has gone, or does not read. */
const PING_EVERY = 30_000
/** Bytes that wait for the client to read: no more is fetched until he has. */
const MOST_BUFFERED = 262_144
/** Of a client's message: it may send none, but for those of the protocol itself. */
const LONGEST_MESSAGE = 125
const NORMAL = 1000
const GOING_AWAY = 1001
const POLICY_VIOLATION = 1008
const INTERNAL_ERROR = 1011
/** Bytes of a reason that a close frame holds. */
const LONGEST_REASON = 123

/**
 * Whether a request may have its connection: it asks for a WebSocket in the one way that there is, has no body, and is the only one on its
 * connection. All others are requests like any, whatever they say of upgrading.
 */
export function asksForWebSocket(request: IncomingMessage, ongoing: number): boolean {
  const { headers } = request
  return (
    request.method === 'GET' &&
    request.httpVersion === '1.1' &&
    ongoing === 0 &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined
  )
}

/** The stream of messages of a reply that turns its connection into a WebSocket. */
export function messagesOf({ status, body }: WireReply): Body | undefined {
  return status === SWITCHING && typeof body === 'object' && !(body instanceof Uint8Array) ? body : undefined
}

let servers: Promise<WebSocketServer> | undefined

/** Loaded when the first client asks for one: it brings modules that no other request needs. */
async function handshaker(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws')
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LONGEST_MESSAGE,
    // Compressed together, what is secret and what somebody else can choose tell of each other.
    perMessageDeflate: false,
  })
}

/** The sockets of one listener. */
export class WebSockets {
  readonly #open = new Set<WebSocket>()

  /** Resolves when the connection is over. Never rejects. */
  async serve(exchange: Exchange, head: Buffer, body: Body): Promise<void> {
    const server = await (servers ??= handshaker())
    const { request, connection, service } = exchange
    if (connection.socket.destroyed) return
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    connection.socket.once('close', () => resolve())
    server.handleUpgrade(request, connection.socket, head, (socket) => {
      this.#open.add(socket)
      socket.once('close', () => this.#open.delete(socket))
      // What is wrong with what a client sent closes the connection; there is nothing more to do about it.
      socket.on('error', () => undefined)
      socket.on('message', () => close(socket, POLICY_VIOLATION, 'nothing is to be sent here'))
      if (service.closing) close(socket, GOING_AWAY, 'the server stops')
      keepAlive(socket, exchange)
      void deliver(socket, exchange, body)
    })
    await closed
  }

  /** The listener closes: each client is told. */
  end(): void {
    for (const socket of this.#open) close(socket, GOING_AWAY, 'the server stops')
  }
}

/** Never rejects. */
async function deliver(socket: WebSocket, exchange: Exchange, body: Body): Promise<void> {
  try {
    for await (const message of decodeMessages(body)) {
      if (socket.readyState !== socket.OPEN) return
      if (message.kind === 'close') return close(socket, message.code, message.reason)
      await sent(socket, exchange, message)
    }
    close(socket, NORMAL, '')
  } catch (cause) {
    // It has failed because the client is gone.
    if (socket.readyState !== socket.OPEN) return
    exchange.service.log.error('a stream of messages failed', {
      cause: cause instanceof Error ? cause.name : 'unknown',
    })
    close(socket, INTERNAL_ERROR, 'internal error')
  }
}

/** Resolves once there is room for more. */
async function sent(
  socket: WebSocket,
  exchange: Exchange,
  message: Exclude<StreamMessage, { readonly kind: 'close' }>,
) {
  socket.send(message.content, { binary: message.kind === 'binary' })
  if (socket.bufferedAmount >= MOST_BUFFERED) await drained(exchange.connection.socket)
}

function keepAlive(socket: WebSocket, { service }: Exchange): void {
  let isAlive = true
  socket.on('pong', () => (isAlive = true))
  const beat = (): void => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
    timer = service.clock.timer(PING_EVERY, beat)
  }
  let timer = service.clock.timer(PING_EVERY, beat)
  socket.once('close', () => timer.cancel())
}

function close(socket: WebSocket, code: number, reason: string): void {
  const bytes = Buffer.from(reason)
  // A reason cut inside a character would not be UTF-8.
  socket.close(code, bytes.length <= LONGEST_REASON ? bytes : '')
}
