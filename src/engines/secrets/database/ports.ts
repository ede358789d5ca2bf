/** What the engine is made of: what it needs of the rooms around it, and what all of its mounts share. */
import type { Apart } from '#framework'
import type { Clock } from '../../../lib/clock.ts'
import type { Logger } from '../../../lib/observe/index.ts'
import type { Mount } from '../../../request/mount.ts'
import type { PasswordsPort } from '../../../request/password-ports.ts'
import type { Databases } from './databases.ts'
import type { Issuing } from './issuing.ts'
import type { Locks } from './locks.ts'

export interface DatabaseEnginePorts {
  readonly passwords: PasswordsPort
}

export interface Shared extends DatabaseEnginePorts {
  readonly databases: Databases
  readonly locks: Locks
  readonly issuing: Issuing
}

/** What a request and what the engine does by itself have in common. */
export interface Work {
  readonly mount: Mount
  readonly apart: Apart
  readonly clock: Clock
  readonly log: Logger
}
