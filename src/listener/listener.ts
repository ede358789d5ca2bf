/** Bytes to requests and back, at one address. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Logger, Metrics } from '../lib/observe/index.ts'
import { requestErrors } from '../errors/request.ts'
import { CofferError } from '../errors/coffer-error.ts'
import type { Doors, WireHandler, WireReply } from '../request/wire.ts'
import { BodyBudget } from './body-budget.ts'
import { bind } from './bind.ts'
import { refuseBytes, refuseHandshake } from './client-error.ts'
import { traitsOf, type ListenerConfig } from './config.ts'
import { Connection } from './connection.ts'
import { Deadlines } from './deadlines.ts'
import { listenerErrors } from './errors.ts'
import { Exchange } from './exchange.ts'
import type { Expectation } from './exchange.ts'
import { ForwardedFor } from './forwarded-for.ts'
import { ExtraVerbs } from './list-verb.ts'
import type { ParserError } from './list-verb.ts'
import { createNodeServer } from './node-server.ts'
import type { NodeServer } from './node-server.ts'
import { ProxyFront } from './proxy-front.ts'
import { internalError, rawRefusal, refusalOf } from './refusal.ts'
import { ResponseHeaders } from './response-headers.ts'
import { abandon, send } from './send.ts'
import type { Service } from './service.ts'
import { readSecureContext } from './tls-context.ts'
import { asksForWebSocket, messagesOf, WebSockets } from './web-socket.ts'
import { limitWriting } from './write-limit.ts'

export interface ListenerDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Gauge `vault.listener.connections` by listener. */
  readonly metrics: Metrics
}

export interface Listener {
  /** Where it listens: `127.0.0.1:8200` with the port it got, or the socket's path. */
  address(): string
  /** Requests under way. */
  readonly inFlight: number
  /**
   * Reads certificate and key again. Connections from now on use the new ones; where those are not in order, rejects with a
   * `LISTENER_TLS_*` error and the old ones stay.
   */
  reload(): Promise<void>
  /** For requests from now on. */
  setDoors(doors: Doors): void
  /** Stops accepting, waits up to `graceMs` for requests under way, then cuts what is left. Resolves when all is closed. */
  close(graceMs: number): Promise<void>
}

/** Rejects with a `LISTENER_*` error. `handler` gets every request that is well-formed; what it throws becomes a 500. */
export async function startListener(
  config: ListenerConfig,
  handler: WireHandler,
  deps: ListenerDeps,
): Promise<Listener> {
  const node = await createNodeServer(config)
  const listener = new HttpListener(config, node, handler, deps)
  await listener.listen()
  return listener
}

class HttpListener implements Listener {
  readonly #config: ListenerConfig
  readonly #node: NodeServer
  readonly #acceptor: NetServer
  readonly #deps: ListenerDeps
  readonly #service: Service
  readonly #verbs: ExtraVerbs
  readonly #front: ProxyFront | undefined
  readonly #connections = new WeakMap<Socket, Connection>()
  readonly #webSockets = new WebSockets()
  #stopReporting: () => void = () => {}
  #address = ''
  /** Of TCP: also those still in the TLS handshake, of which the HTTP server knows nothing. */
  readonly #sockets = new Set<Socket>()
  /** What replies are written to: the same without TLS. */
  readonly #streams = new Set<Socket>()
  #idle: (() => void) | undefined

  constructor(config: ListenerConfig, node: NodeServer, handler: WireHandler, deps: ListenerDeps) {
    this.#config = config
    this.#node = node
    this.#deps = deps
    this.#service = this.#makeService(handler)
    const { server } = node
    this.#verbs = new ExtraVerbs(server, config.limits.headerSize, (error, socket) => this.#refuse(error, socket))
    this.#front = config.proxyProtocol && new ProxyFront(config.proxyProtocol, config.timeouts.readHeader, server, deps)
    this.#acceptor = this.#front?.server ?? server
    this.#handleEvents()
  }

  get inFlight(): number {
    return this.#service.inFlight
  }

