/** What a server is started with, whether it comes from configuration files or from the flags of a development server. */
import type { DeviceRequest } from '../audit/index.ts'
import type { JsonLimits, JsonOut } from '../lib/json/index.ts'
import type { LogFormat, LogLevel } from '../lib/observe/index.ts'
import type { ListenerConfig } from '../listener/config.ts'
import type { LeaseLimits } from '../request/ports.ts'

export interface Settings {
  readonly storage: { readonly type: 'lmdb'; readonly path: string } | { readonly type: 'inmem' }
  readonly listeners: readonly ListenerConfig[]
  readonly log: { readonly level: LogLevel; readonly format: LogFormat; readonly file: string | undefined }
  readonly systemLimits: LeaseLimits
  readonly jsonLimits: JsonLimits
  readonly clusterName: string | undefined
  readonly apiAddress: string
  readonly auditDevices: readonly DeviceRequest[]
  readonly allowApiAuditCreation: boolean
  readonly allowAuditPrefix: boolean
  /** Folders no audit device may write below. */
  readonly forbiddenFolders: readonly string[]
  readonly configFiles: readonly string[]
  readonly pidFile: string | undefined
  readonly sanitized: ReadonlyMap<string, JsonOut>
  /** To be logged once there is a log. */
  readonly warnings: readonly string[]
}
