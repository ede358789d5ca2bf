/** The engine at `auth/token/`: tokens about tokens. */
import { defineEngine, type Engine } from '#framework'
import { accessorPaths } from './paths/accessors.ts'
import { createPaths } from './paths/create.ts'
import { lookupPaths } from './paths/lookup.ts'
import { renewPaths } from './paths/renew.ts'
import { revokePaths } from './paths/revoke.ts'
import { rolePaths } from './paths/roles.ts'
import { tidyPaths } from './paths/tidy.ts'
import type { TokenEnginePorts } from './ports.ts'

export function tokenEngine(ports: TokenEnginePorts): Engine {
  const families = [createPaths, lookupPaths, renewPaths, revokePaths, accessorPaths, tidyPaths]
  return defineEngine({
    type: 'token',
    kind: 'auth',
    help: 'Makes, looks up, renews and revokes tokens. Every way to log in ends in a token.',
    paths: [...families.flatMap((paths) => paths(ports)), ...rolePaths],
  })
}
