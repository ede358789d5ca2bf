/** How the lease room finds the engine behind a lease. */
import type { LeaseDefinition } from '../framework/lease.ts'
import type { Mount } from '../request/mount.ts'
import type { LeaseLimits } from '../request/ports.ts'

export interface EngineLease {
  readonly definition: LeaseDefinition
  readonly mount: Mount
  readonly limits: LeaseLimits
  /** Prefix of the mount's storage in the whole storage. */
  readonly storage: string
}

export interface EngineLeases {
  /** Also for a mount that is going away, until its leases are revoked. Undefined once it is gone. */
  find(mountUuid: string, type: string): EngineLease | undefined
  /** What applies to a lease of the mount when it is issued. */
  limitsOf(mount: Mount): LeaseLimits
}
