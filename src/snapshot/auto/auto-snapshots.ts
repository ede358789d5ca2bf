/**
 * Snapshots by the clock: each configuration has its interval, its destination, and how many are kept. When the next is due is stored,
 * so neither a restart nor a change of the active node makes one too many or too few. Lives while the server is active.
 */
import { CofferError } from '../../errors/coffer-error.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger, Metrics } from '../../lib/observe/index.ts'
import type { AutoSnapshotConfig, AutoSnapshotsPort, AutoSnapshotStatus } from '../../request/snapshot-ports.ts'
import type { Store } from '../../storage/store.ts'
import type { ReadView, WriteView } from '../../storage/view.ts'
import { checkConfig } from './check-config.ts'
import { autoSnapshotErrors } from '../errors.ts'
import { openTarget } from './open-target.ts'
import { AUTO_PREFIX, configs, noRun, runs, sameConfig, type RunRecord } from './records.ts'
import { nameOf, timeOf, type Target } from './target.ts'

export interface AutoSnapshotsDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Files and folders that the server keeps for itself. */
  readonly closed: readonly string[]
  /** An archive of all that is stored, made as it is read. */
  take(): AsyncIterable<Uint8Array>
}

/** One that was taken by the clock. */
export interface AutomaticSnapshot {
  /** Name of the configuration that it was taken by. */
  readonly config: string
  /** Of its name: nanoseconds since 1970. */
  readonly time: bigint
  readonly url: string
  read(): AsyncIterable<Uint8Array>
}

interface UnderWay {
  readonly name: string
  readonly start: number
  readonly url: string
}

/** ms: the first wait after a failure, doubled with each further one; the longest; and the longest sleep of the schedule. */
const FIRST_RETRY = 60_000
const LONGEST_RETRY = 3_600_000
const LONGEST_SLEEP = 3_600_000

export class AutoSnapshots implements AutoSnapshotsPort {
  readonly #deps: AutoSnapshotsDeps
  #timer: Timer | undefined
  #unsubscribe: (() => void) | undefined
  #working: Promise<void> | undefined
  #underWay: UnderWay | undefined
  #open = false
  /** Something changed while a look at the schedule was under way: another look is due. */
  #again = false

