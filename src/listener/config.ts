/**
 * What a listener is told, in the terms of Vault's `listener` stanza. Times are ms, sizes bytes; Infinity is no limit.
 * Whoever reads the configuration fills these in from `listenerDefaults`.
 */
import { plainListener, type ListenerTraits } from '../request/wire.ts'
import type { ForwardedForConfig } from './forwarded-for.ts'
import type { ProxyProtocolConfig } from './proxy-protocol.ts'

export type TlsVersion = 'tls12' | 'tls13'

export interface TlsConfig {
  /** PEM: the certificate, then those that lead to its issuer. Read again at each reload, as are the next two. */
  readonly certFile: string
  readonly keyFile: string
  /** PEM; undefined takes the system's authorities. Used only where client certificates are required. */
  readonly clientCaFile: string | undefined
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  /** Go's (IANA's) names. They govern TLS 1.2 alone; empty takes the secure ones. */
  readonly cipherSuites: readonly string[]
  readonly requireAndVerifyClientCert: boolean
  /** Do not even ask for a client certificate. Excludes `requireAndVerifyClientCert`. */
  readonly disableClientCerts: boolean
}

export interface UnixSocketConfig {
  readonly mode: number
  /** Name or number; undefined leaves the process's own. */
  readonly user: string | undefined
  readonly group: string | undefined
}

export interface ListenerLimits {
  /** `max_request_size`: of a body. */
  readonly requestSize: number
  /** Of request line and headers together. */
  readonly headerSize: number
  readonly targetLength: number
  readonly connections: number
  /** Of all bodies of the listener's requests together, as long as those are under way. */
  readonly bodyMemory: number
}

export interface ListenerTimeouts {
  /** `http_read_header_timeout` */
  readonly readHeader: number
  /** `http_read_timeout`: the whole request, body included. At least `readHeader`. */
  readonly read: number
  /** `http_idle_timeout`: between requests. */
  readonly idle: number
  /** `http_write_timeout`: from a request's headers until its reply is taken; then the connection is cut. */
  readonly write: number
  /** `max_request_duration`: until the request is answered with 503 and its signal aborted. */
  readonly request: number
}

/** Headers by status: `default`, a class (`2xx`) or a code (`200`). The more specific one wins. */
export type ResponseHeadersConfig = ReadonlyMap<string, ReadonlyMap<string, string>>

export interface ListenerConfig extends Omit<ListenerTraits, 'name'> {
  readonly type: 'tcp' | 'unix'
  /** `host:port` as Go writes it (`:8200`, `[::1]:8200`; port 0 is any), or the socket's path. */
  readonly address: string
  /** Several processes or threads share the port. */
  readonly reusePort: boolean
  readonly unixSocket: UnixSocketConfig
  /** `undefined` is `tls_disable`. */
  readonly tls: TlsConfig | undefined
  readonly limits: ListenerLimits
  readonly timeouts: ListenerTimeouts
  /** `undefined` ignores the header. */
  readonly forwardedFor: ForwardedForConfig | undefined
  readonly proxyProtocol: ProxyProtocolConfig | undefined
  readonly responseHeaders: ResponseHeadersConfig
}

export const tlsDefaults: Omit<TlsConfig, 'certFile' | 'keyFile'> = Object.freeze({
  clientCaFile: undefined,
  minVersion: 'tls12',
  maxVersion: 'tls13',
  cipherSuites: Object.freeze([]),
  requireAndVerifyClientCert: false,
  disableClientCerts: false,
})

const { name: _, ...traits } = plainListener

export const listenerDefaults: ListenerConfig = Object.freeze({
  ...traits,
  type: 'tcp',
  address: '127.0.0.1:8200',
  reusePort: false,
  unixSocket: Object.freeze({ mode: 0o600, user: undefined, group: undefined }),
  tls: undefined,
  limits: Object.freeze({
    requestSize: 33_554_432,
    headerSize: 16_384,
    targetLength: 8192,
    connections: Infinity,
    bodyMemory: 67_108_864,
  }),
  timeouts: Object.freeze({ readHeader: 10_000, read: 30_000, idle: 300_000, write: Infinity, request: 90_000 }),
  forwardedFor: undefined,
  proxyProtocol: undefined,
  responseHeaders: new Map(),
})

export function traitsOf(config: ListenerConfig): ListenerTraits {
  return Object.freeze({
    name: `${config.type} ${config.address}`,
    jsonLimits: config.jsonLimits,
    requireRequestHeader: config.requireRequestHeader,
    unauthenticatedMetricsAccess: config.unauthenticatedMetricsAccess,
    disallowMetrics: config.disallowMetrics,
    metricsOnly: config.metricsOnly,
    unauthenticatedInFlightAccess: config.unauthenticatedInFlightAccess,
    unauthenticatedRekey: config.unauthenticatedRekey,
    unauthenticatedGenerateRoot: config.unauthenticatedGenerateRoot,
    redactClusterName: config.redactClusterName,
    redactVersion: config.redactVersion,
  })
}
