/**
 * Counters, gauges and summaries under Vault's dotted names (`vault.core.handle_request`). A metric is asked for once and kept;
 * counting is then one call. Label values come from configuration (mount points, methods), never from a request: they are not secret.
 */
import type { Clock } from '../clock.ts'
import { Window } from './window.ts'

export interface Counter {
  add(amount?: number): void
}

export interface Gauge {
  set(value: number): void
}

/** Durations are in ms, as in Vault. */
export interface Summary {
  observe(value: number): void
}

export type Labels = Readonly<Record<string, string>>

export interface Series {
  readonly labels: Labels
  /** Total of a counter, value of a gauge, sum of a summary. */
  readonly value: number
  /** Observations of a summary, calls of a counter. */
  readonly count: number
  /** When it last changed, on the monotonic clock. */
  readonly updatedAt: number
  readonly window: Window | undefined
}

export interface Family {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'summary'
  readonly series: readonly Series[]
}

const overflow: Labels = Object.freeze({ overflow: 'true' })
const noLabels: Labels = Object.freeze({})

interface Source {
  readonly clock: Clock
  readonly maxSeries: number
}

class MutableSeries implements Series, Counter, Gauge, Summary {
  readonly labels: Labels
  value = 0
  count = 0
  updatedAt: number
  readonly window: Window | undefined
  readonly #clock: Clock

  constructor(labels: Labels, kind: Family['kind'], source: Source) {
    this.labels = labels
    this.#clock = source.clock
    this.updatedAt = source.clock.monotonic()
    this.window = kind === 'gauge' ? undefined : new Window(this.updatedAt, kind === 'summary')
  }

  add(amount = 1): void {
    this.observe(amount)
  }

  set(value: number): void {
    this.value = value
    this.updatedAt = this.#clock.monotonic()
  }

  observe(value: number): void {
    this.value += value
    this.count++
    this.updatedAt = this.#clock.monotonic()
    this.window?.add(value, this.updatedAt)
  }
}

class MutableFamily implements Family {
  readonly name: string
  readonly kind: Family['kind']
  readonly #source: Source
  readonly #series = new Map<string, MutableSeries>()

  constructor(name: string, kind: Family['kind'], source: Source) {
    this.name = name
    this.kind = kind
    this.#source = source
  }

  get series(): readonly Series[] {
    return [...this.#series.values()]
  }

  of(labels: Labels): MutableSeries {
    const key = JSON.stringify(Object.entries(labels))
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size >= this.#source.maxSeries && labels !== overflow) return this.of(overflow)
    const made = new MutableSeries(labels, this.kind, this.#source)
    this.#series.set(key, made)
    return made
  }
}

/** What a report is made of. */
export interface MetricsReport {
  readonly clock: Clock
  /** Every metric by name. */
  report(): readonly Family[]
}

export class Metrics implements MetricsReport {
  readonly clock: Clock
  readonly maxSeries: number
  readonly #families = new Map<string, MutableFamily>()
  readonly #collectors = new Set<() => void>()

  /** `maxSeries` of one metric; further label values are counted together, so that no caller can fill the memory. */
  constructor(clock: Clock, maxSeries = 500) {
    this.clock = clock
    this.maxSeries = maxSeries
  }

  /** Throws if the name stands for a metric of another kind. */
  counter(name: string, labels: Labels = noLabels): Counter {
    return this.#family(name, 'counter').of(labels)
  }

  gauge(name: string, labels: Labels = noLabels): Gauge {
    return this.#family(name, 'gauge').of(labels)
  }

  summary(name: string, labels: Labels = noLabels): Summary {
    return this.#family(name, 'summary').of(labels)
  }

  /** Calls `collect` before each report, for gauges that are looked up rather than kept. Returns the function that stops it. */
  beforeReport(collect: () => void): () => void {
    this.#collectors.add(collect)
    return () => this.#collectors.delete(collect)
  }

  report(): readonly Family[] {
    for (const collect of this.#collectors) collect()
    return [...this.#families.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  #family(name: string, kind: Family['kind']): MutableFamily {
    let family = this.#families.get(name)
    if (family === undefined) {
      family = new MutableFamily(name, kind, this)
      this.#families.set(name, family)
    }
    if (family.kind !== kind) throw new TypeError(`metric ${name} is a ${family.kind}, not a ${kind}`)
    return family
  }
}
