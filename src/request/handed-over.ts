/** A request that was let in elsewhere, by another thread or node: what is known of it came along, its body and its end are asked for. */
import type { ListenerTraits, PeerCertificate, WireRequest } from './wire.ts'

/** A request without its body. */
export type RequestHead = Pick<
  WireRequest,
  'method' | 'target' | 'headers' | 'remoteAddress' | 'remotePort' | 'tls' | 'peerCertificate' | 'listener'
> & { readonly limited: boolean }

export function headOf(wire: WireRequest): RequestHead {
  const { method, target, headers, remoteAddress, remotePort, tls, peerCertificate, listener } = wire
  const { limited = false } = wire
  return { method, target, headers, remoteAddress, remotePort, tls, peerCertificate, listener, limited }
}

export abstract class HandedOver implements WireRequest {
  readonly #head: RequestHead
  limited: boolean

  constructor(head: RequestHead) {
    this.#head = head
    this.limited = head.limited
  }

  get method(): string {
    return this.#head.method
  }

  get target(): string {
    return this.#head.target
  }

  get headers(): ReadonlyMap<string, readonly string[]> {
    return this.#head.headers
  }

  get remoteAddress(): string {
    return this.#head.remoteAddress
  }

  get remotePort(): number {
    return this.#head.remotePort
  }

  get tls(): boolean {
    return this.#head.tls
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#head.peerCertificate
  }

  get listener(): ListenerTraits {
    return this.#head.listener
  }

  abstract readonly signal: AbortSignal
  abstract readonly expired: boolean
  abstract readBody(): Promise<Uint8Array>
  abstract openBody(): AsyncIterable<Uint8Array>
}
