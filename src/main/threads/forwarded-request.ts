/** In the main thread: a request that a thread handed over. Its body stays in the thread until somebody asks for it. */
import { requestErrors } from '../../errors/request.ts'
import { HandedOver, type RequestHead } from '../../request/handed-over.ts'
import { errorOf } from './failure.ts'
import type { FromThread, ToThread } from './messages.ts'

interface Asked<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

export class ForwardedRequest extends HandedOver {
  readonly #id: number
  readonly #post: (message: ToThread) => void
  #sent: Uint8Array | undefined
  #body: Asked<Uint8Array> | undefined
  #piece: Asked<Uint8Array | undefined> | undefined
  #abort: AbortController | undefined
  #isGone = false
  expired = false

  constructor(id: number, head: RequestHead, body: Uint8Array | undefined, post: (message: ToThread) => void) {
    super(head)
    this.#id = id
    this.#sent = body
    this.#post = post
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#isGone) this.#abort.abort(requestErrors.ABORTED())
    return this.#abort.signal
  }

  readBody(): Promise<Uint8Array> {
    const sent = this.#sent
    this.#sent = undefined
    if (sent !== undefined) return Promise.resolve(sent)
    if (this.#isGone) return Promise.reject(requestErrors.ABORTED())
    return new Promise((resolve, reject) => {
      this.#body = { resolve, reject }
      this.#post({ kind: 'wantBody', id: this.#id })
    })
  }

  async *openBody(): AsyncGenerator<Uint8Array> {
    const sent = this.#sent
    this.#sent = undefined
    if (sent !== undefined) {
      yield sent
      return
    }
    let isDone = false
    try {
      for (;;) {
        const bytes = await this.#nextPiece()
        isDone = bytes === undefined
        if (bytes === undefined) return
        yield bytes
      }
    } finally {
      if (!isDone) this.#post({ kind: 'wantPiece', id: this.#id, done: true })
    }
  }

  receive(message: Extract<FromThread, { readonly kind: 'body' | 'noBody' | 'gone' | 'piece' }>): void {
    switch (message.kind) {
      case 'body':
        this.#body?.resolve(message.bytes)
        break
      case 'noBody':
        this.#body?.reject(errorOf(message.failure))
        break
      case 'piece':
        if (message.failure === undefined) this.#piece?.resolve(message.bytes)
        else this.#piece?.reject(errorOf(message.failure))
        break
      case 'gone':
        this.expired = message.expired
        this.leave()
        break
    }
  }

  /** Its client or its thread is not there any more. */
  leave(): void {
    this.#isGone = true
    const error = requestErrors.ABORTED()
    this.#body?.reject(error)
    this.#piece?.reject(error)
    this.#abort?.abort(error)
  }

  #nextPiece(): Promise<Uint8Array | undefined> {
    if (this.#isGone) return Promise.reject(requestErrors.ABORTED())
    return new Promise((resolve, reject) => {
      this.#piece = { resolve, reject }
      this.#post({ kind: 'wantPiece', id: this.#id, done: false })
    })
  }
}
