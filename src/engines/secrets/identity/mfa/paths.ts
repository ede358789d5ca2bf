/** The paths of `identity/mfa/`. */
import type { PathDefinition } from '#framework'
import { enforcementPaths } from './paths/enforcements.ts'
import { methodPaths } from './paths/methods.ts'
import { totpSecretPaths } from './paths/totp-secrets.ts'
import type { MfaPorts } from './ports.ts'

export function mfaPaths(ports: MfaPorts): readonly PathDefinition[] {
  return [...methodPaths(), ...totpSecretPaths(), ...enforcementPaths(ports)]
}
