/** The pipeline of a node that does not lead, over an empty memory store; what it hands on is answered with 299. */
import type { PipelineDeps } from '../../src/core/deps.ts'
import { House } from '../../src/core/house.ts'
import type { Role } from '../../src/core/lifecycle.ts'
import { handle } from '../../src/core/pipeline.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { Metrics, silentLogger } from '../../src/lib/observe/index.ts'
import type { NamespaceSealsPort } from '../../src/request/namespace-seal-ports.ts'
import type { LifecyclePort, ObservePort } from '../../src/request/system-ports.ts'
import type { WireReply, WireRequest } from '../../src/request/wire.ts'
import { MemoryDriver } from '../../src/storage/drivers/memory.ts'

export interface FollowingCore {
  handle(wire: WireRequest): Promise<WireReply>
}

export function followingCore(options: { role(): Role | undefined; looked?: () => void }): FollowingCore {
  const house = new House(
    {
      driver: new MemoryDriver(),
      clock: systemClock,
      log: silentLogger,
      metrics: new Metrics(systemClock),
      systemLimits: { defaultTtl: 1, maxTtl: 1 },
      rawStorage: false,
      auditDevices: [],
      auditForbiddenFolders: [],
      allowApiAuditCreation: false,
      allowAuditPrefix: false,
    },
    () => undefined,
  )
  // Neither is asked anything by a request for a secret.
  const nothing: unknown = {}
  let looks = 0
  const deps: PipelineDeps = house.furnish({
    lifecycle: nothing as LifecyclePort,
    namespaceSeals: nothing as NamespaceSealsPort,
    observe: nothing as ObservePort,
    state: () => 'standby',
    role: () => {
      if (looks++ === 0) options.looked?.()
      return options.role()
    },
    reach: () => 'node',
    elsewhere: async () => ({ status: 299, headers: [], body: undefined }),
    floor: () => 0,
    clustered: true,
  })
  return { handle: (wire) => handle(wire, deps) }
}
