/** From configuration files to settings. */
import { loadConfig, problemText, type ListenerStanza, type ServerConfig } from '../config/index.ts'
import { defaultJsonLimits, type JsonLimits, type JsonOut } from '../lib/json/index.ts'
import { listenerDefaults, type ListenerConfig, type TlsConfig } from '../listener/config.ts'
import type { Settings } from './settings.ts'

/** Throws a `ConfigError` with everything that is wrong, each with file, line and column. */
export function fromConfigFiles(paths: readonly string[]): Settings {
  const { config, warnings, exposures, files } = loadConfig(paths)
  const listeners = config.listeners.map((stanza) => listenerOf(stanza, config))
  return {
    storage: config.storage,
    listeners,
    log: { level: config.logLevel, format: config.logFormat, file: config.logFile },
    systemLimits: { defaultTtl: Math.min(config.defaultLeaseTtl, config.maxLeaseTtl), maxTtl: config.maxLeaseTtl },
    jsonLimits: jsonLimitsOf(config.listeners[0]),
    clusterName: config.clusterName,
    apiAddress: config.apiAddr ?? addressOf(listeners[0]),
    auditDevices: config.audits.map(({ type, path, description, options, local }) => ({ type, path, description, options, local })),
    allowApiAuditCreation: config.unsafeAllowApiAuditCreation,
    allowAuditPrefix: config.allowAuditLogPrefixing,
    forbiddenFolders: config.storage.type === 'lmdb' ? [config.storage.path] : [],
    configFiles: files,
    pidFile: config.pidFile,
    sanitized: sanitized(config),
    warnings: [...warnings, ...exposures].map(problemText),
  }
}

function listenerOf(stanza: ListenerStanza, config: ServerConfig): ListenerConfig {
  const request = stanza.maxRequestDuration === 0 ? config.defaultMaxRequestDuration : stanza.maxRequestDuration
  const common: ListenerConfig = {
    ...listenerDefaults,
    type: stanza.type,
    address: stanza.address,
    limits: { ...listenerDefaults.limits, requestSize: stanza.maxRequestSize === 0 ? listenerDefaults.limits.requestSize : stanza.maxRequestSize },
    timeouts: { readHeader: stanza.httpReadHeaderTimeout, read: stanza.httpReadTimeout, idle: stanza.httpIdleTimeout, request },
    responseHeaders: stanza.customResponseHeaders,
    requireRequestHeader: stanza.requireRequestHeader,
    unauthenticatedMetricsAccess: stanza.telemetry.unauthenticatedMetricsAccess,
  }
  if (stanza.type === 'unix') return { ...common, unixSocket: { mode: stanza.socketMode, user: stanza.socketUser, group: stanza.socketGroup } }
  const proxies = stanza.xForwardedForAuthorizedAddrs
  return {
    ...common,
    tls: tlsOf(stanza),
    forwardedFor:
      proxies.length === 0
        ? undefined
        : {
            authorizedAddrs: proxies,
            hopSkips: stanza.xForwardedForHopSkips,
            rejectNotAuthorized: stanza.xForwardedForRejectNotAuthorized,
            rejectNotPresent: stanza.xForwardedForRejectNotPresent,
            clientCertHeader: undefined,
            clientCertDecoders: [],
          },
    proxyProtocol: stanza.proxyProtocolBehavior === '' ? undefined : { behavior: stanza.proxyProtocolBehavior, authorizedAddrs: stanza.proxyProtocolAuthorizedAddrs },
  }
}

function tlsOf(stanza: Extract<ListenerStanza, { type: 'tcp' }>): TlsConfig | undefined {
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

function jsonLimitsOf(stanza: ListenerStanza | undefined): JsonLimits {
  if (stanza === undefined) return defaultJsonLimits
  return {
    maxDepth: stanza.maxJsonDepth,
    maxStrings: stanza.maxRequestJsonStrings,
    maxStringBytes: stanza.maxJsonStringValueLength,
    maxMembers: stanza.maxJsonObjectEntryCount,
    maxMemory: stanza.maxRequestJsonMemory,
  }
}

function addressOf(listener: ListenerConfig | undefined): string {
  if (listener === undefined || listener.type === 'unix') return ''
  return `${listener.tls === undefined ? 'http' : 'https'}://${listener.address.startsWith(':') ? `127.0.0.1${listener.address}` : listener.address}`
}

/** As Vault's `sys/config/state/sanitized`: what cannot be a secret. */
function sanitized(config: ServerConfig): ReadonlyMap<string, JsonOut> {
  return new Map<string, JsonOut>([
    ['api_addr', config.apiAddr ?? ''],
    ['cluster_addr', config.clusterAddr ?? ''],
    ['cluster_name', config.clusterName ?? ''],
    ['default_lease_ttl', config.defaultLeaseTtl],
    ['max_lease_ttl', config.maxLeaseTtl],
    ['log_format', config.logFormat],
    ['log_level', config.logLevel],
    ['pid_file', config.pidFile ?? ''],
    ['listeners', config.listeners.map(({ type, address }) => ({ type, config: { address } }))],
    ['storage', { type: config.storage.type, disable_clustering: true }],
    ['seals', [{ type: 'shamir', disabled: false }]],
  ])
}
