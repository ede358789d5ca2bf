import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CofferError } from '../errors/coffer-error.ts'
import { requestErrors } from '../errors/request.ts'
import type { Reader } from './connection.ts'
import type { Service } from './service.ts'

/**
 * One request's body as it comes, for a handler that takes it piece by piece. It may be of any size and take any time, as long as it
 * goes on: `http_read_timeout` holds for each wait. What the handler has not asked for stays in the socket.
 */
export class BodyStream implements Reader {
  readonly ownTime = true
  readonly #request: IncomingMessage
  readonly #service: Service
  readonly #chunks: Uint8Array[] = []
  #ended = false
  #failure: CofferError | undefined
  #wake: (() => void) | undefined

  constructor(request: IncomingMessage, service: Service) {
    this.#request = request
    this.#service = service
  }

  /** Throws `REQUEST_TIMEOUT`, `REQUEST_ABORTED`, or what kept the rest from coming. */
  async *read(response: ServerResponse, expectsContinue: boolean): AsyncGenerator<Uint8Array> {
    const request = this.#request
    if (request.readableEnded) return
    if (request.destroyed) throw requestErrors.ABORTED()
    if (expectsContinue) response.writeContinue()
    request.on('data', this.#onData)
    request.on('end', this.#onEnd)
    request.on('close', this.#onClose)
    try {
      for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk
    } finally {
      this.release()
    }
  }

  /** No more will come on the connection. What is here already is still handed on. */
  fail(error: CofferError): boolean {
    if (this.#request.complete || this.#ended) return false
    this.#failure ??= error
    const waits = this.#wake !== undefined
    this.#wake?.()
    return waits
  }

  /** The request is over. */
  release(): void {
    this.#failure ??= requestErrors.ABORTED()
    this.#wake?.()
    this.#request.pause()
    this.#request.off('data', this.#onData)
    this.#request.off('end', this.#onEnd)
    this.#request.off('close', this.#onClose)
  }

  async #next(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && !this.#ended) {
      if (this.#failure !== undefined) throw this.#failure
      await this.#more()
    }
    return this.#chunks.shift()
  }

  async #more(): Promise<void> {
    const { clock, deadlines, readTime } = this.#service
    const late = { deadline: clock.monotonic() + readTime, expire: () => void this.fail(requestErrors.TIMEOUT()) }
    if (readTime < Infinity) deadlines.add(late)
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#request.resume()
    })
    this.#wake = undefined
    deadlines.delete(late)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#request.pause()
    this.#chunks.push(chunk)
    this.#wake?.()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    this.#wake?.()
  }

  readonly #onClose = (): void => {
    if (this.#ended) return
    this.#failure ??= requestErrors.ABORTED()
    this.#wake?.()
  }
}
