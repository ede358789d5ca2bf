/** A connection that stays, for what the server tells by itself. */
import type { WebSocket } from 'ws'
import { connectionError } from './connection-error.ts'
import { readReply } from './reply.ts'
import { ConnectionError } from './response-error.ts'
import type { ClientSettings } from './settings.ts'
import { machineMayKnow, tlsOptions, type Roots } from './tls.ts'
import { readBody, type WireRequest } from './transport.ts'

/** Throws `ResponseError` where the server answers otherwise, and `ConnectionError` where it does not answer. */
export async function openWebSocket(wire: WireRequest, settings: ClientSettings): Promise<WebSocket> {
  try {
    return await open(wire, settings, 'node')
  } catch (error) {
    if (!(error instanceof ConnectionError) || !machineMayKnow(settings.tls, error.code)) throw error
    // Nothing was sent yet: the certificate was refused before.
    return open(wire, settings, 'machine')
  }
}

async function open(wire: WireRequest, settings: ClientSettings, roots: Roots): Promise<WebSocket> {
  const { WebSocket: Socket } = await import('ws')
  const socket = new Socket(addressOf(wire, settings), {
    headers: wire.headers,
    handshakeTimeout: settings.timeoutMs,
    perMessageDeflate: false,
    ...(settings.address.secure ? tlsOptions(settings.tls, roots) : {}),
  })
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>()
  socket.once('open', () => resolve(socket))
  // Later ones end the connection, which is told of by itself.
  socket.on('error', (error) => reject(connectionError(error, wire, settings)))
  socket.once('unexpected-response', (_request, response) => {
    readBody(response)
      .then((body) => {
        readReply({ status: response.statusCode ?? 0, headers: response.headers, body }, wire)
        throw new Error('the server did not make the connection a WebSocket')
      })
      .catch(reject)
  })
  return promise
}

function addressOf({ url }: WireRequest, { address }: ClientSettings): string {
  if (address.socketPath === undefined) return url.replace(/^http/, 'ws')
  const { pathname, search } = new URL(url)
  return `ws+unix:${address.socketPath}:${pathname}${search}`
}
