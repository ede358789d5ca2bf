/** The system engine, mounted at `sys/`: how the server itself is run. It works on the storage as a whole, through its ports. */
import { defineEngine, type Engine, type PathDefinition } from '#framework'
import type { SystemPorts } from '../../request/system-ports.ts'
import { auditPaths } from './paths/audit.ts'
import { authPaths } from './paths/auth.ts'
import { capabilitiesPaths } from './paths/capabilities.ts'
import { configStatePaths } from './paths/config-state.ts'
import { corsPaths } from './paths/cors.ts'
import { healthPaths } from './paths/health.ts'
import { hostInfoPaths } from './paths/host-info.ts'
import { inFlightPaths } from './paths/in-flight.ts'
import { initPaths } from './paths/init.ts'
import { internalUiPaths } from './paths/internal-ui.ts'
import { keyPaths } from './paths/keys.ts'
import { leaderPaths } from './paths/leader.ts'
import { loggerPaths } from './paths/loggers.ts'
import { metricsPaths } from './paths/metrics.ts'
import { mountPaths } from './paths/mounts.ts'
import { namespacePaths } from './paths/namespaces.ts'
import { namespaceSealPaths } from './paths/namespace-seal.ts'
import { openapiPaths } from './paths/openapi.ts'
import { passwordPolicyPaths } from './paths/password-policies.ts'
import { policyPaths } from './paths/policies.ts'
import { remountPaths } from './paths/remount.ts'
import { requestHeadersPaths } from './paths/request-headers.ts'
import { sealPaths } from './paths/seal.ts'
import { toolPaths } from './paths/tools.ts'
import { versionHistoryPaths } from './paths/version-history.ts'

const FAMILIES: readonly ((ports: SystemPorts) => readonly PathDefinition[])[] = [
  initPaths,
  sealPaths,
  healthPaths,
  leaderPaths,
  keyPaths,
  mountPaths,
  authPaths,
  remountPaths,
  namespacePaths,
  namespaceSealPaths,
  policyPaths,
  passwordPolicyPaths,
  capabilitiesPaths,
  auditPaths,
  requestHeadersPaths,
  corsPaths,
  toolPaths,
  internalUiPaths,
  openapiPaths,
  metricsPaths,
  inFlightPaths,
  hostInfoPaths,
  versionHistoryPaths,
  loggerPaths,
  configStatePaths,
]

/** `more` are the paths whose ports live elsewhere: leases and response wrapping. */
export function systemEngine(ports: SystemPorts, more: readonly PathDefinition[]): Engine {
  return defineEngine({
    type: 'system',
    kind: 'system',
    help: 'Controls the server: its seal, mounts, policies, audit devices and leases.',
    paths: [...FAMILIES.flatMap((paths) => paths(ports)), ...more],
  })
}
