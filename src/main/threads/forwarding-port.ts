/** In a thread: hands whole requests to the main thread and brings its replies back. */
import { requestErrors } from '../../errors/request.ts'
import { headOf } from '../../request/handed-over.ts'
import type { WireReply, WireRequest } from '../../request/wire.ts'
import { failureOf } from './failure.ts'
import type { FromThread, ToThread } from './messages.ts'

/** Bodies announced to be no larger go along with the request; others are sent when they are asked for. */
const SMALL_BODY = 256 * 1024

interface Waiting {
  readonly wire: WireRequest
  readonly resolve: (reply: WireReply) => void
  /** Tells that the client has gone. */
  readonly gone: () => void
  /** The request's body, where it is read piece by piece. */
  pieces: AsyncIterator<Uint8Array> | undefined
  /** The next piece of the reply's body. */
  nextPiece: { resolve(bytes: Uint8Array | undefined): void; reject(error: unknown): void } | undefined
}

export class ForwardingPort {
  readonly #post: (message: FromThread) => void
  readonly #waiting = new Map<number, Waiting>()
  #last = 0

  constructor(post: (message: FromThread) => void) {
    this.#post = post
  }

  /** Rejects with what reading the request's body rejects with. */
  async forward(wire: WireRequest, streamed: boolean): Promise<WireReply> {
    // To read it as a whole would put the listener's limit on what has none.
    const body = streamed ? undefined : await smallBody(wire)
    // Its client has gone meanwhile.
    if (wire.signal.aborted) throw requestErrors.ABORTED()
    const id = ++this.#last
    const { promise, resolve } = Promise.withResolvers<WireReply>()
    const gone = (): void => {
      this.#post({ kind: 'gone', id, expired: wire.expired })
    }
    const waiting: Waiting = { wire, resolve, gone, pieces: undefined, nextPiece: undefined }
    this.#waiting.set(id, waiting)
    this.#post({ kind: 'request', id, head: headOf(wire), body })
    wire.signal.addEventListener('abort', gone, { once: true })
    const reply = await promise
    // As long as a stream lasts, whoever makes it wants to know whether there is still somebody to make it for.
    if (!isStream(reply.body)) this.#forget(id)
    return reply
  }

  receive(message: Exclude<ToThread, { readonly kind: 'order' | 'audited' }>): void {
    const waiting = this.#waiting.get(message.id)
    if (waiting === undefined) return
    switch (message.kind) {
      case 'wantBody':
        void this.#sendBody(message.id, waiting.wire)
        break
      case 'wantPiece':
        void this.#sendPiece(message.id, waiting, message.done)
        break
      case 'reply': {
        const { status, headers, body, streamed } = message
        waiting.resolve({ status, headers, body: streamed ? this.#stream(message.id, waiting) : body })
        break
      }
      case 'piece': {
        const { nextPiece } = waiting
        waiting.nextPiece = undefined
        if (message.failed === true) nextPiece?.reject(new Error('the reply ended half-way'))
        else nextPiece?.resolve(message.bytes)
        break
      }
    }
  }

  #forget(id: number): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.wire.signal.removeEventListener('abort', waiting.gone)
  }

  async #sendBody(id: number, wire: WireRequest): Promise<void> {
    try {
      this.#post({ kind: 'body', id, bytes: await wire.readBody() })
    } catch (error) {
      this.#post({ kind: 'noBody', id, failure: failureOf(error) })
    }
  }

  async #sendPiece(id: number, waiting: Waiting, done: boolean): Promise<void> {
    try {
      const pieces = (waiting.pieces ??= waiting.wire.openBody()[Symbol.asyncIterator]())
      if (done) await pieces.return?.()
      else {
        const next = await pieces.next()
        this.#post({ kind: 'piece', id, bytes: next.done === true ? undefined : next.value })
      }
    } catch (error) {
      this.#post({ kind: 'piece', id, bytes: undefined, failure: failureOf(error) })
    }
  }

  async *#stream(id: number, waiting: Waiting): AsyncGenerator<Uint8Array> {
    let done = false
    try {
      for (;;) {
        const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
        waiting.nextPiece = { resolve, reject }
        this.#post({ kind: 'wantPiece', id, done: false })
        const bytes = await promise
        if (bytes === undefined) {
          done = true
          return
        }
        yield bytes
      }
    } finally {
      this.#forget(id)
      if (!done) this.#post({ kind: 'wantPiece', id, done: true })
    }
  }
}

/** Undefined where the body is sent when it is asked for. */
async function smallBody(wire: WireRequest): Promise<Uint8Array | undefined> {
  const [length] = wire.headers.get('content-length') ?? []
  return length !== undefined && Number(length) <= SMALL_BODY ? wire.readBody() : undefined
}

function isStream(body: WireReply['body']): boolean {
  return body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)
}
