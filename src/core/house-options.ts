/** What a core is told when it is composed. */
import type { DeviceRequest } from '../audit/index.ts'
import type { Web } from '../engines/secrets/identity/mfa/services/web.ts'
import type { Place } from '../framework/path.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger, Metrics } from '../lib/observe/index.ts'
import type { AdministrativeNamespace } from '../request/administrative.ts'
import type { LockoutSettings } from '../request/lockout-ports.ts'
import type { LeaseLimits } from '../request/ports.ts'
import type { NamespaceSealsPort } from '../request/namespace-seal-ports.ts'
import type { LifecyclePort, ObservePort, ServerState } from '../request/system-ports.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import type { Driver, Sequence } from '../storage/driver.ts'
import type { AuditRelay } from './audit-house.ts'
import type { Role } from './lifecycle.ts'

export interface HouseOptions {
  readonly driver: Driver
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Seconds. */
  readonly systemLimits: LeaseLimits
  /** When users are locked out; as Vault does if left out. */
  readonly lockout?: LockoutSettings
  /** Where more of the server is told than in other namespaces. */
  readonly administrative?: AdministrativeNamespace | undefined
  /** Serves `sys/raw`. */
  readonly rawStorage: boolean
  /** Serves `sys/internal/inspect/router`. */
  readonly introspection?: boolean
  /** Names this node. */
  readonly hostname?: string
  readonly auditDevices: readonly DeviceRequest[]
  readonly auditForbiddenFolders: readonly string[]
  readonly allowApiAuditCreation: boolean
  readonly allowAuditPrefix: boolean
  /** In a serving thread: hands lines of chained audit devices to the main thread. */
  readonly auditRelay?: AuditRelay
  /** Where this node answers clients; a thread need not know. */
  readonly apiAddress?: string
  /** How services of second factors are reached. */
  readonly web?: Web
  /** What all serving threads of the node count for rate limits; one of this core's own if left out. */
  readonly rateBuckets?: SharedArrayBuffer
  /** Webhooks may speak plain HTTP with other machines. */
  readonly allowHttpWebhooks?: boolean
  /** Called where the keys at hand do not open the storage any more. */
  readonly keysLost?: () => void
  /** Another node has sealed or deleted a namespace: its keys are to go here, too. Threads are told by their node. */
  readonly sealedElsewhere?: (homeName: string) => Promise<void>
  /** Gives up the keys of a home, on the node's own core. */
  readonly dropHome?: (name: string) => Promise<void>
  /** Called where another node has put another root key in place, and this one has it by now. */
  readonly rootKeyChanged?: () => void
}

/** What differs between a node's own core and that of a thread. */
export interface Standing {
  readonly lifecycle: LifecyclePort
  readonly namespaceSeals: NamespaceSealsPort
  readonly observe: ObservePort
  state(): ServerState
  /** As what the core works now; undefined while sealed and between two roles. */
  role(): Role | undefined
  reach(): Place
  elsewhere(wire: WireRequest, streamed: boolean): Promise<WireReply>
  /** The newest commit that anybody was told of through this node. */
  floor(): Sequence
  /** Other nodes share the storage. */
  readonly clustered: boolean
}