  address(): string {
    return this.#address
  }

  async listen(): Promise<void> {
    this.#address = await bind(this.#acceptor, this.#config)
    this.#acceptor.on('error', (error) => this.#deps.log.error('the listener failed', { error }))
    const gauge = this.#deps.metrics.gauge('vault.listener.connections', { listener: this.#service.traits.name })
    this.#stopReporting = this.#deps.metrics.beforeReport(() => gauge.set(this.#sockets.size))
  }

  async reload(): Promise<void> {
    const { tls, server } = this.#node
    if (tls === undefined) return
    const context = await readSecureContext(tls)
    if (this.#service.closing) throw listenerErrors.CLOSED()
    server.setSecureContext(context)
  }

  setDoors({ unauthenticatedRekey, unauthenticatedGenerateRoot }: Doors): void {
    const { traits } = this.#service
    this.#service.traits = Object.freeze({ ...traits, unauthenticatedRekey, unauthenticatedGenerateRoot })
  }

  async close(graceMs: number): Promise<void> {
    this.#service.closing = true
    this.#webSockets.end()
    const closed = new Promise<void>((resolve) => {
      // Not the HTTP server's own: it cuts replies that are not flushed yet.
      NetServer.prototype.close.call(this.#acceptor, () => resolve())
    })
    this.#front?.close()
    if (graceMs > 0) {
      using _timer = this.#deps.clock.timer(graceMs, () => this.#cut())
      for (const socket of this.#streams) if (this.#connections.get(socket)?.idle === true) socket.destroySoon()
      if (this.inFlight > 0) await new Promise<void>((resolve) => void (this.#idle = resolve))
      await Promise.all([...this.#streams].map(endOf))
    }
    this.#cut()
    await closed
    // Stops its looking for slow requests.
    this.#node.server.close()
    this.#stopReporting()
  }

  #cut(): void {
    this.#idle?.()
    for (const socket of this.#sockets) socket.destroy()
  }

  #makeService(handler: WireHandler): Service {
    const config = this.#config
    const { clock, log } = this.#deps
    return {
      handler,
      traits: traitsOf(config),
      limits: config.limits,
      requestTime: config.timeouts.request,
      readTime: config.timeouts.read,
      writeTime: config.timeouts.write,
      responseHeaders: new ResponseHeaders(config.responseHeaders, log),
      forwardedFor: config.forwardedFor && new ForwardedFor(config.forwardedFor),
      budget: new BodyBudget(config.limits.bodyMemory),
      deadlines: new Deadlines(clock),
      clock,
      log,
      inFlight: 0,
      closing: false,
      overdue: (exchange) => void reply(exchange, refusalOf(requestErrors.OVERDUE())),
      idle: () => this.#idle?.(),
    }
  }

  #handleEvents(): void {
    const { server, tls } = this.#node
    server.on('connection', (socket: Socket) => keep(this.#sockets, socket))
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#connected(socket))
    server.on('request', (request, response) => this.#answer(request, response, 'nothing'))
    server.on('checkContinue', (request, response) => {
      if (announcesBody(request)) return this.#answer(request, response, 'continue')
      // What follows on the connection is another request, which is owed its own reply. Node.js keeps the connection only after this.
      response.writeContinue()
      this.#answer(request, response, 'nothing')
    })
    server.on('checkExpectation', (request, response) => this.#answer(request, response, 'unknown'))
    Object.assign(server, {
      shouldUpgradeCallback: (request: IncomingMessage) =>
        asksForWebSocket(request, this.#connections.get(request.socket)?.ongoing ?? 1),
    })
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#upgrade(request, socket, head),
    )
    server.on('connect', (_request, socket) => {
      socket.end(rawRefusal(405, 'Method Not Allowed', 'CONNECT is not served'))
    })
    server.on('clientError', (error: ParserError, socket) => this.#clientError(error, socket))
    server.on('tlsClientError', (error: ParserError, socket: Socket) => refuseHandshake(error, socket, this.#service))
  }

  #connected(socket: Socket): void {
    keep(this.#streams, socket)
    const head = this.#verbs.attach(socket)
    if (head === undefined) this.#deps.log.error('this version of Node does not let LIST over HTTP/1.1 in')
    this.#connections.set(socket, new Connection(socket, head, this.#front?.sourceOf(socket)))
  }

  #clientError(error: ParserError, socket: Socket): void {
    // Node tells this once for a request, and does nothing more about it by itself.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && this.#connections.get(socket)?.reading?.ownTime === true) return
    if (!this.#verbs.recover(error, socket, this.#connections.get(socket)?.head)) this.#refuse(error, socket)
  }

  #refuse(error: ParserError, socket: Socket): void {
    refuseBytes(error, socket, this.#connections.get(socket), this.#service)
  }

  #answer(request: IncomingMessage, response: ServerResponse, expects: Expectation): void {
    const exchange = this.#exchange(request, response, expects)
    exchange?.connection.inTurn(() => answer(exchange))
  }

  /**
   * The parser has let go of the connection. Unless the reply makes it a WebSocket, it is closed after the reply, and what else was sent
   * on it is read by nobody.
   */
  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { ServerResponse: Response } = process.getBuiltinModule('node:http')
    const response = new Response(request)
    response.assignSocket(socket)
    response.shouldKeepAlive = false
    response.once('finish', () => socket.destroySoon())
    socket.on('error', () => socket.destroy())
    const exchange = this.#exchange(request, response, 'nothing')
    exchange?.connection.inTurn(() =>
      answer(exchange, (body) => {
        response.detachSocket(socket)
        exchange.upgraded()
        return this.#webSockets.serve(exchange, head, body)
      }),
    )
  }

  #exchange(request: IncomingMessage, response: ServerResponse, expects: Expectation): Exchange | undefined {
    const connection = this.#connections.get(request.socket)
    if (connection === undefined) {
      request.socket.destroy()
      return undefined
    }
    const method = request.method ?? ''
    const verb = connection.head?.methodOf(method) ?? method
    return new Exchange(verb, request, response, connection, this.#service, expects)
  }
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
}

/** Resolves once what was written has left the process and the connection is closed. */
function endOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve()
    socket.once('close', () => resolve())
    socket.destroySoon()
  })
}

type Switch = (body: AsyncIterable<Uint8Array>) => Promise<void>

/** Never rejects. @param switchTo for a request whose connection may become something else. */
async function answer(exchange: Exchange, switchTo?: Switch): Promise<void> {
  let answered: WireReply
  try {
    limitWriting(exchange)
    exchange.admit()
    answered = await exchange.service.handler(exchange)
  } catch (error) {
    answered = refusalFor(exchange, error)
  }
  const messages = messagesOf(answered)
  if (messages === undefined || exchange.expired) return reply(exchange, answered)
  if (switchTo === undefined) {
    abandon(messages)
    return reply(exchange, refusalOf(listenerErrors.UPGRADE()))
  }
  await switchTo(messages)
  exchange.finish()
}

/** Only the first reply of an exchange goes out. Never rejects. */
async function reply(exchange: Exchange, answered: WireReply): Promise<void> {
  try {
    const sending = trySend(exchange, answered)
    if (sending !== undefined) await sending
  } catch (cause) {
    exchange.service.log.error('a reply could not be sent', { cause: describe(cause) })
    exchange.response.destroy()
  }
  exchange.finish()
}

function refusalFor(exchange: Exchange, error: unknown): WireReply {
  if (error instanceof CofferError) return refusalOf(error)
  exchange.service.log.error('the handler failed', { cause: describe(error) })
  return internalError
}

function trySend(exchange: Exchange, reply: WireReply): Promise<void> | undefined {
  try {
    return send(exchange, reply)
  } catch (cause) {
    // A header that cannot be sent, for one.
    exchange.service.log.error('a reply is malformed', { cause: describe(cause) })
    return send(exchange, internalError)
  }
}

function describe(cause: unknown): Error | string {
  return cause instanceof Error ? cause : typeof cause
}

function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
