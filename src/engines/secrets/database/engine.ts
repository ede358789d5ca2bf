/** Users of databases: made when somebody asks for one and removed when his lease is over, or given new passwords as time goes by. */
import { defineEngine, type Engine } from '#framework'
import { background, EVERY } from './background.ts'
import { Databases } from './databases.ts'
import { Issuing } from './issuing.ts'
import { credsLease } from './leases.ts'
import { Locks } from './locks.ts'
import { configPaths } from './paths/config.ts'
import { credsPaths } from './paths/creds.ts'
import { resetPaths } from './paths/reset.ts'
import { rolePaths } from './paths/roles.ts'
import { rotatePaths } from './paths/rotate.ts'
import { staticRolePaths } from './paths/static-roles.ts'
import type { DatabaseEnginePorts, Shared } from './ports.ts'

export function databaseEngine(ports: DatabaseEnginePorts): Engine {
  const shared: Shared = { ...ports, databases: new Databases(), locks: new Locks(), issuing: new Issuing() }
  return defineEngine({
    type: 'database',
    kind: 'secret',
    help: 'Makes users of databases on demand, and gives those that stay new passwords.',
    paths: [
      ...configPaths(shared),
      ...resetPaths(shared),
      ...rolePaths,
      ...credsPaths(shared),
      ...staticRolePaths(shared),
      ...rotatePaths(shared),
    ],
    leases: [credsLease(shared)],
    background: [{ everySeconds: EVERY, run: (b) => background(b, shared) }],
    released: (mountUuid) => shared.databases.release(mountUuid),
  })
}
