/** What MFA needs of the rooms around it. */
import type { Mount } from '../../../../request/mount.ts'

export interface MfaPorts {
  /** Every mount there is. */
  mounts(): readonly Mount[]
}
