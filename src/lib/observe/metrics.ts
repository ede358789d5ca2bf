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
  readonly window: Window | undefined
}

export interface Family {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'summary'
  readonly series: readonly Series[]
}

/** Series of one metric; further label values are counted together, so that no caller can fill the memory. */
const maxSeries = 500
const overflow: Labels = Object.freeze({ overflow: 'true' })
const noLabels: Labels = Object.freeze({})

interface Source {
  readonly clock: Clock
}

class MutableSeries implements Series, Counter, Gauge, Summary {
  readonly labels: Labels
  value = 0
  count = 0
  readonly window: Window | undefined
  readonly #clock: Clock

  constructor(labels: Labels, kind: Family['kind'], source: Source) {
    this.labels = labels
    this.#clock = source.clock
    this.window = kind === 'gauge' ? undefined : new Window(source.clock.monotonic(), kind === 'summary')
  }

  add(amount = 1): void {
    this.observe(amount)
  }

  set(value: number): void {
    this.value = value
  }

  observe(value: number): void {
    this.value += value
    this.count++
    this.window?.add(value, this.#clock.monotonic())
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
    if (this.#series.size >= maxSeries && labels !== overflow) return this.of(overflow)
    const made = new MutableSeries(labels, this.kind, this.#source)
    this.#series.set(key, made)
    return made
  }
}

export class Metrics {
  readonly clock: Clock
  readonly #families = new Map<string, MutableFamily>()
  readonly #collectors = new Set<() => void>()

  constructor(clock: Clock) {
    this.clock = clock
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

  /** Every metric by name. */
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
