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
  type Metrics,
  type MetricsViewSettings,
  type Tallied,
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
  readonly metrics: Metrics
  /** How they are shown; a retention of 0 turns the Prometheus form off. */
  readonly telemetry: MetricsViewSettings
  readonly levels: LogLevels
  readonly inFlight: InFlight
  /** Those that serve beside this one. */
  readonly threads: {
    tallies(): Promise<ReadonlyMap<number, readonly Tallied[]>>
    inFlight(): Promise<readonly InFlightRequest[]>
  }
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

  async prometheus(): Promise<string | undefined> {
    await this.#addUp()
    return this.#prometheus && toPrometheus(this.#prometheus)
  }

  async metricsJson(): Promise<string> {
    await this.#addUp()
    return stringify(toMetricsJson(this.#metrics))
  }

  async inFlight(): Promise<readonly InFlightRequest[]> {
    return [...this.#deps.inFlight.list(), ...(await this.#deps.threads.inFlight())]
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

  /** What every thread has counted, in this one's metrics. */
  async #addUp(): Promise<void> {
    for (const [thread, tallies] of await this.#deps.threads.tallies()) this.#deps.metrics.addTallies(thread, tallies)
  }
}
