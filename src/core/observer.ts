/** What `sys/` tells of the process: metrics, requests in flight, log levels, versions, the machine, the API's own description. */
import type { Engine } from '../framework/engine.ts'
import { openApi } from '../framework/derive/openapi.ts'
import type { Clock } from '../lib/clock.ts'
import { stringify, type JsonOut } from '../lib/json/index.ts'
import {
  MetricsView,
  parseLogLevel,
  toMetricsJson,
  toPrometheus,
  type LogLevels,
  type MetricsReport,
  type MetricsViewSettings,
} from '../lib/observe/index.ts'
import type { Mount } from '../request/mount.ts'
import type { InFlightRequest, ObservePort } from '../request/system-ports.ts'
import type { ReadView } from '../storage/view.ts'
import { hostInfo } from './host-info.ts'
import type { InFlight } from './in-flight.ts'
import { apiVersion, version } from './version.ts'
import { versionHistory, type VersionEntry } from './version-history.ts'

export interface ObserverDeps {
  readonly clock: Clock
  readonly metrics: MetricsReport
  /** How they are shown; a retention of 0 turns the Prometheus form off. */
  readonly telemetry: MetricsViewSettings
  readonly levels: LogLevels
  readonly inFlight: InFlight
  readonly engineOf: (mount: Mount) => Engine
  /** Folder of the storage, whose disk is told of. */
  readonly dataFolder: string | undefined
  readonly sanitizedConfig: () => ReadonlyMap<string, JsonOut>
}

export class Observer implements ObservePort {
  readonly version = apiVersion
  readonly buildDate = ''
  readonly #deps: ObserverDeps
  readonly #metrics: MetricsView
  readonly #prometheus: MetricsView | undefined

  constructor(deps: ObserverDeps) {
    this.#deps = deps
    const { metrics, telemetry } = deps
    this.#metrics = new MetricsView(metrics, { ...telemetry, retention: Infinity })
    this.#prometheus = telemetry.retention === 0 ? undefined : new MetricsView(metrics, telemetry)
  }

  prometheus(): string | undefined {
    return this.#prometheus && toPrometheus(this.#prometheus)
  }

  metricsJson(): string {
    return stringify(toMetricsJson(this.#metrics))
  }

  inFlight(): readonly InFlightRequest[] {
    return this.#deps.inFlight.list()
  }

  loggers(): ReadonlyMap<string, string> {
    return this.#deps.levels.all()
  }

  setLogLevel(name: string | undefined, level: string): boolean {
    const parsed = parseLogLevel(level)
    if (parsed === undefined) return false
    if (name === undefined) this.#deps.levels.setAll(parsed)
    else this.#deps.levels.set(name, parsed)
    return true
  }

  resetLogLevel(name: string | undefined): void {
    if (name === undefined) this.#deps.levels.resetAll()
    else this.#deps.levels.reset(name)
  }

  versionHistory(view: ReadView): Promise<readonly VersionEntry[]> {
    return versionHistory(view)
  }

  hostInfo(): Promise<ReadonlyMap<string, JsonOut>> {
    return hostInfo(this.#deps.clock, this.#deps.dataFolder)
  }

  openapi(mounts: readonly Mount[], options: { readonly genericMountPaths: boolean }) {
    const rows = mounts.map((mount) => ({ path: mount.path, engine: this.#deps.engineOf(mount) }))
    return { contentType: 'application/json', body: openApi(rows, { version, ...options }) }
  }

  sanitizedConfig(): ReadonlyMap<string, JsonOut> {
    return this.#deps.sanitizedConfig()
  }
}
