/** The engine at `identity/`: who uses the server, however he logs in, and the groups he is in. */
import { defineEngine, type Engine, type PathDefinition } from '#framework'
import { entityPaths } from './paths/entity.ts'
import { entityAliasPaths } from './paths/entity-alias.ts'
import { groupPaths } from './paths/group.ts'
import { groupAliasPaths } from './paths/group-alias.ts'
import { lookupPaths } from './paths/lookup.ts'
import { mergePaths } from './paths/merge.ts'
import { personaPaths } from './paths/persona.ts'
import type { IdentityPorts } from './ports.ts'

const FAMILIES = [entityPaths, mergePaths, entityAliasPaths, groupPaths, groupAliasPaths, lookupPaths, personaPaths]

/** `more` are paths below the same mount that others declare: MFA methods, identity tokens. */
export function identityEngine(ports: IdentityPorts, more: readonly PathDefinition[] = []): Engine {
  return defineEngine({
    type: 'identity',
    kind: 'secret',
    help: 'Tells who uses the server, by whatever auth methods he logs in, and which groups he is in.',
    paths: [...FAMILIES.flatMap((paths) => paths(ports)), ...more],
  })
}
