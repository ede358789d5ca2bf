/** A request that another node has handed over. */
import { requestErrors } from '../errors/request.ts'
import { HandedOver, type RequestHead } from '../request/handed-over.ts'

export class PeerRequest extends HandedOver {
  readonly signal: AbortSignal
  readonly #body: AsyncGenerator<Uint8Array>

  /** @param signal aborted when the other node gave the request up. */
  constructor(head: RequestHead, body: AsyncGenerator<Uint8Array>, signal: AbortSignal) {
    super(head)
    this.signal = signal
    this.#body = body
  }

  get expired(): boolean {
    return this.signal.aborted
  }

  /** Its size was limited by the listener that let it in. */
  async readBody(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    try {
      for await (const chunk of this.#body) chunks.push(chunk)
    } catch (error) {
      throw requestErrors.ABORTED(undefined, { cause: error })
    }
    return Buffer.concat(chunks)
  }

  async *openBody(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#body
    } catch (error) {
      throw requestErrors.ABORTED(undefined, { cause: error })
    }
  }
}
