/** A receiver of webhooks that checks what it gets as the standard says: `await using receiver = await receive()`. */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { tlsFile } from './listener.ts'
import { secretsEqual } from '../../src/lib/secure/equal.ts'
import type { SeenEvent } from './subscriber.ts'

export interface Delivered {
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly event: SeenEvent
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Each that was answered with 2xx. */
  readonly taken: readonly Delivered[]
  /** Each that was not. */
  readonly refused: readonly Delivered[]
  /** Status of the answers from now on; 0 cuts the connection instead. */
  answer: number
  readonly answerHeaders: Record<string, string>
}

export async function receive(options: { readonly tls?: boolean; readonly port?: number } = {}): Promise<Receiver> {
  const taken: Delivered[] = []
  const refused: Delivered[] = []
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      const delivered = { headers: request.headers, body, event: JSON.parse(body) }
      if (receiver.answer === 0) {
        refused.push(delivered)
        request.socket.destroy()
        return
      }
      ;(receiver.answer < 300 ? taken : refused).push(delivered)
      response.writeHead(receiver.answer, receiver.answerHeaders).end('thank you')
    })
  }
  const server =
    options.tls === true
      ? createSecureServer(
          { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server.key')) },
          handler,
        )
      : createServer(handler)
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const receiver: Receiver = {
    url: `${options.tls === true ? 'https' : 'http'}://127.0.0.1:${port}/hook`,
    port,
    taken,
    refused,
    answer: 204,
    answerHeaders: {},
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}

/** As a receiver does it. */
export function isSigned({ headers, body }: Delivered, secret: string, now = Date.now()): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures } = headers
  if (typeof id !== 'string' || typeof at !== 'string' || typeof signatures !== 'string') return false
  if (Math.abs(now / 1000 - Number(at)) > 300) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`
  return signatures.split(' ').some((one) => secretsEqual(Buffer.from(one), Buffer.from(expected)))
}
