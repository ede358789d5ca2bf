/** All quotas in memory. Immutable: a change makes another one. */
import type { QuotaConfig } from '../request/quota-ports.ts'
import type { RowIndex } from '../storage/current-rows.ts'
import { ExemptPaths } from './exempt-paths.ts'
import { RuleFinder } from './rule-finder.ts'
import { initialConfig, keyOf, type LeaseCountRule, type QuotaRow, type RateLimitRule } from './rule.ts'

export class QuotaIndex implements RowIndex<QuotaRow, QuotaIndex> {
  readonly #rows: ReadonlyMap<string, QuotaRow>
  readonly rateLimits: RuleFinder<RateLimitRule>
  readonly leaseCounts: RuleFinder<LeaseCountRule>
  readonly config: QuotaConfig
  readonly exempt: ExemptPaths

  constructor(rows: readonly QuotaRow[]) {
    this.#rows = new Map(rows.map((row) => [keyOf(row), row]))
    this.rateLimits = new RuleFinder(rows.filter((row) => row.type === 'rate-limit'))
    this.leaseCounts = new RuleFinder(rows.filter((row) => row.type === 'lease-count'))
    this.config = rows.find((row) => row.type === 'config') ?? initialConfig
    this.exempt = new ExemptPaths(this.config)
  }

  all(): readonly QuotaRow[] {
    return [...this.#rows.values()]
  }

  get(key: string): QuotaRow | undefined {
    return this.#rows.get(key)
  }

  with(row: QuotaRow): QuotaIndex {
    return new QuotaIndex([...this.all().filter((old) => keyOf(old) !== keyOf(row)), row])
  }

  without(key: string): QuotaIndex {
    return new QuotaIndex(this.all().filter((old) => keyOf(old) !== key))
  }
}
