/** Client counts: whether they are kept and how long, and what they say. */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { JsonOut } from '../../lib/json/index.ts'
import type { Logger } from '../../lib/observe/index.ts'
import type { ActivityConfig, ActivityConfigStatus, ActivityPort, Period } from '../../request/activity-ports.ts'
import type { Caller } from '../../request/caller.ts'
import type { Mount } from '../../request/mount.ts'
import type { NamespaceLookup } from '../../request/namespace-ports.ts'
import { rootNamespace, type Namespace } from '../../request/request.ts'
import type { Store } from '../../storage/store.ts'
import type { ReadView, WriteView } from '../../storage/view.ts'
import { toCofferError } from '../failure.ts'
import type { ActivePart, Role } from '../lifecycle.ts'
import { ClientCounter } from './client-counter.ts'
import { exportLines } from './export.ts'
import { monthOf, plus, startOf, endOf, type Month } from './month.ts'
import { clientsOf } from './reader.ts'
import { pack, remove, storedConfig, storedMonths, type CountedClient } from './records.ts'
import { monthsOf, ReportWriter, type Names } from './report.ts'

export interface ActivityDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly namespaces: Pick<NamespaceLookup, 'byId' | 'below'>
  readonly mounts: {
    byAccessor(accessor: string): Mount | undefined
    /** The one that serves a path of a namespace. */
    serving(namespaceId: string, path: string): Mount | undefined
  }
  /** How many entities there are, and tokens, in one namespace. */
  entitiesIn(view: ReadView, namespaceId: string): Promise<number>
  tokensIn(view: ReadView, namespaceId: string): Promise<number>
}

const USUAL: ActivityConfig = { enabled: 'default', retentionMonths: 48, defaultReportMonths: 12 }

/** How often months that are over are put together, and those that are too old removed, ms. */
const TIDY_EVERY = 600_000

export class Activity implements ActivityPort, ActivePart {
  readonly counter: ClientCounter
  readonly #deps: ActivityDeps
  readonly #names: Names
  #timer: Timer | undefined
  #tidying: Promise<void> | undefined
  #stopped = true

