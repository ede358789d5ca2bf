/** What MFA needs of the rooms around it. */
import type { Mount } from '../../../../request/mount.ts'
import type { Namespace } from '../../../../request/request.ts'

export interface MfaPorts {
  /** Every mount of the namespace. */
  mounts(namespace: Namespace): readonly Mount[]
}
