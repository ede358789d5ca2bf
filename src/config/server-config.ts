import type { ConfigOf } from './field.ts'
import type { serverSchema } from './schema/server.ts'
import type { telemetrySchema } from './schema/telemetry.ts'
import type { InitializeStanza } from './initialize.ts'
import type { AuditStanza, ListenerStanza, LockoutStanza, SealStanza, StorageStanza } from './stanzas.ts'

/**
 * All of the server's configuration: keys as in the files, in camel case, each with its default. Frozen.
 * Lifetimes are seconds; timeouts of listeners and requests are milliseconds; sizes are bytes.
 */
export type ServerConfig = ConfigOf<typeof serverSchema> & {
  readonly listeners: readonly ListenerStanza[]
  readonly storage: StorageStanza
  readonly seals: readonly SealStanza[]
  readonly audits: readonly AuditStanza[]
  readonly lockouts: readonly LockoutStanza[]
  readonly initializes: readonly InitializeStanza[]
  readonly telemetry: ConfigOf<typeof telemetrySchema>
}
