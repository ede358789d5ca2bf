/** Clients added up by namespace and by the mount through which they came. */
import type { CountedClient } from './records.ts'

export interface Count {
  readonly entities: number
  readonly others: number
}

export interface MountCount extends Count {
  readonly accessor: string
}

export interface NamespaceCount extends Count {
  readonly id: string
  readonly mounts: readonly MountCount[]
}

const NONE: Count = { entities: 0, others: 0 }

/** Whoever adds a client says that he is not in it yet. */
export class Tally {
  readonly #namespaces = new Map<string, Map<string, Count>>()
  #total = NONE

  get total(): Count {
    return this.#total
  }

  get isEmpty(): boolean {
    return this.#namespaces.size === 0
  }

  add({ namespace, accessor, entity }: CountedClient): void {
    const mounts = this.#namespaces.get(namespace) ?? new Map<string, Count>()
    this.#namespaces.set(namespace, mounts)
    const one = entity ? { entities: 1, others: 0 } : { entities: 0, others: 1 }
    mounts.set(accessor, sum([mounts.get(accessor) ?? NONE, one]))
    this.#total = sum([this.#total, one])
  }

  /** Those with the most clients first. */
  namespaces(): readonly NamespaceCount[] {
    return [...this.#namespaces]
      .map(([id, mounts]) => {
        const rows = [...mounts].map(([accessor, count]) => ({ accessor, ...count })).toSorted(byClients)
        return { id, mounts: rows, ...sum(rows) }
      })
      .toSorted(byClients)
  }
}

function sum(counts: readonly Count[]): Count {
  return {
    entities: counts.reduce((n, { entities }) => n + entities, 0),
    others: counts.reduce((n, { others }) => n + others, 0),
  }
}

function byClients(a: Count, b: Count): number {
  return b.entities + b.others - a.entities - a.others
}
