/** A request and a reply as the listener knows them: bytes and headers, no meaning yet. */
import { defaultJsonLimits, type JsonLimits } from '../lib/json/index.ts'

/** A verified client certificate of the connection (mutual TLS), in DER. Present only if the handshake of this session proved it. */
export interface PeerCertificate {
  readonly chain: readonly Uint8Array[]
}

export interface WireRequest {
  /** As sent, upper case: GET, LIST, SCAN, POST, PUT, PATCH, DELETE, HEAD, OPTIONS. */
  readonly method: string
  /** The request target as sent (`/v1/secret/data/a?version=1`), undecoded. */
  readonly target: string
  /** Lower-case name to the values in order of arrival; a header sent twice has two. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  /** The client's address after the listener's forwarded-for rules; without brackets or zone. Empty for a unix socket. */
  readonly remoteAddress: string
  readonly remotePort: number
  readonly tls: boolean
  readonly peerCertificate: PeerCertificate | undefined
  /** What the configuration says of the listener the request came in by. */
  readonly listener: ListenerTraits
  /** A rate limit of this node, or of the one that it came in by, has let it pass: it is not to be counted again. */
  limited?: boolean
  /** The whole body, of at most `max` bytes where that is asked for and not more than the listener takes. Rejects with `REQUEST_TOO_LARGE`, `REQUEST_TIMEOUT` or `REQUEST_ABORTED`. Call once, or not at all: an unread body is drained by the listener. */
  readBody(max?: number): Promise<Uint8Array>
  /**
   * The body as it comes, of any size, instead of `readBody`. It is read as fast as it is taken, and `max_request_duration` does not
   * hold any more: what must not stand still is the body. Iterated once; throws `REQUEST_TIMEOUT` or `REQUEST_ABORTED`.
   */
  openBody(): AsyncIterable<Uint8Array>
  /** Aborted when the client went away or the request's time is over. */
  readonly signal: AbortSignal
  /** The request's time is over: the client has been told so, and what has not begun yet is not to begin. */
  readonly expired: boolean
}

/** What the configuration says of a listener that is not about bytes. */
export interface ListenerTraits {
  /** For logs and metrics: `tcp 127.0.0.1:8200`. */
  readonly name: string
  readonly jsonLimits: JsonLimits
  readonly requireRequestHeader: boolean
  /** `sys/metrics` needs no token. */
  readonly unauthenticatedMetricsAccess: boolean
  /** `sys/metrics` is not served. */
  readonly disallowMetrics: boolean
  /** Nothing else is. */
  readonly metricsOnly: boolean
  /** `sys/in-flight-req` needs no token. */
  readonly unauthenticatedInFlightAccess: boolean
  /** `sys/rekey/…` and `sys/generate-root/…` need no token. */
  readonly unauthenticatedRekey: boolean
  readonly unauthenticatedGenerateRoot: boolean
  /** What answers that need no token leave out. */
  readonly redactClusterName: boolean
  readonly redactVersion: boolean
}

/** What a listener lets anyone do; it can be changed while it listens. */
export type Doors = Pick<ListenerTraits, 'unauthenticatedRekey' | 'unauthenticatedGenerateRoot'>

export const plainListener: ListenerTraits = Object.freeze({
  name: '',
  jsonLimits: defaultJsonLimits,
  requireRequestHeader: false,
  unauthenticatedMetricsAccess: false,
  disallowMetrics: false,
  metricsOnly: false,
  unauthenticatedInFlightAccess: false,
  unauthenticatedRekey: false,
  unauthenticatedGenerateRoot: false,
  redactClusterName: false,
  redactVersion: false,
})

export interface WireReply {
  readonly status: number
  /** Header names as to be sent. Content-Length is the listener's business. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | undefined
}

/** Answers every request; never rejects. */
export type WireHandler = (request: WireRequest) => Promise<WireReply>
