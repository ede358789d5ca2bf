/** From configuration files to settings. */
import { availableParallelism } from 'node:os'
import { type Environment, loadConfig, problemText, type LoadResult, type ServerConfig } from '../config/index.ts'
import type { ListenerConfig } from '../listener/config.ts'
import { usualEndpoints, type AdministrativeNamespace } from '../request/administrative.ts'
import { closedPaths } from './closed-paths.ts'
import { clusterOf } from './cluster-settings.ts'
import { listenerOf } from './listener-settings.ts'
import { lockoutSettings } from './lockout-settings.ts'
import { logFilePath } from './log-setup.ts'
import { sanitized } from './sanitized.ts'
import { filesOf, sealOf } from './seal-settings.ts'
import type { LogSettings, Reread, Settings, TelemetrySettings } from './settings.ts'

/** Throws a `ConfigError` with everything that is wrong, each with file, line and column. */
export function fromConfigFiles(paths: readonly string[], environment?: Environment): Settings {
  return settingsOf(loadConfig(paths, environment))
}

/**
 * What may change while the server runs, as the files say now: `log_level`, `log_requests_level`, and what listeners let anyone do. Throws
 * as `fromConfigFiles`.
 */
export function reread(paths: readonly string[], environment?: Environment): Reread {
  const { config } = loadConfig(paths, environment)
  const { level, requests } = logOf(config)
  const doors = config.listeners.map((stanza) => {
    const { address, unauthenticatedRekey, unauthenticatedGenerateRoot } = listenerOf(stanza, config)
    return [address, { unauthenticatedRekey, unauthenticatedGenerateRoot }] as const
  })
  return { level, requests, doors: new Map(doors) }
}

/** Names each key of the configuration: one that nothing here reads has no effect, and a test finds it. */
export function settingsOf({ config, warnings, exposures, files }: LoadResult): Settings {
  const listeners = config.listeners.map((stanza) => listenerOf(stanza, config))
  const storageFolder = config.storage.type === 'lmdb' ? config.storage.path : undefined
  const logFile = config.logFile === undefined ? undefined : logFilePath(config.logFile)
  return {
    storage: config.storage,
    cachedEntries: config.disableCache ? 0 : config.cacheSize,
    seals: config.seals.map(sealOf),
    listeners,
    servingThreads: servingThreadsOf(config),
    log: logOf(config),
    telemetry: telemetryOf(config),
    systemLimits: { defaultTtl: Math.min(config.defaultLeaseTtl, config.maxLeaseTtl), maxTtl: config.maxLeaseTtl },
    lockout: lockoutSettings(config.lockouts),
    clusterName: config.clusterName,
    apiAddress: config.apiAddr ?? addressOf(listeners[0]),
    cluster: clusterOf(config, config.apiAddr ?? addressOf(listeners[0])),
    hostnameHeader: config.enableResponseHeaderHostname,
    administrative: administrativeOf(config),
    rawStorage: config.rawStorageEndpoint,
    allowHttpWebhooks: config.allowHttpWebhooks,
    introspection: config.introspectionEndpoint,
    auditDevices: config.audits.map(({ type, path, description, options, local }) => ({
      type,
      path,
      description,
      options,
      local,
    })),
    initialize: config.initializes,
    allowApiAuditCreation: config.unsafeAllowApiAuditCreation,
    allowAuditPrefix: config.allowAuditLogPrefixing,
    closedToAudit: closedPaths(
      [storageFolder, config.upgradeSnapshotPath, ...files, config.pidFile, logFile, ...config.seals.flatMap(filesOf)],
      listeners,
    ),
    configFiles: files,
    upgradeSnapshotPath: config.upgradeSnapshotPath,
    pidFile: config.pidFile,
    sanitized: () => sanitized(config),
    warnings: [...[...warnings, ...exposures].map(problemText), ...listeners.flatMap(openDoors)],
  }
}

/** Said at each start, so that what was opened for an hour does not stay so. */
function openDoors({ address, unauthenticatedRekey, unauthenticatedGenerateRoot }: ListenerConfig): readonly string[] {
  const open = [
    ...(unauthenticatedRekey ? ['sys/rekey'] : []),
    ...(unauthenticatedGenerateRoot ? ['sys/generate-root'] : []),
  ]
  return open.map((path) => `the listener ${address} lets anyone use ${path} without a token`)
}

/** Systems on which several sockets can listen at one port (`SO_REUSEPORT`), as Node says. */
const SHARE_PORTS: ReadonlySet<string> = new Set(['linux', 'freebsd', 'sunos', 'aix'])

function servingThreadsOf({ storage, servingThreads }: ServerConfig): number {
  if (storage.type === 'inmem' || !SHARE_PORTS.has(process.platform)) return 0
  return servingThreads ?? Math.max(availableParallelism() - 1, 1)
}

function administrativeOf(config: ServerConfig): AdministrativeNamespace | undefined {
  const { administrativeNamespacePath, administrativeNamespaceEndpoints: given } = config
  const path = (administrativeNamespacePath ?? '').replace(/^\/|\/$/g, '')
  if (path === '' || path === 'root') return undefined
  return { path: `${path}/`, endpoints: new Set(given.length === 0 ? usualEndpoints : given) }
}

function logOf(config: ServerConfig): LogSettings {
  return {
    level: config.logLevel,
    format: config.logFormat,
    file: config.logFile,
    rotation: {
      maxBytes: config.logRotateBytes,
      maxAge: config.logRotateDuration * 1000,
      keep: config.logRotateMaxFiles,
    },
    requests: config.logRequestsLevel,
  }
}

function telemetryOf({ telemetry }: ServerConfig): TelemetrySettings {
  return {
    prefix: telemetry.metricsPrefix,
    hostnameInGauges: !telemetry.disableHostname,
    hostnameAsLabel: telemetry.enableHostnameLabel,
    prefixFilter: telemetry.prefixFilter,
    filterDefault: telemetry.filterDefault,
    retention: telemetry.prometheusRetentionTime * 1000,
    maxSeries: telemetry.maximumGaugeCardinality,
  }
}

function addressOf(listener: ListenerConfig | undefined): string {
  if (listener === undefined || listener.type === 'unix') return ''
  return `${listener.tls === undefined ? 'http' : 'https'}://${listener.address.startsWith(':') ? `127.0.0.1${listener.address}` : listener.address}`
}
