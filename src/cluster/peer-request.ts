/** A request that another node has handed over. */
import { requestErrors } from '../errors/request.ts'
import type { ListenerTraits, PeerCertificate, WireRequest } from '../request/wire.ts'
import type { RequestHead } from './wire-frame.ts'

export class PeerRequest implements WireRequest {
  readonly method: string
  readonly target: string
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly remoteAddress: string
  readonly remotePort: number
  readonly tls: boolean
  readonly peerCertificate: PeerCertificate | undefined
  readonly listener: ListenerTraits
  readonly signal: AbortSignal
  readonly #body: AsyncGenerator<Uint8Array>

  /** @param signal aborted when the other node gave the request up. */
  constructor(head: RequestHead, body: AsyncGenerator<Uint8Array>, signal: AbortSignal) {
    this.method = head.method
    this.target = head.target
    this.headers = head.headers
    this.remoteAddress = head.remoteAddress
    this.remotePort = head.remotePort
    this.tls = head.tls
    this.peerCertificate = head.peerCertificate
    this.listener = head.listener
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
