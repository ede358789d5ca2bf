/**
 * How many leases count towards each quota: those that one snapshot shows, and what commits after it have changed. What is committed
 * before it is known which snapshot that is waits.
 */
import type { CountedLease } from '../request/quota-ports.ts'
import type { Sequence } from '../storage/driver.ts'
import type { LeaseCountRule } from './rule.ts'

interface Move {
  readonly name: string
  readonly by: 1 | -1
}

export class Tally {
  readonly #ruleOf: (lease: CountedLease) => LeaseCountRule | undefined
  readonly #counts = new Map<string, number>()
  /** Places taken by transactions that are not committed yet. */
  readonly #taken = new Map<string, number>()
  #since: Sequence | undefined
  #early: { readonly sequence: Sequence; readonly move: Move }[] = []

  constructor(ruleOf: (lease: CountedLease) => LeaseCountRule | undefined) {
    this.#ruleOf = ruleOf
  }

  ruleOf(lease: CountedLease): LeaseCountRule | undefined {
    return this.#ruleOf(lease)
  }

  /** The snapshot that is counted. */
  begin(sequence: Sequence): void {
    this.#since = sequence
    const early = this.#early
    this.#early = []
    for (const one of early) if (one.sequence > sequence) add(this.#counts, one.move.name, one.move.by)
  }

  /** A lease of the snapshot. */
  found(name: string): void {
    add(this.#counts, name, 1)
  }

  /** A commit made a lease or ended one. */
  committed(sequence: Sequence, lease: CountedLease, by: 1 | -1): void {
    const name = this.#ruleOf(lease)?.name
    if (name === undefined) return
    if (this.#since === undefined) this.#early.push({ sequence, move: { name, by } })
    else if (sequence > this.#since) add(this.#counts, name, by)
  }

  take(name: string): void {
    add(this.#taken, name, 1)
  }

  giveBack(name: string): void {
    add(this.#taken, name, -1)
  }

  /** Leases that are there. */
  count(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** Leases that are there or on the way. */
  used(name: string): number {
    return this.count(name) + (this.#taken.get(name) ?? 0)
  }
}

function add(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by)
}
