/** What a server is started with, whether it comes from configuration files or from the flags of a development server. */
import type { AdministrativeNamespace } from '../request/administrative.ts'
import type { DeviceRequest } from '../audit/index.ts'
import type { InitializeStanza, StorageStanza } from '../config/index.ts'
import type { JsonOut } from '../lib/json/index.ts'
import type { LogFormat, LogLevel, Rotation } from '../lib/observe/index.ts'
import type { ListenerConfig } from '../listener/config.ts'
import type { Doors } from '../request/wire.ts'
import type { LockoutSettings } from '../request/lockout-ports.ts'
import type { LeaseLimits } from '../request/ports.ts'
import type { SealSettings } from './seal-settings.ts'

export interface Settings {
  readonly seals: readonly SealSettings[]
  readonly storage: StorageStanza
  /** Of a storage behind a network, kept in memory by each thread; 0 keeps none. */
  readonly cachedEntries: number
  /** For the other nodes, where the storage is shared. */
  readonly cluster: ClusterSettings
  readonly listeners: readonly ListenerConfig[]
  /** Threads that serve requests beside the main one. */
  readonly servingThreads: number
  readonly log: LogSettings
  readonly telemetry: TelemetrySettings
  readonly systemLimits: LeaseLimits
  /** When users are locked out. */
  readonly lockout: LockoutSettings
  readonly clusterName: string | undefined
  readonly apiAddress: string
  /** Replies carry `X-Vault-Hostname`. */
  readonly hostnameHeader: boolean
  readonly administrative: AdministrativeNamespace | undefined
  /** Serves `sys/raw`. */
  readonly rawStorage: boolean
  /** Webhooks may speak plain HTTP with other machines. */
  readonly allowHttpWebhooks: boolean
  readonly introspection: boolean
  readonly auditDevices: readonly DeviceRequest[]
  /** What the server asks of itself at its first start. */
  readonly initialize: readonly InitializeStanza[]
  readonly allowApiAuditCreation: boolean
  readonly allowAuditPrefix: boolean
  /** Files and folders that no audit device may be or lie in. */
  readonly closedToAudit: readonly string[]
  readonly configFiles: readonly string[]
  /** Folder for the snapshot before a version runs for the first time. */
  readonly upgradeSnapshotPath: string | undefined
  readonly pidFile: string | undefined
  /** What of the configuration may be shown. */
  readonly sanitized: () => ReadonlyMap<string, JsonOut>
  /** To be logged once there is a log. */
  readonly warnings: readonly string[]
}

export interface ClusterSettings {
  /** Where this node listens for the others while it leads. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Where the others reach it: a URL. */
  readonly address: string
}

export interface LogSettings {
  readonly level: LogLevel
  readonly format: LogFormat
  /** As configured: it may be a folder. */
  readonly file: string | undefined
  readonly rotation: Rotation
  /** Level of the line for each request. */
  readonly requests: LogLevel
}

/** What may change while the server runs. */
export interface Reread extends Pick<LogSettings, 'level' | 'requests'> {
  /** By the address of the listener, as configured. */
  readonly doors: ReadonlyMap<string, Doors>
}

export interface TelemetrySettings {
  readonly prefix: string
  readonly hostnameInGauges: boolean
  readonly hostnameAsLabel: boolean
  readonly prefixFilter: readonly string[]
  readonly filterDefault: boolean
  /** ms; 0 turns the Prometheus form off. */
  readonly retention: number
  readonly maxSeries: number
}
