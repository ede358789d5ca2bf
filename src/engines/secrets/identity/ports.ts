/** What this engine needs of the rooms around it. */
import type { Mount } from '../../../request/mount.ts'

export interface IdentityPorts {
  readonly mounts: MountLookup
  /** Whether any namespace has the entity: a group may have members of others. */
  hasEntity?(id: string): Promise<boolean>
}

export interface MountLookup {
  byAccessor(accessor: string): Mount | undefined
}
