/** What is done about bytes that are no HTTP request, come too slowly, or too many. */
import type { Socket } from 'node:net'
import type { CofferError } from '../errors/coffer-error.ts'
import { requestErrors } from '../errors/request.ts'
import type { Connection } from './connection.ts'
import type { ParserError } from './list-verb.ts'
import { rawRefusal } from './refusal.ts'
import type { Service } from './service.ts'

/** ms for the client to read the refusal and close. */
const patience = 1000

export function refuseBytes(
  error: ParserError,
  socket: Socket,
  connection: Connection | undefined,
  service: Service,
): void {
  if (connection?.failure !== undefined) return
  if (connection !== undefined) connection.failure = failureOf(error.code)
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  // A reply is under way, and what is written now would be read as a part of it. It is the last one.
  if (connection !== undefined && connection.ongoing > 0) {
    connection.reading?.fail(failureOf(error.code))
    if (error.code === 'HPE_INVALID_EOF_STATE') socket.destroy()
    return
  }
  service.log.debug('a connection is refused', { code: error.code, remote_address: connection?.remoteAddress })
  // The client has said that it sends no more, in the middle of a request.
  if (error.code === 'HPE_INVALID_EOF_STATE') socket.end()
  else socket.end(rawRefusal(...verdictOn(error.code)))
  socket.resume()
  service.clock.timer(patience, () => void socket.destroy())
}

function failureOf(code: string | undefined): CofferError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return requestErrors.TIMEOUT()
  if (code === 'ECONNRESET' || code === 'HPE_INVALID_EOF_STATE') return requestErrors.ABORTED()
  return requestErrors.BAD_REQUEST({ reason: 'malformed request body' })
}

function verdictOn(code: string | undefined): readonly [number, string, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'Request Header Fields Too Large', 'the request headers are too large']
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, 'Payload Too Large', 'the chunk extensions are too large']
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'Request Timeout', 'the request did not arrive in time']
    default:
      return [400, 'Bad Request', 'malformed HTTP request']
  }
}

/** Go's words, which clients know. The handshake has failed, so this goes below TLS. */
const plainOnTls = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'

export function refuseHandshake(error: ParserError, socket: Socket, service: Service): void {
  service.log.debug('TLS handshake error', { remote_address: socket.remoteAddress, code: error.code })
  const below: unknown = Reflect.get(socket, '_parent')
  if (error.code === 'ERR_SSL_HTTP_REQUEST' && isSocket(below) && below.writable) {
    below.end(plainOnTls)
    service.clock.timer(patience, () => void below.destroy())
  }
}

function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'end' in value && 'destroy' in value && 'writable' in value
}
