/**
 * Lease counts, kept exactly, by the one core that makes leases. A transaction takes its place before it makes a lease and gives it back
 * where it rolls back, so no burst passes the limit; and the count follows every commit, so none is ever looked up for a request.
 *
 * All leases are gone through once after each start and whenever it changes what quotas are for, beside the requests: only those that
 * make a lease for which there is a quota wait for it.
 */
import { setImmediate } from 'node:timers/promises'
import { quotaErrors } from '../errors/quotas.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Counter, Logger, Metrics } from '../lib/observe/index.ts'
import type { Mount } from '../request/mount.ts'
import type { CountedLease, LeaseCensus, LeaseCountPort } from '../request/quota-ports.ts'
import type { Namespace } from '../request/request.ts'
import type { Store } from '../storage/store.ts'
import type { WriteView } from '../storage/view.ts'
import { scopeOf, type LeaseCountRule } from './rule.ts'
import type { RuleFinder } from './rule-finder.ts'
import { Tally } from './tally.ts'

export interface LeaseCountsDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly census: LeaseCensus
  rules(): RuleFinder<LeaseCountRule>
  namespaceOf(id: string): Namespace | undefined
  /** The mount of a path, and the path below it. */
  mountAt(namespaceId: string, path: string): { readonly mount: Mount; readonly rest: string } | undefined
}

/** A place that a transaction has taken. */
interface Ticket {
  readonly lease: CountedLease
  /** Of the tally that counts now. */
  name: string | undefined
}

interface Counting {
  readonly tally: Tally
  readonly scopes: string
  readonly done: Promise<void>
  isDone: boolean
}

/** After a census that failed, ms. */
const REST = 1_000

export class LeaseCounts implements LeaseCountPort {
  readonly #deps: LeaseCountsDeps
  readonly #tickets = new Set<Ticket>()
  #counting: Counting | undefined
  #leads = false
  /** Between a census that failed and the next. */
  #rest: { readonly timer: Timer; end(): void } | undefined

  constructor(deps: LeaseCountsDeps) {
    this.#deps = deps
    deps.metrics.beforeReport(() => this.#report())
  }

  /** On the leader alone. */
  start(): void {
    this.#leads = true
    this.refresh()
  }

  async stop(): Promise<void> {
    this.#leads = false
    this.#rest?.timer.cancel()
    this.#rest?.end()
    const counting = this.#counting
    this.#counting = undefined
    this.#tickets.clear()
    await counting?.done
  }

  /** The rules have changed: counts anew where it changed what they are for. */
  refresh(): void {
    if (!this.#leads) return
    const rules = this.#deps.rules()
    const scopes = rules.all
      .map((rule) => JSON.stringify([rule.name, scopeOf(rule), rule.inheritable]))
      .toSorted()
      .join('\n')
    if (rules.isEmpty) this.#counting = undefined
    else if (this.#counting?.scopes !== scopes) this.#begin(scopes)
  }

  /** What is counted is not known to be right any more. */
  recount(): void {
    if (this.#counting === undefined) return
    this.#counting = undefined
    this.refresh()
  }

  enter(view: WriteView, lease: CountedLease): Promise<void> | undefined {
    const ticket: Ticket = { lease, name: undefined }
    view.onCommitted((sequence) => {
      this.#release(ticket)
      this.#counting?.tally.committed(sequence, lease, 1)
    })
    view.onRolledBack((certain) => {
      this.#release(ticket)
      if (!certain) this.recount()
    })
    const counting = this.#counting
    if (counting === undefined) return undefined
    if (!counting.isDone) return this.#enterLater(ticket)
    this.#take(counting.tally, ticket)
    return undefined
  }

  check(lease: CountedLease): Promise<void> | undefined {
    const counting = this.#counting
    if (counting === undefined) return undefined
    if (!counting.isDone) return this.#checkLater(lease)
    this.#assertRoom(counting.tally, lease)
    return undefined
  }

  leave(view: WriteView, lease: CountedLease): void {
    view.onCommitted((sequence) => this.#counting?.tally.committed(sequence, lease, -1))
    view.onRolledBack((certain) => {
      if (!certain) this.recount()
    })
  }

  /** For the endpoint and the metrics. */
  async countOf(name: string): Promise<number> {
    return (await this.#current())?.tally.count(name) ?? 0
  }

  async #enterLater(ticket: Ticket): Promise<void> {
    const counting = await this.#current()
    if (counting !== undefined) this.#take(counting.tally, ticket)
  }

  async #checkLater(lease: CountedLease): Promise<void> {
    const counting = await this.#current()
    if (counting !== undefined) this.#assertRoom(counting.tally, lease)
  }

  #take(tally: Tally, ticket: Ticket): void {
    ticket.name = this.#assertRoom(tally, ticket.lease)
    if (ticket.name === undefined) return
    tally.take(ticket.name)
    this.#tickets.add(ticket)
  }

  #release(ticket: Ticket): void {
    if (this.#tickets.delete(ticket) && ticket.name !== undefined) this.#counting?.tally.giveBack(ticket.name)
  }

  /** The name of the rule that the lease counts towards. */
  #assertRoom(tally: Tally, lease: CountedLease): string | undefined {
    const rule = tally.ruleOf(lease)
    if (rule === undefined) return undefined
    if (tally.used(rule.name) < rule.maxLeases) return rule.name
    this.#violations(rule).add()
    throw quotaErrors.LEASES({ path: lease.path })
  }

  #violations({ name }: LeaseCountRule): Counter {
    return this.#deps.metrics.counter('vault.quota.lease_count.violation', { name })
  }

  /** Once it has counted; undefined where nothing is limited. */
  async #current(): Promise<Counting | undefined> {
    for (;;) {
      const counting = this.#counting
      if (counting === undefined || counting.isDone) return counting
      await counting.done
    }
  }

