/** What this engine needs of the rooms around it. */
import type { Mount } from '../../../request/mount.ts'
import type { Namespace } from '../../../request/request.ts'

export interface IdentityPorts {
  readonly mounts: MountLookup
  /** Whether another namespace has such an entity, and a group of this one would count for it. */
  hasEntity?(id: string, namespace: Namespace): Promise<boolean>
}

export interface MountLookup {
  byAccessor(accessor: string): Mount | undefined
}
