/** Identity tokens and the OpenID Connect provider: their paths, all below `oidc/`, and what they do by themselves. */
import type { BackgroundCall, PathDefinition } from '#framework'
import { assignmentPaths } from './paths/assignments.ts'
import { authorizePaths } from './paths/authorize.ts'
import { clientPaths } from './paths/clients.ts'
import { configPaths } from './paths/config.ts'
import { discoveryPaths } from './paths/discovery.ts'
import { introspectPaths } from './paths/introspect.ts'
import { keyPaths } from './paths/keys.ts'
import { providerDiscoveryPaths } from './paths/provider-discovery.ts'
import { providerTokenPaths } from './paths/provider-token.ts'
import { providerPaths } from './paths/providers.ts'
import { rolePaths } from './paths/roles.ts'
import { scopePaths } from './paths/scopes.ts'
import { tokenPaths } from './paths/token.ts'
import { userinfoPaths } from './paths/userinfo.ts'
import type { OidcPorts } from './ports.ts'
import { EVERY_SECONDS, rotateAndTidy } from './rotation.ts'

export function oidcPaths(ports: OidcPorts): readonly PathDefinition[] {
  const families = [
    configPaths,
    tokenPaths,
    introspectPaths,
    discoveryPaths,
    providerPaths,
    providerDiscoveryPaths,
    authorizePaths,
    providerTokenPaths,
    userinfoPaths,
  ]
  return [
    ...families.flatMap((paths) => paths(ports)),
    ...keyPaths,
    ...rolePaths,
    ...assignmentPaths,
    ...scopePaths,
    ...clientPaths,
  ]
}

export function oidcBackground(ports: OidcPorts) {
  return { everySeconds: EVERY_SECONDS, run: (b: BackgroundCall): Promise<void> => rotateAndTidy(b, ports) }
}
