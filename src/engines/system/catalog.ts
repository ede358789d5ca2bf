/** Paths that tell of the engines, and of what there is not: plugins in other processes, experiments. */
import type { PathDefinition } from '#framework'
import type { UiHeadersPort } from '../../request/inspect-ports.ts'
import { experimentPaths } from './paths/experiments.ts'
import { inspectRouterPaths, type InspectRouterPorts } from './paths/inspect-router.ts'
import { pluginPaths } from './paths/plugins.ts'
import { pluginReloadPaths, type PluginReloadPorts } from './paths/plugin-reload.ts'
import { pluginRuntimePaths } from './paths/plugin-runtimes.ts'
import { uiHeaderPaths } from './paths/ui-headers.ts'

export interface CatalogPathPorts extends PluginReloadPorts {
  readonly uiHeaders: UiHeadersPort
  /** Undefined where the configuration does not open it. */
  readonly introspection: InspectRouterPorts | undefined
}

export function catalogPaths(ports: CatalogPathPorts): readonly PathDefinition[] {
  return [
    ...uiHeaderPaths(ports),
    ...pluginPaths(ports),
    ...pluginReloadPaths(ports),
    ...pluginRuntimePaths(),
    ...experimentPaths(),
    ...(ports.introspection === undefined ? [] : inspectRouterPaths(ports.introspection)),
  ]
}
