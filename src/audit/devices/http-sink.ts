/**
 * Lines to a web server, all that waited in one POST. One POST at a time: while the receiver is slow, what comes meanwhile gathers
 * for the next. What it may take another time is tried again until the time for the write is over.
 */
import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { readFileSync } from 'node:fs'
import { auditErrors } from '../../errors/audit.ts'
import type { Clock } from '../../lib/clock.ts'
import { CofferError } from '../../errors/coffer-error.ts'
import type { Sink } from '../sink.ts'
import { withDeadline } from './deadline.ts'
import { linesOf } from './lines.ts'
import { assertOutward, outwardLookup } from './outward.ts'

export interface HttpSinkOptions {
  readonly url: URL
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly clock: Clock
  /** Ms for a write, all attempts included. */
  readonly timeout: number
  /** Entries of one POST. */
  readonly batchEntries: number
  readonly tls: HttpTls
}

/** Paths of PEM files, which are read at each connection, so that renewed ones are used. */
export interface HttpTls {
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  readonly serverName: string | undefined
}

/** Ms before the second attempt; doubled from one to the next. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1000
/** Bytes of one POST, unless a single entry is longer. */
const BATCH_BYTES = 4 << 20
/** How long a receiver that failed for a whole write is left alone, ms. */
const REST = 1000

export class HttpSink implements Sink {
  readonly timeout: number
  readonly #options: HttpSinkOptions
  #agent: PlainAgent | undefined
  #restsUntil = -Infinity
  #reason: unknown

  constructor(options: HttpSinkOptions) {
    this.timeout = options.timeout
    this.#options = options
  }

  /** Nothing is sent: there is nothing to say yet. */
  async open(): Promise<void> {
    assertOutward(this.#options.url.hostname)
  }

  async write(lines: Uint8Array): Promise<void> {
    const { clock } = this.#options
    if (clock.monotonic() < this.#restsUntil) throw this.#reason
    await withDeadline(clock, this.timeout, async (signal) => {
      try {
        for (const batch of this.#batches(lines)) await this.#post(batch, signal)
      } catch (error) {
        if (signal.aborted) {
          this.#restsUntil = clock.monotonic() + REST
          this.#reason = error
        }
        throw error
      }
    })
  }

  async reopen(): Promise<void> {
    await this.close()
    this.#restsUntil = -Infinity
  }

  async close(): Promise<void> {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  *#batches(lines: Uint8Array): Generator<Uint8Array> {
    let start = 0
    let end = 0
    let count = 0
    for (const line of linesOf(lines)) {
      if (count > 0 && (count >= this.#options.batchEntries || end - start + line.length > BATCH_BYTES)) {
        yield lines.subarray(start, end)
        start = end
        count = 0
      }
      end += line.length + 1
      count++
    }
    if (count > 0) yield lines.subarray(start, end)
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      let failure: unknown
      try {
        const status = await this.#attempt(body, signal)
        if (status >= 200 && status < 300) return
        failure = auditErrors.NOT_TAKEN({ status })
        // What it says of the entries themselves it will say again.
        if (status !== 408 && status !== 429 && status < 500) throw failure
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof CofferError) throw error
        failure = error
      }
      await this.#pause(pause, signal, failure)
    }
  }

  /** Rejects with what the last attempt met, where the time is over. */
  #pause(ms: number, signal: AbortSignal, failure: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        timer.cancel()
        reject(failure)
      }
      const timer = this.#options.clock.timer(ms, () => {
        signal.removeEventListener('abort', over)
        resolve()
      })
      signal.addEventListener('abort', over, { once: true })
    })
  }

  #attempt(body: Uint8Array, signal: AbortSignal): Promise<number> {
    const { url, headers } = this.#options
    const isTls = url.protocol === 'https:'
    return new Promise((resolve, reject) => {
      const sent = (isTls ? tlsRequest : plainRequest)(
        url,
        {
          method: 'POST',
          agent: (this.#agent ??= this.#newAgent(isTls)),
          headers: { 'content-type': 'application/x-ndjson', ...headersOf(headers), 'content-length': body.length },
          signal,
        },
        (answer) => resolve(statusOf(answer)),
      )
      sent.on('error', reject)
      sent.end(body)
    })
  }

  #newAgent(isTls: boolean): PlainAgent {
    const usual = { keepAlive: true, maxSockets: 1, lookup: outwardLookup }
    return isTls
      ? new TlsAgent({ ...usual, minVersion: 'TLSv1.2', ...tlsOf(this.#options.tls) })
      : new PlainAgent(usual)
  }
}

/** What it says beside the status concerns nobody, but has to be read for the connection to be used again. */
function statusOf(answer: IncomingMessage): number {
  let length = 0
  answer.on('data', (part: Buffer) => {
    length += part.length
    if (length > 65_536) answer.destroy()
  })
  answer.on('error', () => {})
  return answer.statusCode ?? 0
}

function headersOf(headers: HttpSinkOptions['headers']): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), [...values]]))
}

function tlsOf({ caFile, certFile, keyFile, serverName }: HttpTls) {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
}
