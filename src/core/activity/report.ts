/** Client counts in the form of Vault's `sys/internal/counters/activity`. */
import type { JsonOut } from '../../lib/json/index.ts'
import { rfc3339 } from '../../lib/rfc3339.ts'
import type { Mount } from '../../request/mount.ts'
import type { Period } from '../../request/activity-ports.ts'
import { monthOf, monthsBetween, startOf, type Month } from './month.ts'
import type { CountedClient } from './records.ts'
import { Tally, type Count } from './tally.ts'

export interface Names {
  /** Path of a namespace; undefined where it is gone. */
  namespace(id: string): string | undefined
  mount(accessor: string): Mount | undefined
}

interface OfMonth {
  readonly month: Month
  readonly all: Tally
  /** Who was not there in an earlier month of the period. */
  readonly fresh: Tally
}

/** Takes clients month by month, in order. */
export class ReportWriter {
  readonly #names: Names
  readonly #known = new Set<string>()
  readonly #total = new Tally()
  readonly #months: OfMonth[] = []

  constructor(names: Names) {
    this.#names = names
  }

  get isEmpty(): boolean {
    return this.#total.isEmpty
  }

  async add(month: Month, clients: AsyncIterable<CountedClient>): Promise<void> {
    const row = { month, all: new Tally(), fresh: new Tally() }
    const seen = new Set<string>()
    for await (const client of clients) {
      if (seen.has(client.id)) continue
      seen.add(client.id)
      row.all.add(client)
      if (this.#known.has(client.id)) continue
      this.#known.add(client.id)
      row.fresh.add(client)
      this.#total.add(client)
    }
    this.#months.push(row)
  }

  report({ start, end }: Period, limitNamespaces: number): ReadonlyMap<string, JsonOut> {
    return new Map<string, JsonOut>([
      ['by_namespace', this.#byNamespace(this.#total, limitNamespaces)],
      ['start_time', rfc3339(start)],
      ['end_time', rfc3339(end)],
      ['months', this.#months.map((row) => this.#monthRow(row))],
      ['total', counts(this.#total.total)],
    ])
  }

  /** Of one month alone. */
  partial(): ReadonlyMap<string, JsonOut> {
    return new Map<string, JsonOut>([
      ['by_namespace', this.#byNamespace(this.#total)],
      ...Object.entries(counts(this.#total.total)),
      ['months', this.#months.map((row) => this.#monthRow(row))],
    ])
  }

  #monthRow({ month, all, fresh }: OfMonth): JsonOut {
    const timestamp = rfc3339(startOf(month))
    // As Vault: a month without anybody has nothing to say.
    if (all.isEmpty) return { timestamp, counts: null, namespaces: null, new_clients: null }
    return {
      timestamp,
      counts: counts(all.total),
      namespaces: this.#byNamespace(all),
      new_clients: { counts: counts(fresh.total), namespaces: this.#byNamespace(fresh) },
    }
  }

  #byNamespace(tally: Tally, limit = 0): readonly JsonOut[] {
    const rows = tally.namespaces()
    return (limit > 0 ? rows.slice(0, limit) : rows).map((row) => ({
      namespace_id: row.id,
      namespace_path: this.#names.namespace(row.id) ?? `deleted namespace "${row.id}"`,
      counts: counts(row),
      mounts: row.mounts.map((mount) => ({ mount_path: this.#mountPath(mount.accessor), counts: counts(mount) })),
    }))
  }

  #mountPath(accessor: string): string {
    return this.#names.mount(accessor)?.path ?? `deleted mount; accessor "${accessor}"`
  }
}

/** The old names beside the new ones. */
function counts({ entities, others }: Count): { readonly [name: string]: number } {
  return {
    distinct_entities: entities,
    entity_clients: entities,
    non_entity_tokens: others,
    non_entity_clients: others,
    clients: entities + others,
  }
}

export function monthsOf({ start, end }: Period): readonly Month[] {
  return monthsBetween(monthOf(start), monthOf(end))
}
