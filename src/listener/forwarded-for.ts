/** `x_forwarded_for_*`: whose word is taken for where a request comes from. */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { AddressBound } from '../lib/cidr.ts'
import { addressBound } from '../lib/cidr.ts'
import type { PeerCertificate } from '../request/wire.ts'
import { listenerErrors } from './errors.ts'
import { decodeForwardedCertificate } from './forwarded-certificate.ts'
import type { CertificateDecoder } from './forwarded-certificate.ts'

export interface ForwardedForConfig {
  /** CIDRs of proxies; not empty. */
  readonly authorizedAddrs: readonly string[]
  /** Hops skipped from the end of the list. */
  readonly hopSkips: number
  readonly rejectNotAuthorized: boolean
  readonly rejectNotPresent: boolean
  /** Header in which an authorised proxy hands on the client's certificate; undefined if none does. */
  readonly clientCertHeader: string | undefined
  /** Applied in order. */
  readonly clientCertDecoders: readonly CertificateDecoder[]
}

export interface Origin {
  readonly address: string
  readonly peerCertificate: PeerCertificate | undefined
  /** Headers nobody further in may see, in lower case: their sender is not trusted. */
  readonly hidden: ReadonlySet<string>
}

const header = 'x-forwarded-for'

export class ForwardedFor {
  readonly #config: ForwardedForConfig
  readonly #authorized: AddressBound
  readonly #certHeader: string | undefined
  readonly #untrusted: ReadonlySet<string>

  constructor(config: ForwardedForConfig) {
    this.#config = config
    this.#authorized = addressBound(config.authorizedAddrs)
    this.#certHeader = config.clientCertHeader?.toLowerCase()
    this.#untrusted = new Set(this.#certHeader === undefined ? [header] : [header, this.#certHeader])
  }

  /**
   * Where a request that arrived from `peer` was sent. Throws `LISTENER_XFF_*`. A header sent twice is one list. A peer without
   * an address (unix socket) is never authorised.
   */
  resolve(peer: string, request: IncomingMessage): Origin {
    const hops = valuesOf(request, header)
      .flatMap((value) => value.split(','))
      .map((hop) => hop.trim())
    if (hops.every((hop) => hop === '')) {
      if (this.#config.rejectNotPresent) throw listenerErrors.XFF_ABSENT()
      return { address: peer, peerCertificate: undefined, hidden: this.#untrusted }
    }
    if (isIP(peer) === 0 || !this.#authorized.allows(peer)) {
      if (this.#config.rejectNotAuthorized) throw listenerErrors.XFF_NOT_AUTHORIZED()
      return { address: peer, peerCertificate: undefined, hidden: this.#untrusted }
    }
    return { address: this.#hop(hops), peerCertificate: this.#certificate(request), hidden: noHeaders }
  }

  #hop(hops: readonly string[]): string {
    const { hopSkips } = this.#config
    const hop = hops[hops.length - 1 - hopSkips]
    if (hop === undefined) throw listenerErrors.XFF_HOPS({ skips: hopSkips, hops: hops.length })
    const address = withoutPort(hop)
    if (isIP(address) === 0 || address.includes('%')) throw listenerErrors.XFF_MALFORMED()
    return address
  }

  #certificate(request: IncomingMessage): PeerCertificate | undefined {
    if (this.#certHeader === undefined) return undefined
    const [value, another] = valuesOf(request, this.#certHeader)
    if (value === undefined || value === '') return undefined
    if (another !== undefined) throw listenerErrors.XFF_CERT()
    return decodeForwardedCertificate(value, this.#config.clientCertDecoders)
  }
}

const noHeaders: ReadonlySet<string> = new Set()

/** Some proxies write `1.2.3.4:5678` or `[::1]:5678`. */
function withoutPort(hop: string): string {
  const match = /^\[([^\]]+)\](?::\d{1,5})?$|^([^:]+):\d{1,5}$/u.exec(hop)
  return match?.[1] ?? match?.[2] ?? hop
}

/** `name` is in lower case. */
function valuesOf(request: IncomingMessage, name: string): string[] {
  const raw = request.rawHeaders
  const values: string[] = []
  for (let i = 0; i < raw.length; i += 2) if (raw[i]?.toLowerCase() === name) values.push(raw[i + 1] ?? '')
  return values
}
