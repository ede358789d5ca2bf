/** One request and its reply: Node's objects on one side, the wire contract on the other. What costs is made when asked for. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ListenerTraits, PeerCertificate, WireRequest } from '../request/wire.ts'
import { listenerErrors } from './errors.ts'
import type { Connection } from './connection.ts'
import type { Expiring } from './deadlines.ts'
import type { Origin } from './forwarded-for.ts'
import { BodyStream } from './body-stream.ts'
import { RequestBody } from './request-body.ts'
import type { Service } from './service.ts'
import type { WriteLimit } from './write-limit.ts'

/** What the request's Expect header says. */
export type Expectation = 'nothing' | 'continue' | 'unknown'

export class Exchange implements WireRequest, Expiring {
  readonly method: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Connection
  readonly service: Service
  readonly expects: Expectation
  readonly deadline: number
  /** What a proxy said of the client; undefined where none is listened to. */
  #origin: Origin | undefined
  #headers: ReadonlyMap<string, readonly string[]> | undefined
  #body: RequestBody | BodyStream | undefined
  /** Undefined where the client may take its time. */
  writeLimit: WriteLimit | undefined
  #abort: AbortController | undefined
  expired = false
  limited = false
  #finished = false
  /** The connection is not HTTP's any more. */
  #isUpgraded = false

  constructor(
    method: string,
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
    service: Service,
    expects: Expectation,
  ) {
    this.method = method
    this.request = request
    this.response = response
    this.connection = connection
    this.service = service
    this.expects = expects
    this.deadline = service.clock.monotonic() + service.requestTime
    connection.begin(this)
    service.inFlight++
    if (this.deadline < Infinity) service.deadlines.add(this)
  }

  /** To be called before anything else is read. Throws a `LISTENER_*` error for a request nobody is to see. */
  admit(): void {
    const { forwardedFor, limits } = this.service
    if (this.target.length > limits.targetLength) throw listenerErrors.TARGET_TOO_LONG({ max: limits.targetLength })
    if (this.expects === 'unknown') throw listenerErrors.EXPECT()
    if (!hasOneHost(this.request)) throw listenerErrors.HOST()
    this.#origin = forwardedFor?.resolve(this.connection.remoteAddress, this.request)
  }

  get target(): string {
    return this.request.url ?? ''
  }

  get headers(): ReadonlyMap<string, readonly string[]> {
    this.#headers ??= headersOf(this.request.rawHeaders, this.#origin?.hidden)
    return this.#headers
  }

  get remoteAddress(): string {
    return this.#origin?.address ?? this.connection.remoteAddress
  }

  get remotePort(): number {
    return this.connection.remotePort
  }

  get tls(): boolean {
    return this.connection.tls
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#origin?.peerCertificate ?? this.connection.peerCertificate
  }

  get listener(): ListenerTraits {
    return this.service.traits
  }

  get signal(): AbortSignal {
    return (this.#abort ??= this.#makeAbort()).signal
  }

  async readBody(max = Infinity): Promise<Uint8Array> {
    const most = Math.min(this.service.limits.requestSize, max)
    const body = new RequestBody(this.request, most, this.service.budget)
    this.#begin(body)
    return body.read(this.response, this.expects === 'continue')
  }

  /** Neither `max_request_size` nor `max_request_duration` holds from here on: progress is what counts. */
  openBody(): AsyncIterable<Uint8Array> {
    const body = new BodyStream(this.request, this.service)
    this.#begin(body)
    this.service.deadlines.delete(this)
    this.writeLimit?.suspend()
    return body.read(this.response, this.expects === 'continue')
  }

  #begin(body: RequestBody | BodyStream): void {
    if (this.#body !== undefined) throw new TypeError('a body can be read once')
    const { failure } = this.connection
    if (failure !== undefined && !this.request.complete) throw failure
    this.#body = body
    this.connection.reading = body
  }

  /** The request's time is over, whatever the handler still does. */
  expire(): void {
    this.expired = true
    if (!this.response.headersSent) this.service.overdue(this)
    this.#abort?.abort(new DOMException('the request took too long', 'TimeoutError'))
  }

  /** As a request it is over; what became of its connection lasts until one side ends it, and its signal with it. */
  upgraded(): void {
    this.#isUpgraded = true
    // A response that gave its connection up hears nothing of it.
    if (this.#abort !== undefined) this.#untilGone(this.#abort)
    this.writeLimit?.suspend()
    this.#leave()
  }

  /** The reply has gone out, or nobody waits for it any more. */
  finish(): void {
    if (this.#finished) return
    this.#finished = true
    if (this.#body !== undefined) {
      this.#body.release()
      if (this.connection.reading === this.#body) this.connection.reading = undefined
    }
    if (!this.#isUpgraded) this.#leave()
  }

  #leave(): void {
    this.service.deadlines.delete(this)
    this.connection.end()
    this.service.inFlight--
    if (this.service.inFlight === 0) this.service.idle()
  }

  #makeAbort(): AbortController {
    const abort = new AbortController()
    if (this.#finished) return abort
    this.#untilGone(abort)
    return abort
  }

  #untilGone(abort: AbortController): void {
    const gone = (): void => {
      if (!this.#finished) abort.abort(new DOMException('the client closed the connection', 'AbortError'))
    }
    const { response, connection } = this
    if (response.destroyed || connection.socket.destroyed) gone()
    else if (this.#isUpgraded) connection.socket.once('close', gone)
    else response.once('close', gone)
  }
}

/** RFC 9112 3.2: two of them, or none in HTTP/1.1, and those in front of us may have read another than we. */
function hasOneHost(request: IncomingMessage): boolean {
  const raw = request.rawHeaders
  let hosts = 0
  for (let i = 0; i < raw.length; i += 2) if (raw[i]?.length === 4 && raw[i]?.toLowerCase() === 'host') hosts++
  return hosts === 1 || (hosts === 0 && request.httpVersion === '1.0')
}

function headersOf(
  raw: readonly string[],
  hidden: ReadonlySet<string> | undefined,
): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>()
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    const value = raw[i + 1] ?? ''
    const values = headers.get(name)
    if (values !== undefined) values.push(value)
    else if (hidden?.has(name) !== true) headers.set(name, [value])
  }
  return headers
}