  #begin(scopes: string): void {
    const tally = new Tally((lease) => this.#ruleOf(lease))
    for (const ticket of this.#tickets) {
      ticket.name = tally.ruleOf(ticket.lease)?.name
      if (ticket.name !== undefined) tally.take(ticket.name)
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const counting: Counting = { tally, scopes, done: promise, isDone: false }
    this.#counting = counting
    void this.#count(counting).finally(resolve)
  }

  /** Never rejects. */
  async #count(counting: Counting): Promise<void> {
    const { store, census, log, clock } = this.#deps
    const { tally } = counting
    try {
      await store.read(async (view) => {
        tally.begin(view.sequence)
        for await (const page of census(view, (lease) => this.#needsRole(lease))) {
          if (this.#counting !== counting) return
          this.#countPage(tally, page)
          await setImmediate()
        }
      })
      counting.isDone = true
    } catch (error) {
      if (this.#counting !== counting) return
      log.warn('leases could not be counted, and are counted again', {
        cause: error instanceof Error ? error.name : 'unknown',
      })
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#rest = { timer: clock.timer(REST, resolve), end: resolve }
      await promise
      if (this.#counting === counting) this.recount()
    }
  }

  #countPage(tally: Tally, page: readonly CountedLease[]): void {
    // Leases of one path follow one another.
    let [namespaceId, path, role, name] = ['', '', '', undefined as string | undefined]
    for (const lease of page) {
      if (lease.path !== path || lease.namespaceId !== namespaceId || lease.role !== role) {
        ;({ namespaceId, path, role } = lease)
        name = tally.ruleOf(lease)?.name
      }
      if (name !== undefined) tally.found(name)
    }
  }

  #needsRole({ namespaceId, path }: Omit<CountedLease, 'role'>): boolean {
    const found = this.#deps.mountAt(namespaceId, path)
    return found !== undefined && this.#deps.rules().byRole(found.mount.uuid)
  }

  #ruleOf({ namespaceId, path, role }: CountedLease): LeaseCountRule | undefined {
    const namespace = this.#deps.namespaceOf(namespaceId)
    if (namespace === undefined) return undefined
    const found = this.#deps.mountAt(namespaceId, path)
    return this.#deps.rules().find({ namespace, mountUuid: found?.mount.uuid, rest: found?.rest ?? '', role })
  }

  #report(): void {
    const counting = this.#counting
    if (counting?.isDone !== true) return
    for (const { name, maxLeases } of this.#deps.rules().all) {
      this.#deps.metrics.gauge('vault.quota.lease_count.counter', { name }).set(counting.tally.count(name))
      this.#deps.metrics.gauge('vault.quota.lease_count.max', { name }).set(maxLeases)
    }
  }
}
