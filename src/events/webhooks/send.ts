/** One request to a receiver. */
import type { IncomingMessage } from 'node:http'
import type { DeliveryOutcome } from '../../request/event-ports.ts'
import {
  DestinationError,
  destinationOf,
  guardedLookup,
  hostOf,
  type DestinationRules,
  type Lookup,
} from './destination.ts'

export interface Delivery {
  readonly url: string
  /** PEM; empty trusts the usual authorities. */
  readonly caCert: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

export interface SendOptions extends DestinationRules {
  /** ms until a receiver must have answered. */
  readonly patience: number
  readonly lookup?: Lookup
}

export interface Answered extends DeliveryOutcome {
  /** Seconds that the receiver asks for before the next attempt. */
  readonly retryAfter: number | undefined
}

/** Of an answer: it is read so that the receiver can end, and told to nobody. */
const MOST_READ = 65_536

/** Follows no redirect: what is sent is meant for this receiver. Never rejects. */
export async function send(delivery: Delivery, options: SendOptions): Promise<Answered> {
  try {
    const response = await post(delivery, options)
    const status = response.statusCode ?? 0
    const delivered = status >= 200 && status < 300
    const after = /^\d{1,6}$/.exec(response.headers['retry-after'] ?? '')?.[0]
    return {
      delivered,
      status,
      error: delivered ? '' : `the receiver answered ${status}`,
      retryAfter: after === undefined ? undefined : Number(after),
    }
  } catch (error) {
    return { delivered: false, status: 0, error: sentenceOf(error), retryAfter: undefined }
  }
}

function post(delivery: Delivery, options: SendOptions): Promise<IncomingMessage> {
  const url = destinationOf(delivery.url, options)
  const secure = url.protocol === 'https:'
  // Not imported: it loads much that a server without webhooks does not need.
  const { request } = secure ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http')
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = request(
    {
      method: 'POST',
      host: hostOf(url),
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      path: url.pathname + url.search,
      headers: { ...delivery.headers, 'Content-Length': String(Buffer.byteLength(delivery.body)) },
      lookup: guardedLookup(url, options, options.lookup),
      // A connection of its own: one that is kept would outlast what its name stands for.
      agent: false,
      signal: AbortSignal.any([delivery.signal, AbortSignal.timeout(options.patience)]),
      ...(delivery.caCert === '' ? {} : { ca: delivery.caCert }),
    },
    (response) => {
      let read = 0
      response.on('data', (chunk: Buffer) => {
        read += chunk.length
        if (read > MOST_READ) response.destroy()
      })
      response.on('error', () => undefined)
      response.on('close', () => resolve(response))
    },
  )
  sent.on('error', reject)
  sent.end(delivery.body)
  return promise
}

/** Ours, or the code of the system's: what a receiver or its certificate says stays out of it. */
function sentenceOf(error: unknown): string {
  if (error instanceof DestinationError) return `the url ${error.message}`
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
    return 'the receiver did not answer in time'
  return typeof code === 'string' ? `the receiver could not be reached: ${code}` : 'the receiver could not be reached'
}
