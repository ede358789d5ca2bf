/** Paths that look into the node that is asked, or tell it to take something anew: what they use only its main thread has. */
import type { PathDefinition } from '#framework'
import type { MonitorPort, ProfilerPort, ReloadPort, SealWrapPort } from '../../request/inspect-ports.ts'
import { configReloadPaths } from './paths/config-reload.ts'
import { monitorPaths } from './paths/monitor.ts'
import { pprofPaths } from './paths/pprof.ts'
import { sealWrapPaths } from './paths/sealwrap.ts'

export interface InspectionPorts {
  readonly monitor: MonitorPort
  readonly profiler: ProfilerPort
  readonly reloads: ReloadPort
  readonly sealWrap: SealWrapPort
}

export function inspectionPaths(ports: InspectionPorts): readonly PathDefinition[] {
  return [...monitorPaths(ports), ...pprofPaths(ports), ...configReloadPaths(ports), ...sealWrapPaths(ports)]
}
