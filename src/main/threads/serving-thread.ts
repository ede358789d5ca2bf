/** In the main thread: one serving thread, the requests it hands over, and what it is told. */
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../lib/clock.ts'
import type { HeardLine } from '../../lib/observe/index.ts'
import type { WireHandler } from '../../request/wire.ts'
import { ForwardedRequest } from './forwarded-request.ts'
import type { FromThread, Order, OrderResults, ThreadData, ToThread } from './messages.ts'
import { ReplyStream } from './reply-stream.ts'

export interface ServingThreadDeps {
  readonly clock: Clock
  /** Carries a handed-over request out. Never rejects. */
  readonly handler: WireHandler
  writeLog(line: string): void
  /** For those who look on while the log is written. */
  hear(line: HeardLine): void
  /** Writes lines of a chained audit device. Rejects where it did not take them. */
  takeAudited(device: string, lines: Uint8Array): Promise<void>
  /** It ended without having been asked to. */
  died(thread: ServingThread, reason: string): void
}

/** How long a thread may take to be ready, ms. */
const START_PATIENCE = 30_000

interface Expected {
  resolve(value: unknown): void
  reject(error: Error): void
}

export class ServingThread {
  readonly number: number
  readonly #deps: ServingThreadDeps
  /** The thread itself. */
  readonly worker: Worker
  readonly #ready = Promise.withResolvers<void>()
  readonly #orders = new Map<number, Expected>()
  readonly #requests = new Map<number, ForwardedRequest>()
  readonly #streams = new Map<number, ReplyStream>()
  #lastOrder = 0
  #ended = false

  constructor(data: ThreadData, deps: ServingThreadDeps) {
    this.number = data.number
    this.#deps = deps
    this.worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: data,
      name: `serving-${data.number}`,
    })
    this.worker.on('message', (message: FromThread) => this.#receive(message))
    this.worker.on('error', (error: unknown) => this.#end(error instanceof Error ? error.name : 'unknown'))
    this.worker.on('exit', (code) => this.#end(`exit code ${code}`))
    // Awaited by `ready`; where nobody asks, its end is told of all the same.
    this.#ready.promise.catch(() => undefined)
  }

  /** Resolves once it takes orders. */
  async ready(): Promise<void> {
    using _timer = this.#deps.clock.timer(START_PATIENCE, () =>
      this.#ready.reject(new Error('it did not start in time')),
    )
    await this.#ready.promise
  }

  /** Rejects with a sentence where it could not carry the order out, or not within `ms`. */
  order<K extends Order['kind']>(order: Extract<Order, { readonly kind: K }>, ms = 10_000): Promise<OrderResults[K]> {
    if (this.#ended) return Promise.reject(new Error('the thread has ended'))
    const id = ++this.#lastOrder
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#orders.set(id, { resolve, reject })
    const timer = this.#deps.clock.timer(ms, () => reject(new Error('the thread did not answer in time')))
    this.#post({ kind: 'order', id, order })
    // What a thread answers an order with is what OrderResults says: both ends are in this folder.
    return promise.finally(() => {
      timer.cancel()
      this.#orders.delete(id)
    }) as Promise<OrderResults[K]>
  }

  /** Ends it at once. */
  async terminate(): Promise<void> {
    this.#ended = true
    this.#leave()
    await this.worker.terminate()
  }

  #post(message: ToThread): void {
    this.worker.postMessage(message)
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        this.#ready.resolve()
        break
      case 'done':
        this.#orders.get(message.id)?.resolve(message.result)
        break
      case 'failed':
        this.#orders.get(message.id)?.reject(new Error(message.reason))
        break
      case 'log':
        this.#deps.writeLog(message.line)
        break
      case 'heard':
        this.#deps.hear(message.line)
        break
      case 'audit':
        void this.#audit(message.id, message.device, message.lines)
        break
      case 'request':
        void this.#answer(
          message.id,
          new ForwardedRequest(message.id, message.head, message.body, (m) => this.#post(m)),
        )
        break
      case 'wantPiece':
        void this.#continue(message.id, message.done)
        break
      default:
        this.#requests.get(message.id)?.receive(message)
    }
  }

  async #answer(id: number, request: ForwardedRequest): Promise<void> {
    this.#requests.set(id, request)
    const { status, headers, body } = await this.#deps.handler(request)
    const isStream = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)
    if (isStream) {
      const stream = new ReplyStream(id, body, (message) => this.#post(message))
      if (this.#ended) return stream.end()
      this.#streams.set(id, stream)
    } else this.#requests.delete(id)
    this.#post({ kind: 'reply', id, status, headers, body: isStream ? undefined : body, streamed: isStream })
  }

  async #audit(id: number, device: string, lines: Uint8Array): Promise<void> {
    let taken = true
    try {
      await this.#deps.takeAudited(device, lines)
    } catch {
      // Said in the log, where it happened.
      taken = false
    }
    this.#post({ kind: 'audited', id, taken })
  }

  async #continue(id: number, isDone: boolean): Promise<void> {
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    if (isDone) {
      this.#forget(id)
      await stream.end()
    } else if (!(await stream.next())) this.#forget(id)
  }

  #forget(id: number): void {
    this.#streams.delete(id)
    this.#requests.delete(id)
  }

  #end(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#leave()
    this.#deps.died(this, reason)
  }

  #leave(): void {
    const error = new Error('the thread has ended')
    this.#ready.reject(error)
    for (const { reject } of this.#orders.values()) reject(error)
    for (const request of this.#requests.values()) request.leave()
    for (const stream of this.#streams.values()) void stream.end()
    this.#requests.clear()
    this.#streams.clear()
  }
}
