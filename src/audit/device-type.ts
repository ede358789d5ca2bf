import type { Clock } from '../lib/clock.ts'
import type { Sink } from './sink.ts'

/** As given at `sys/audit/:path` or in an `audit` stanza. */
export type DeviceOptions = ReadonlyMap<string, string>

export interface DeviceContext {
  readonly clock: Clock
  /** Folders below which no device may write: plugins, configuration, the storage. */
  readonly forbiddenFolders: readonly string[]
  /** The configuration made the device, not somebody through the API. */
  readonly declared: boolean
}

/** A way to keep entries. Another one is its file in `devices/` and a line in `devices/registry.ts`. */
export interface DeviceType {
  readonly name: string
  /** Options beyond those every device takes. */
  readonly options: readonly string[]
  /** Those that may hold credentials, which no reply shows. */
  readonly secret?: readonly string[]
  /** Checks the options; opens nothing yet. Throws `AUDIT_OPTION` or `AUDIT_MISSING_OPTION`. */
  sink(options: DeviceOptions, context: DeviceContext): Sink
}