  constructor(deps: AutoSnapshotsDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#open = true
    this.#unsubscribe = this.#deps.store.driver.subscribe(({ keys, reset }) => {
      if (reset === true || keys.some((key) => key.startsWith(AUTO_PREFIX))) this.#wake()
    })
    this.#wake()
  }

  /** Waits for the run under way, which ends early. */
  async stop(): Promise<void> {
    this.#open = false
    this.#unsubscribe?.()
    this.#timer?.cancel()
    await this.#working
  }

  list(view: ReadView): Promise<readonly string[]> {
    return configs.list(view)
  }

  get(view: ReadView, name: string): Promise<AutoSnapshotConfig | undefined> {
    return configs.get(view, { name })
  }

  async put(view: WriteView, name: string, config: AutoSnapshotConfig): Promise<void> {
    checkConfig(config, this.#deps.closed)
    const before = await configs.get(view, { name })
    if (before !== undefined && sameConfig(before, config)) return
    configs.put(view, { name }, config)
    // At once: whoever configures it wants to see that it works.
    const run = (await runs.get(view, { name })) ?? noRun
    runs.put(view, { name }, { ...run, next: this.#deps.clock.now(), errors: 0 })
  }

  async delete(view: WriteView, name: string): Promise<void> {
    configs.delete(view, { name })
    runs.delete(view, { name })
  }

  async status(view: ReadView, name: string): Promise<AutoSnapshotStatus | undefined> {
    if (!(await configs.has(view, { name }))) return undefined
    const run = (await runs.get(view, { name })) ?? noRun
    const now = this.#underWay?.name === name ? this.#underWay : undefined
    return {
      lastStart: timeText(run.lastStart),
      lastEnd: timeText(run.lastEnd),
      lastError: run.lastError,
      lastUrl: run.lastUrl,
      start: timeText(now?.start ?? 0),
      url: now?.url ?? '',
      next: timeText(run.next),
      consecutiveErrors: run.errors,
    }
  }

  /**
   * The newest of all configurations, whichever that is; undefined where there is none. Rejects with `SNAPSHOT_AUTO_UNREADABLE` where
   * one cannot be looked into: an older one of another would pass for the newest.
   */
  async newest(): Promise<AutomaticSnapshot | undefined> {
    let newest: AutomaticSnapshot | undefined
    for (const { name, config } of await this.#schedule()) {
      const found = await this.#newestOf(name, config)
      if (found !== undefined && (newest === undefined || found.time > newest.time)) newest = found
    }
    return newest
  }

  async #newestOf(config: string, settings: AutoSnapshotConfig): Promise<AutomaticSnapshot | undefined> {
    try {
      checkConfig(settings, this.#deps.closed)
      const target = await openTarget(settings)
      try {
        const name = (await target.list()).at(-1)?.name
        const time = name === undefined ? undefined : timeOf(settings.filePrefix, name)
        if (name === undefined || time === undefined) return undefined
        return { config, time, url: target.urlOf(name), read: () => readFrom(settings, name) }
      } finally {
        target.close()
      }
    } catch (error) {
      // Nothing was written there yet, or not by this node.
      if (codeOf(error) === 'ENOENT') return undefined
      throw autoSnapshotErrors.UNREADABLE({ config, reason: sentenceOf(error) }, { cause: error })
    }
  }

  #wake(): void {
    if (!this.#open) return
    if (this.#working !== undefined) {
      this.#again = true
      return
    }
    this.#timer?.cancel()
    this.#working = this.#work().finally(() => {
      this.#working = undefined
      if (this.#again) {
        this.#again = false
        this.#wake()
      }
    })
  }

  /** Runs what is due, one after the other, and sets the clock for the next. Never rejects. */
  async #work(): Promise<void> {
    let wait = LONGEST_SLEEP
    try {
      for (const { name, config, run } of await this.#schedule()) {
        if (!this.#open) return
        if (run.next <= this.#deps.clock.now()) await this.#run(name, config, run)
      }
      const next = Math.min(...(await this.#schedule()).map(({ run }) => run.next))
      wait = Math.min(Math.max(next - this.#deps.clock.now(), 0), LONGEST_SLEEP)
    } catch (error) {
      wait = FIRST_RETRY
      this.#deps.log.error('the schedule of snapshots could not be worked on', { cause: codeOf(error) })
    }
    if (this.#open) this.#timer = this.#deps.clock.timer(wait, () => this.#wakeAndWait())
  }

  async #wakeAndWait(): Promise<void> {
    this.#wake()
    await this.#working
  }

  async #schedule(): Promise<
    readonly { readonly name: string; readonly config: AutoSnapshotConfig; readonly run: RunRecord }[]
  > {
    return this.#deps.store.read(async (view) => {
      const out: { name: string; config: AutoSnapshotConfig; run: RunRecord }[] = []
      for (const name of await configs.list(view)) {
        const config = await configs.get(view, { name })
        if (config !== undefined) out.push({ name, config, run: (await runs.get(view, { name })) ?? noRun })
      }
      return out
    })
  }

  async #run(name: string, config: AutoSnapshotConfig, before: RunRecord): Promise<void> {
    const { clock, log, metrics } = this.#deps
    const labels = { snapshot_config_name: name }
    const start = clock.now()
    const began = clock.monotonic()
    let url = ''
    let failed: unknown
    try {
      // What was stored may come from elsewhere, or from before this server was configured as it is.
      checkConfig(config, this.#deps.closed)
      const target = await openTarget(config)
      try {
        const file = nameOf(config.filePrefix, start)
        this.#underWay = { name, start, url: target.urlOf(file) }
        const bytes = await this.#write(target, file)
        url = target.urlOf(file)
        metrics.gauge('vault.autosnapshots.snapshot.size', labels).set(bytes)
        await this.#rotate(target, config.retain, labels)
      } finally {
        target.close()
      }
    } catch (error) {
      failed = error
    }
    this.#underWay = undefined
    // A run that the end of the server cut short is due again as soon as it is back.
    if (failed !== undefined && !this.#open) return
    metrics.summary('vault.autosnapshots.save.duration', labels).observe(clock.monotonic() - began)
    if (failed === undefined) {
      metrics.gauge('vault.autosnapshots.last.success.time', labels).set(clock.now() / 1000)
      log.info('an automated snapshot was taken', { config: name, url })
    } else {
      metrics.counter('vault.autosnapshots.save.errors', labels).add()
      log.error('an automated snapshot failed', { config: name, cause: codeOf(failed) })
    }
    await this.#note(name, config, before, { start, url, failed })
  }

  async #write(target: Target, file: string): Promise<number> {
    let bytes = 0
    const take = this.#deps.take()
    const isOpen = (): boolean => this.#open
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of take) {
        if (!isOpen()) throw new Error('the server stops')
        bytes += chunk.length
        yield chunk
      }
    }
    await target.write(file, counted())
    return bytes
  }

  /** The new one is safe by now: that old ones stay is no failure of it. */
  async #rotate(target: Target, retain: number, labels: Readonly<Record<string, string>>): Promise<void> {
    const { log, metrics } = this.#deps
    try {
      const all = await target.list()
      for (const { name } of all.slice(0, -retain)) await target.remove(name)
      metrics.gauge('vault.autosnapshots.snapshots.in.storage', labels).set(Math.min(all.length, retain))
    } catch (error) {
      metrics.counter('vault.autosnapshots.rotate.errors', labels).add()
      log.error('old snapshots could not be removed', { ...labels, cause: codeOf(error) })
    }
  }

  async #note(
    name: string,
    config: AutoSnapshotConfig,
    before: RunRecord,
    { start, url, failed }: { readonly start: number; readonly url: string; readonly failed: unknown },
  ): Promise<void> {
    const { store, clock } = this.#deps
    const now = clock.now()
    const errors = failed === undefined ? 0 : before.errors + 1
    const retry = Math.min(FIRST_RETRY * 2 ** (errors - 1), LONGEST_RETRY, config.interval * 1000)
    const next = failed === undefined ? start + config.interval * 1000 : now + retry
    await store.write(async (view) => {
      const current = await configs.get(view, { name })
      if (current === undefined) return
      // Changed meanwhile: the new one is due as it says.
      const own = sameConfig(current, config)
      const due = own ? Math.max(next, now) : ((await runs.get(view, { name })) ?? noRun).next
      runs.put(
        view,
        { name },
        {
          next: due,
          lastStart: start,
          lastEnd: now,
          lastError: failed === undefined ? '' : sentenceOf(failed),
          lastUrl: failed === undefined ? url : before.lastUrl,
          errors: own ? errors : 0,
        },
      )
    })
  }
}

async function* readFrom(settings: AutoSnapshotConfig, name: string): AsyncGenerator<Uint8Array> {
  const target = await openTarget(settings)
  try {
    yield* target.read(name)
  } finally {
    target.close()
  }
}

function timeText(ms: number): string {
  return ms === 0 ? '' : new Date(ms).toISOString()
}

function codeOf(error: unknown): string {
  if (error instanceof CofferError) return error.code
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** Foreign messages can quote what they were given: of those only the kind is told. */
function sentenceOf(error: unknown): string {
  return error instanceof CofferError ? error.message : `failed: ${codeOf(error)}`
}
