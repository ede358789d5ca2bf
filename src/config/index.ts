/** The server's configuration: one schema, from which come reading, defaults, checks and the reference page. */
export { loadConfig } from './load.ts'
export type { LoadResult } from './load.ts'
export { ConfigError, problemText } from './problem.ts'
export type { ConfigProblem } from './problem.ts'
export { configReference } from './reference.ts'
export type { ServerConfig } from './server-config.ts'
export type { Environment } from './field.ts'
export type { FirstRequest, InitializeStanza } from './initialize.ts'
export type { FirstValue, ValueType } from './first-value.ts'
export type { KeyMaterial } from './key-material.ts'
export type {
  AuditStanza,
  ListenerStanza,
  SealStanza,
  SealStanzaOf,
  StorageStanza,
  TcpListener,
  UnixListener,
} from './stanzas.ts'
export { loadMigration, type MigrationConfig } from './migration.ts'
