/** A reply on its way out. Never throws: a client that is gone, or a body that fails half-way, costs the connection alone. */
import { drained } from '../lib/drained.ts'
import type { WireReply } from '../request/wire.ts'
import type { Exchange } from './exchange.ts'
import { discardRest } from './linger.ts'

type Body = WireReply['body']

/** Unread bodies up to this size are read and dropped, so that the connection can be kept. */
const smallBody = 65_536

export function send(exchange: Exchange, reply: WireReply): Promise<void> | undefined {
  const { response, service } = exchange
  if (response.destroyed || response.headersSent) {
    abandon(reply.body)
    return undefined
  }
  const { status } = reply
  // The time for taking a reply to a body that took its own begins here.
  if (exchange.connection.reading?.ownTime === true) exchange.writeLimit?.restart()
  const headers = service.responseHeaders.merge(status, reply.headers)
  const length = lengthOf(reply.body)
  if (length !== undefined && status >= 200 && status !== 204 && status !== 304)
    headers.push('Content-Length', String(length))
  const rest = hasUnreadRest(exchange)
  if (rest || service.closing || isLast(exchange)) response.shouldKeepAlive = false
  response.writeHead(status, headers)
  const { body } = reply
  if (!rest && (body === undefined || typeof body === 'string' || body instanceof Uint8Array)) {
    if (exchange.method === 'HEAD' || body === undefined) response.end()
    // ASCII alone: the cheaper copy.
    else if (typeof body === 'string') response.end(body, length === body.length ? 'latin1' : 'utf8')
    else response.end(body)
    return undefined
  }
  return sendSlowly(exchange, body, rest)
}

/** Whether nothing can follow on the connection: replies before this one must not say so. */
function isLast(exchange: Exchange): boolean {
  const { failure, last } = exchange.connection
  return failure !== undefined && last === exchange
}

/** Whether more of the request's body is to come than is worth waiting for. */
function hasUnreadRest(exchange: Exchange): boolean {
  const { request } = exchange
  if (request.complete) return false
  if (exchange.expects !== 'nothing') return true
  // Nobody minds the time for the rest of it any more.
  if (exchange.connection.reading?.ownTime === true) return true
  if (request.headers['transfer-encoding'] !== undefined) return true
  return Number(request.headers['content-length'] ?? 0) > smallBody
}

async function sendSlowly(exchange: Exchange, body: Body, rest: boolean): Promise<void> {
  const { response } = exchange
  // A write after the client has gone ends up here, not as an uncaught error.
  response.on('error', ignore)
  try {
    if (exchange.method === 'HEAD') abandon(body)
    else if (typeof body === 'string' || body instanceof Uint8Array) response.write(body)
    else if (body !== undefined) await stream(exchange, body)
    if (rest) {
      response.flushHeaders()
      await discardRest(exchange)
    }
    response.end()
  } catch (cause) {
    // The status is out already; a reply that ends early must not look whole.
    exchange.service.log.error('a reply failed half-way', { path: exchange.target.split('?')[0], cause: nameOf(cause) })
    response.destroy()
  }
}

async function stream({ response, writeLimit }: Exchange, body: AsyncIterable<Uint8Array>): Promise<void> {
  // Its first piece may be long in coming.
  response.flushHeaders()
  for await (const chunk of body) {
    if (response.destroyed) return
    if (chunk.length > 0 && !response.write(chunk)) await drained(response)
    // A reply of any size may take its time, as long as it goes on.
    writeLimit?.restart()
  }
}

/** Lets a body that nobody will read give back what it holds. */
export function abandon(body: Body): void {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return
  const iterator = body[Symbol.asyncIterator]()
  Promise.resolve(iterator.return?.()).catch(ignore)
}

function lengthOf(body: Body): number | undefined {
  if (body === undefined) return 0
  if (typeof body === 'string') return Buffer.byteLength(body)
  return body instanceof Uint8Array ? body.length : undefined
}

function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : 'unknown'
}

function ignore(): void {}