  constructor(deps: ActivityDeps) {
    const { store, clock, log, namespaces, mounts } = deps
    this.#deps = deps
    this.counter = new ClientCounter({ store, clock, log, accessorOf: (caller) => this.#accessorOf(caller) })
    this.#names = {
      namespace: (id) => (id === rootNamespace.id ? rootNamespace.path : namespaces.byId(id)?.path),
      mount: (accessor) => mounts.byAccessor(accessor),
    }
  }

  /** The configuration may have changed. */
  async load(view: ReadView): Promise<void> {
    this.counter.enabled = isOn(await configIn(view))
  }

  async start(role: Role): Promise<void> {
    await this.#deps.store.read((view) => this.load(view))
    this.#stopped = false
    if (role === 'leader') this.#tidyLater(0)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#tidying
    await this.counter.stop()
  }

  // ActivityPort

  async config(view: ReadView): Promise<ActivityConfigStatus> {
    const config = await configIn(view)
    return { ...config, isOn: isOn(config), hasData: (await storedMonths(view)).length > 0 }
  }

  async setConfig(view: WriteView, config: ActivityConfig): Promise<void> {
    storedConfig.put(
      view,
      {},
      {
        enabled: config.enabled,
        retention_months: config.retentionMonths,
        default_report_months: config.defaultReportMonths,
      },
    )
    view.onCommitted(() => {
      this.counter.enabled = isOn(config)
      this.#tidyLater(0)
    })
  }

  async report(namespace: Namespace, period: Period, limit: number): Promise<ReadonlyMap<string, JsonOut> | undefined> {
    const writer = await this.#written(namespace, period)
    return writer.isEmpty ? undefined : writer.report(period, limit)
  }

  async currentMonth(namespace: Namespace): Promise<ReadonlyMap<string, JsonOut> | undefined> {
    if (!isOn(await this.#deps.store.read(configIn))) return undefined
    const month = monthOf(this.#deps.clock.now())
    return (await this.#written(namespace, { start: startOf(month), end: endOf(month) - 1 })).partial()
  }

  async exported(
    namespace: Namespace,
    period: Period,
    format: 'json' | 'csv',
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    await this.counter.flush()
    const first = await this.#distinct(namespace, period)[Symbol.asyncIterator]().next()
    if (first.done === true) return undefined
    return exportLines(this.#distinct(namespace, period), format, this.#names)
  }

  async entities(view: ReadView, namespace: Namespace): Promise<number> {
    let total = 0
    for (const id of this.#within(namespace)) total += await this.#deps.entitiesIn(view, id)
    return total
  }

  async tokens(view: ReadView, namespace: Namespace): Promise<number> {
    let total = 0
    for (const id of this.#within(namespace)) total += await this.#deps.tokensIn(view, id)
    return total
  }

  async #written(namespace: Namespace, period: Period): Promise<ReportWriter> {
    await this.counter.flush()
    const writer = new ReportWriter(this.#names)
    const ids = this.#within(namespace)
    for (const month of monthsOf(period)) await writer.add(month, this.#clientsOf(month, ids))
    return writer
  }

  async *#distinct(namespace: Namespace, period: Period): AsyncGenerator<CountedClient> {
    const ids = this.#within(namespace)
    const seen = new Set<string>()
    for (const month of monthsOf(period)) {
      for await (const client of this.#clientsOf(month, ids)) {
        if (seen.has(client.id)) continue
        seen.add(client.id)
        yield client
      }
    }
  }

  /** In the root namespace also those of namespaces that are gone. */
  async *#clientsOf(month: Month, ids: ReadonlySet<string>): AsyncGenerator<CountedClient> {
    const all = ids.has(rootNamespace.id)
    for await (const client of clientsOf(this.#deps.store, month)) if (all || ids.has(client.namespace)) yield client
  }

  #within(namespace: Namespace): ReadonlySet<string> {
    return new Set([namespace.id, ...this.#deps.namespaces.below(namespace).map(({ id }) => id)])
  }

  /** Of the mount where the token was made: a token that another made counts for the method of the tokens. */
  #accessorOf({ namespaceId, path }: Caller): string {
    return this.#deps.mounts.serving(namespaceId, path)?.accessor ?? ''
  }

  #tidyLater(ms: number): void {
    if (this.#stopped) return
    this.#timer?.cancel()
    this.#timer = this.#deps.clock.timer(ms, () => this.tidy())
  }

  /** Months that are over are packed, and what is not to be kept goes. Never rejects. */
  async tidy(): Promise<void> {
    this.#tidying ??= this.#tidy()
      .catch((error: unknown) => {
        this.#deps.log.warn('client counts could not be tidied and are so later', { code: toCofferError(error).code })
      })
      .finally(() => {
        this.#tidying = undefined
        this.#tidyLater(TIDY_EVERY)
      })
    await this.#tidying
  }

  async #tidy(): Promise<void> {
    const { store, clock } = this.#deps
    const current = monthOf(clock.now())
    const { config, months } = await store.read(async (view) => ({
      config: await configIn(view),
      months: await storedMonths(view),
    }))
    const oldest = plus(current, -config.retentionMonths)
    for (const month of months) {
      const isKept = config.retentionMonths > 0 && month >= oldest && (month !== current || isOn(config))
      if (isKept && month >= current) continue
      const step = isKept ? pack : remove
      while (!this.#stopped && (await store.write((view) => step(view, month))));
    }
  }
}

async function configIn(view: ReadView): Promise<ActivityConfig> {
  const stored = await storedConfig.get(view, {})
  if (stored === undefined) return USUAL
  return {
    enabled: stored.enabled,
    retentionMonths: stored.retention_months,
    defaultReportMonths: stored.default_report_months,
  }
}

function isOn({ enabled }: ActivityConfig): boolean {
  return enabled !== 'disable'
}
