/**
 * The front of the server: its listeners, in the main thread and in the serving threads, which listen at the same addresses. The
 * kernel shares connections out among them.
 */
import { hostname } from 'node:os'
import type { LifecycleDeps, Role } from '../core/lifecycle.ts'
import { systemClock } from '../lib/clock.ts'
import type { Metrics } from '../lib/observe/index.ts'
import { startListener, type Listener } from '../listener/index.ts'
import type { ListenerConfig } from '../listener/config.ts'
import { Buckets } from '../quotas/buckets.ts'
import type { Doors, WireHandler } from '../request/wire.ts'
import type { Driver, Sequence } from '../storage/driver.ts'
import type { ServerLog } from './log-setup.ts'
import type { Settings } from './settings.ts'
import type { ThreadData } from './threads/messages.ts'
import { ServingThreads } from './threads/serving-threads.ts'
import { SharedState } from './threads/shared-state.ts'

type Leadership = Parameters<LifecycleDeps['roleChanged']>[1]

const SHUT: Doors = { unauthenticatedRekey: false, unauthenticatedGenerateRoot: false }

/** How often the threads are told how long the node may go on answering, ms. */
const VOUCH_EVERY = 250

export class Front {
  readonly #settings: Settings
  readonly #serverLog: ServerLog
  readonly #metrics: Metrics
  readonly #shared = new SharedState()
  /** What all threads count for rate limits. */
  readonly rateBuckets = new Buckets().buffer
  #listeners: Listener[] = []
  #threads: ServingThreads | undefined
  #leadership: Leadership
  #isClosed = false

  constructor(settings: Settings, serverLog: ServerLog, metrics: Metrics, driver: Driver) {
    this.#settings = settings
    this.#serverLog = serverLog
    this.#metrics = metrics
    this.#shared.announce(driver.sequence)
    this.#shared.allowFor(Infinity)
    // Told before the commit is acknowledged: whoever asks a thread after that gets at least this state.
    driver.subscribe(({ sequence }) => this.#shared.announce(sequence))
  }

  get threads(): ServingThreads | undefined {
    return this.#threads
  }

  /** Where it listens. */
  get addresses(): readonly string[] {
    return this.#listeners.map((listener) => listener.address())
  }

  /** Every thread shows at least this commit from now on. */
  announce(sequence: Sequence): void {
    this.#shared.announce(sequence)
  }

  /**
   * Starts the threads; they listen later. `handedOver` carries out what they hand over, `takeAudited` writes what they audit on
   * chained devices.
   */
  async start(
    handedOver: WireHandler,
    takeAudited: (device: string, lines: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const { servingThreads: count } = this.#settings
    if (count === 0) return
    const { log, levels, writeLine, hub } = this.#serverLog
    this.#threads = new ServingThreads({
      clock: systemClock,
      log,
      metrics: this.#metrics,
      count,
      handler: handedOver,
      takeAudited,
      writeLog: writeLine,
      hear: (line) => hub.relay(line),
      dataOf: (number) => this.#dataOf(number),
    })
    levels.onChange(() => void this.#tellLevels())
    await this.#threads.start()
  }

  async listen(handler: WireHandler): Promise<void> {
    const shares = this.#threads !== undefined
    for (const config of this.#settings.listeners) {
      const own = shares && config.type === 'tcp' ? { ...config, reusePort: true } : config
      this.#listeners.push(
        await startListener(own, handler, {
          clock: systemClock,
          log: this.#serverLog.log.named('http'),
          metrics: this.#metrics,
        }),
      )
    }
    // A port that the kernel chose is the threads' port, too. A unix socket can be one listener's only.
    await this.#threads?.listen(
      this.#settings.listeners.flatMap((config, i) =>
        config.type === 'tcp' ? [{ ...config, reusePort: true, address: this.addresses[i] ?? config.address }] : [],
      ),
    )
  }

  /** An active node of several answers only as long as nobody else can have taken its place. */
  roleChanged(_role: Role | undefined, leadership: Leadership): void {
    this.#leadership = leadership
    this.#vouch()
  }

  /** The listeners of this thread, of which each reloads its own certificate. */
  get listeners(): readonly Listener[] {
    return this.#listeners
  }

  /** Each thread takes those of its certificates that are in order, and rejects for the others. */
  async reloadThreadCertificates(): Promise<void> {
    await this.#threads?.tell({ kind: 'reloadCertificates' })
  }

  /**
   * What each listener lets anyone do from now on, by its configured address; one that is not named any more lets nobody do anything.
   */
  async setDoors(doors: ReadonlyMap<string, Doors>): Promise<void> {
    const { listeners } = this.#settings
    const doorsOf = ({ address }: ListenerConfig) => doors.get(address) ?? SHUT
    for (const [i, config] of listeners.entries()) this.#listeners[i]?.setDoors(doorsOf(config))
    const open = listeners.filter((config) => Object.values(doorsOf(config)).includes(true))
    for (const config of open)
      this.#serverLog.log.warn('a listener lets anyone use paths that replace keys or make root tokens', {
        listener: config.address,
        ...doorsOf(config),
      })
    await this.#threads?.setDoors(listeners.filter(({ type }) => type === 'tcp').map(doorsOf))
  }

  async reopenAuditFiles(): Promise<void> {
    await this.#threads?.tell({ kind: 'reopenAuditFiles' })
  }

  /** No more requests come in; those under way have `grace` ms. */
  async close(grace: number): Promise<void> {
    await Promise.all([
      ...this.#listeners.map((listener) => listener.close(grace)),
      ...(this.#threads === undefined ? [] : [this.#threads.quiet(grace)]),
    ])
  }

  /** The threads end. The keys are gone by now. */
  async end(): Promise<void> {
    this.#isClosed = true
    await this.#threads?.stop()
  }

  #vouch(): void {
    const leadership = this.#leadership
    if (leadership === undefined) {
      this.#shared.allowFor(Infinity)
      return
    }
    this.#shared.allowFor(leadership.validUntil - systemClock.monotonic())
    systemClock.timer(VOUCH_EVERY, () => {
      if (!this.#isClosed && this.#leadership === leadership) this.#vouch()
    })
  }

  async #tellLevels(): Promise<void> {
    try {
      const { levels, requests } = this.#serverLog
      await this.#threads?.tell({ kind: 'levels', levels: levels.state, requests: requests.level })
    } catch {
      // A thread that ended; the one in its place starts with these levels.
    }
  }

  #dataOf(number: number): ThreadData {
    const { storage, log, telemetry, ...rest } = this.#settings
    if (storage.type === 'inmem') throw new Error('storage in memory is not shared between threads')
    return {
      number,
      shared: this.#shared.buffer,
      rateBuckets: this.rateBuckets,
      storage,
      cachedEntries: rest.cachedEntries,
      systemLimits: rest.systemLimits,
      administrative: rest.administrative,
      rawStorage: rest.rawStorage,
      introspection: rest.introspection,
      auditDevices: rest.auditDevices,
      auditForbiddenFolders: rest.closedToAudit,
      allowApiAuditCreation: rest.allowApiAuditCreation,
      allowAuditPrefix: rest.allowAuditPrefix,
      hostname: hostname(),
      hostnameHeader: rest.hostnameHeader,
      levels: this.#serverLog.levels.state,
      logFormat: log.format,
      logRequests: this.#serverLog.requests.level,
      maxSeries: telemetry.maxSeries,
    }
  }
}
