/** What this engine needs of the rooms around it. */
import type { Mount } from '../../../request/mount.ts'

export interface IdentityPorts {
  readonly mounts: MountLookup
}

export interface MountLookup {
  byAccessor(accessor: string): Mount | undefined
}
