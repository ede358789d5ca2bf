/** Quotas: the table of them, how requests and leases are measured by it, and what goes with a mount or a namespace. */
import { quotaErrors } from '../errors/quotas.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger, Metrics } from '../lib/observe/index.ts'
import type { Mount } from '../request/mount.ts'
import type { NamespaceLookup } from '../request/namespace-ports.ts'
import type {
  LeaseCensus,
  LeaseCountInfo,
  LeaseCountSettings,
  QuotaConfig,
  QuotasPort,
  RateLimitInfo,
  RateLimitSettings,
} from '../request/quota-ports.ts'
import { rootNamespace, type Namespace } from '../request/request.ts'
import { CurrentRows } from '../storage/current-rows.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { Buckets } from './buckets.ts'
import { LeaseCounts } from './lease-counts.ts'
import { QuotaIndex } from './quota-index.ts'
import { RateLimits } from './rate-limits.ts'
import { quotaRows } from './records.ts'
import { keyOf, type LeaseCountRule, type QuotaRow, type RateLimitRule } from './rule.ts'
import { Rules, type RuleKind, type RulesDeps } from './rules.ts'

export interface QuotasDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Of all serving threads; one of this core's own if left out. */
  readonly buckets?: SharedArrayBuffer | undefined
  readonly census: LeaseCensus
  readonly namespaces: Pick<NamespaceLookup, 'descend' | 'byId'>
  mountByUuid(uuid: string): Mount | undefined
  mountAt(namespaceId: string, path: string): { readonly mount: Mount; readonly rest: string } | undefined
  hasRoles(mount: Mount): boolean
  assertNamespace(view: ReadView, id: string): Promise<void>
  assertMount(view: ReadView, mount: Mount): Promise<void>
  uuid(): string
}

export class Quotas implements QuotasPort {
  readonly rateLimits: Rules<RateLimitRule, RateLimitSettings, RateLimitInfo>
  readonly leaseCounts: Rules<LeaseCountRule, LeaseCountSettings, LeaseCountInfo>
  /** As requests meet them. */
  readonly limits: RateLimits
  /** As leases do. */
  readonly counts: LeaseCounts
  readonly #deps: QuotasDeps
  readonly #rows: CurrentRows<QuotaRow, QuotaIndex>

  constructor(deps: QuotasDeps) {
    this.#deps = deps
    const { store, clock, log, metrics, namespaces, census } = deps
    const stored = { ...quotaRows, keyOf, index: (rows: readonly QuotaRow[]) => new QuotaIndex(rows) }
    this.#rows = new CurrentRows<QuotaRow, QuotaIndex>(store, clock, stored, () => this.counts.refresh())
    const index = () => this.#rows.index
    this.limits = new RateLimits({ clock, metrics, buckets: new Buckets(deps.buckets), index })
    this.counts = new LeaseCounts({
      store,
      clock,
      log,
      metrics,
      census,
      rules: () => index().leaseCounts,
      namespaceOf: (id) => (id === rootNamespace.id ? rootNamespace : namespaces.byId(id)),
      mountAt: (namespaceId, path) => deps.mountAt(namespaceId, path),
    })
    const rules = this.#rulesDeps()
    this.rateLimits = new Rules(rules, rateLimitKind)
    this.leaseCounts = new Rules(rules, leaseCountKind)
  }

  /** For cores that only read. */
  get follower(): CurrentRows<QuotaRow, QuotaIndex> {
    return this.#rows
  }

  async start(leads: boolean): Promise<void> {
    await this.#deps.store.read((view) => this.#rows.load(view))
    if (leads) this.counts.start()
  }

  /** At seal, and between two roles. */
  async stop(): Promise<void> {
    await this.counts.stop()
    this.#rows.clear()
  }

  // QuotasPort

  leasesOf(name: string): Promise<number> {
    return this.counts.countOf(name)
  }

  config(): QuotaConfig {
    return this.#rows.index.config
  }

  async putConfig(view: WriteView, change: Partial<QuotaConfig>): Promise<void> {
    const { config } = await this.#rows.at(view)
    this.#put(view, { type: 'config', ...config, ...change })
  }

  // For the rooms around

  /** Removes what is for a mount that is gone. Safe to repeat. */
  async forgetMount({ uuid }: Mount): Promise<void> {
    await this.#forget((row) => row.type !== 'config' && row.mountUuid === uuid)
  }

  async forgetNamespace({ id }: Namespace): Promise<void> {
    await this.#forget((row) => row.type !== 'config' && row.namespaceId === id)
  }

  async #forget(goes: (row: QuotaRow) => boolean): Promise<void> {
    if (!this.#rows.index.all().some((row) => goes(row)) && !this.#rows.lags) return
    await this.#deps.store.write(async (view) => {
      for (const row of (await this.#rows.at(view)).all()) if (goes(row)) this.#remove(view, keyOf(row))
    })
  }

  #put(view: WriteView, row: QuotaRow): void {
    const frozen = Object.freeze(row)
    quotaRows.put(view, frozen)
    view.onCommitted((sequence) => this.#rows.apply(keyOf(row), sequence, frozen))
  }

  #remove(view: WriteView, key: string): void {
    quotaRows.delete(view, key)
    view.onCommitted((sequence) => this.#rows.apply(key, sequence, undefined))
  }

  #rulesDeps(): RulesDeps {
    const { namespaces, mountByUuid, mountAt, hasRoles, assertNamespace, assertMount, uuid } = this.#deps
    return {
      index: () => this.#rows.index,
      at: (view) => this.#rows.at(view),
      put: (view, rule) => this.#put(view, rule),
      remove: (view, key) => this.#remove(view, key),
      uuid,
      locate: (path) => namespaces.descend(rootNamespace, path),
      serving: (namespace, path) => mountAt(namespace.id, path)?.mount,
      mountOf: mountByUuid,
      isServed: (id) => id === rootNamespace.id || namespaces.byId(id) !== undefined,
      hasRoles,
      assertHeld: async (view, { namespaceId, mountUuid }) => {
        await assertNamespace(view, namespaceId)
        const mount = mountUuid === '' ? undefined : mountByUuid(mountUuid)
        if (mountUuid !== '' && mount === undefined) throw quotaErrors.MOUNT({ path: '' })
        if (mount !== undefined) await assertMount(view, mount)
      },
    }
  }
}

const rateLimitKind: RuleKind<RateLimitRule, RateLimitSettings, RateLimitInfo> = {
  type: 'rate-limit',
  isOf: (row): row is RateLimitRule => row?.type === 'rate-limit',
  make: (scope, { rate, secondaryRate, interval, blockInterval, groupBy }) => ({
    type: 'rate-limit',
    ...scope,
    rate,
    secondaryRate,
    interval,
    blockInterval,
    groupBy,
  }),
  show: ({ name, role, inheritable, rate, secondaryRate, interval, blockInterval, groupBy }, path) => ({
    name,
    path,
    role,
    inheritable,
    rate,
    secondaryRate,
    interval,
    blockInterval,
    groupBy,
  }),
}

const leaseCountKind: RuleKind<LeaseCountRule, LeaseCountSettings, LeaseCountInfo> = {
  type: 'lease-count',
  isOf: (row): row is LeaseCountRule => row?.type === 'lease-count',
  make: (scope, { maxLeases }) => ({ type: 'lease-count', ...scope, maxLeases }),
  show: ({ name, role, inheritable, maxLeases }, path) => ({ name, path, role, inheritable, maxLeases }),
}
