/** From a listener's stanza to what the listener is told. */
import type { ListenerStanza, ServerConfig, TcpListener } from '../config/index.ts'
import type { JsonLimits } from '../lib/json/index.ts'
import { listenerDefaults, type ListenerConfig, type ListenerTimeouts, type TlsConfig } from '../listener/config.ts'

export function listenerOf(stanza: ListenerStanza, config: ServerConfig): ListenerConfig {
  const metricsAlone = stanza.role === 'metrics_only'
  const common: ListenerConfig = {
    ...listenerDefaults,
    type: stanza.type,
    address: stanza.address,
    limits: { ...listenerDefaults.limits, requestSize: stanza.maxRequestSize },
    timeouts: timeoutsOf(stanza, config),
    responseHeaders: stanza.customResponseHeaders,
    jsonLimits: jsonLimitsOf(stanza),
    requireRequestHeader: stanza.requireRequestHeader,
    unauthenticatedMetricsAccess: stanza.telemetry.unauthenticatedMetricsAccess || metricsAlone,
    disallowMetrics: stanza.telemetry.disallowMetrics,
    metricsOnly: stanza.telemetry.metricsOnly || metricsAlone,
    unauthenticatedInFlightAccess: stanza.inflightRequestsLogging.unauthenticatedInFlightRequestsAccess,
    unauthenticatedRekey: isOpen(stanza.disableUnauthedRekeyEndpoints, 'rekey', config),
    unauthenticatedGenerateRoot: isOpen(stanza.disableUnauthedGenerateRootEndpoints, 'generate-root', config),
    redactClusterName: stanza.redactClusterName,
    redactVersion: stanza.redactVersion,
  }
  if (stanza.type === 'unix') {
    return { ...common, unixSocket: { mode: stanza.socketMode, user: stanza.socketUser, group: stanza.socketGroup } }
  }
  return { ...common, tls: tlsOf(stanza), forwardedFor: forwardedForOf(stanza), proxyProtocol: proxyProtocolOf(stanza) }
}

/** What the listener says of itself goes before what is said for all. */
function isOpen(isDisabled: boolean | undefined, family: string, config: ServerConfig): boolean {
  return isDisabled === undefined ? config.enableUnauthenticatedAccess.includes(family) : !isDisabled
}

function timeoutsOf(stanza: ListenerStanza, config: ServerConfig): ListenerTimeouts {
  return {
    readHeader: stanza.httpReadHeaderTimeout,
    read: stanza.httpReadTimeout,
    write: stanza.httpWriteTimeout === 0 ? Infinity : stanza.httpWriteTimeout,
    idle: stanza.httpIdleTimeout,
    request: stanza.maxRequestDuration === 0 ? config.defaultMaxRequestDuration : stanza.maxRequestDuration,
  }
}

function jsonLimitsOf(stanza: ListenerStanza): JsonLimits {
  return {
    maxDepth: stanza.maxJsonDepth,
    maxStrings: stanza.maxRequestJsonStrings,
    maxStringBytes: stanza.maxJsonStringValueLength,
    maxMembers: stanza.maxJsonObjectEntryCount,
    maxMemory: stanza.maxRequestJsonMemory,
  }
}

function tlsOf(stanza: TcpListener): TlsConfig | undefined {
  // The configuration's own checks refused a TLS listener without both files.
  if (stanza.tlsDisable || stanza.tlsCertFile === undefined || stanza.tlsKeyFile === undefined) return undefined
  return {
    certFile: stanza.tlsCertFile,
    keyFile: stanza.tlsKeyFile,
    clientCaFile: stanza.tlsClientCaFile,
    minVersion: stanza.tlsMinVersion,
    maxVersion: stanza.tlsMaxVersion,
    cipherSuites: stanza.tlsCipherSuites,
    requireAndVerifyClientCert: stanza.tlsRequireAndVerifyClientCert,
    disableClientCerts: stanza.tlsDisableClientCerts,
  }
}

function forwardedForOf(stanza: TcpListener): ListenerConfig['forwardedFor'] {
  const authorizedAddrs = stanza.xForwardedForAuthorizedAddrs
  if (authorizedAddrs.length === 0) return undefined
  return {
    authorizedAddrs,
    hopSkips: stanza.xForwardedForHopSkips,
    rejectNotAuthorized: stanza.xForwardedForRejectNotAuthorized,
    rejectNotPresent: stanza.xForwardedForRejectNotPresent,
    clientCertHeader: undefined,
    clientCertDecoders: [],
  }
}

function proxyProtocolOf(stanza: TcpListener): ListenerConfig['proxyProtocol'] {
  const behavior = stanza.proxyProtocolBehavior
  return behavior === '' ? undefined : { behavior, authorizedAddrs: stanza.proxyProtocolAuthorizedAddrs }
}
