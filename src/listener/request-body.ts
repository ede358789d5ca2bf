import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CofferError } from '../errors/coffer-error.ts'
import { requestErrors } from '../errors/request.ts'
import { free } from './body-budget.ts'
import type { BodyBudget, BodyHolder } from './body-budget.ts'
import type { Reader } from './connection.ts'

const nothing = new Uint8Array()

/** Reads one request's body, whole, within limits; only once somebody asks for it. */
export class RequestBody implements BodyHolder, Reader {
  readonly #request: IncomingMessage
  readonly #max: number
  readonly #budget: BodyBudget
  #chunks: Buffer[] = []
  #settle: { resolve(bytes: Uint8Array): void; reject(error: CofferError): void } | undefined
  size = 0

  constructor(request: IncomingMessage, max: number, budget: BodyBudget) {
    this.#request = request
    this.#max = max
    this.#budget = budget
  }

  /**
   * Rejects with `REQUEST_TOO_LARGE` as soon as the limit is passed or announced to be, `REQUEST_TIMEOUT`, or `REQUEST_ABORTED`.
   * A client that waits for `100 Continue` gets it here, and not for a body that will be refused.
   */
  async read(response: ServerResponse, expectsContinue: boolean): Promise<Uint8Array> {
    const request = this.#request
    if (Number(request.headers['content-length'] ?? 0) > this.#max) throw requestErrors.TOO_LARGE({ max: this.#max })
    if (request.readableEnded) return nothing
    if (request.destroyed) throw requestErrors.ABORTED()
    if (expectsContinue) response.writeContinue()
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      request.on('data', this.#onData)
      request.on('end', this.#onEnd)
      request.on('close', this.#onClose)
    })
  }

  /** No more will come on the connection. A body that is here already, though not handed on yet, is not touched. */
  fail(error: CofferError): boolean {
    return !this.#request.complete && this.#reject(error)
  }

  /** The request is over: others may use the memory. */
  release(): void {
    // Mostly nobody waits any more, and an error costs more than the body did.
    if (this.#settle !== undefined) this.#reject(requestErrors.ABORTED())
    if (this.size > free) this.#budget.release(this)
  }

  pause(): void {
    this.#request.pause()
  }

  resume(): void {
    if (this.#settle !== undefined) this.#request.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.size += chunk.length
    if (this.size > this.#max) {
      this.#request.pause()
      this.#reject(requestErrors.TOO_LARGE({ max: this.#max }))
      return
    }
    this.#chunks.push(chunk)
    if (this.size > free) this.#budget.charge(this)
  }

  readonly #onEnd = (): void => {
    const chunks = this.#chunks
    const settle = this.#settle
    this.#stop()
    this.#chunks = []
    const [only] = chunks
    settle?.resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, this.size))
  }

  readonly #onClose = (): void => {
    this.#reject(requestErrors.ABORTED())
  }

  /** False if nobody waits. */
  #reject(error: CofferError): boolean {
    const settle = this.#settle
    if (settle === undefined) return false
    this.#stop()
    this.#chunks = []
    settle.reject(error)
    return true
  }

  #stop(): void {
    this.#settle = undefined
    this.#request.off('data', this.#onData)
    this.#request.off('end', this.#onEnd)
    this.#request.off('close', this.#onClose)
  }
}
