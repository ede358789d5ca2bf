/**
 * Counters, gauges and summaries under Vault's dotted names (`vault.core.handle_request`). A metric is asked for once and kept;
 * counting is then one call. Label values come from configuration (mount points, methods), never from a request: they are not secret.
 */
import type { Clock } from '../clock.ts'
import { Tallying, Window, type Tally } from './window.ts'

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

/** What one series of another thread's metrics has seen since it was last asked. */
export interface Tallied {
  readonly name: string
  readonly kind: Family['kind']
  readonly labels: Labels
  /** Of a gauge: its value. */
  readonly value: number
  /** Of the others: what was observed. */
  readonly tally: Tally | undefined
}

interface Source {
  readonly clock: Clock
  readonly maxSeries: number
  /** Observations are kept for `tallies`. */
  readonly tallied: boolean
}

class MutableSeries implements Series, Counter, Gauge, Summary {
  readonly labels: Labels
  value = 0
  count = 0
  updatedAt: number
  readonly window: Window | undefined
  readonly #clock: Clock
  readonly #tallying: Tallying | undefined
  /** Of a gauge: the values of other threads' gauges of the same name. */
  #elsewhere: Map<number, number> | undefined

  constructor(labels: Labels, kind: Family['kind'], source: Source) {
    this.labels = labels
    this.#clock = source.clock
    this.updatedAt = source.clock.monotonic()
    this.window = kind === 'gauge' ? undefined : new Window(this.updatedAt, kind === 'summary')
    this.#tallying = kind === 'gauge' || !source.tallied ? undefined : new Tallying(kind === 'summary')
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
    this.#tallying?.add(value)
  }

  take(): Tally | undefined {
    return this.#tallying?.take()
  }

  merge(tally: Tally): void {
    this.value += tally.sum
    this.count += tally.count
    this.updatedAt = this.#clock.monotonic()
    this.window?.merge(tally, this.updatedAt)
  }

  /** A gauge counts what every thread has. */
  setOf(thread: number, value: number): void {
    this.#elsewhere ??= new Map()
    this.#elsewhere.set(thread, value)
    this.updatedAt = this.#clock.monotonic()
  }

  forget(thread: number): void {
    this.#elsewhere?.delete(thread)
  }

  /** As reported: with what the other threads have. */
  get total(): Series {
    if (this.#elsewhere === undefined) return this
    const { labels, count, updatedAt, window } = this
    let { value } = this
    for (const theirs of this.#elsewhere.values()) value += theirs
    return { labels, count, updatedAt, window, value }
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
    return [...this.#series.values()].map((one) => one.total)
  }

  get own(): Iterable<MutableSeries> {
    return this.#series.values()
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
  readonly tallied: boolean
  readonly #families = new Map<string, MutableFamily>()
  readonly #collectors = new Set<() => void>()

  /** `maxSeries` of one metric; further label values are counted together, so that no caller can fill the memory. */
  constructor(clock: Clock, maxSeries = 500, tallied = false) {
    this.clock = clock
    this.maxSeries = maxSeries
    this.tallied = tallied
  }

  /** In a thread: what was seen since the last call, to be added up by the thread that reports. */
  tallies(): readonly Tallied[] {
    for (const collect of this.#collectors) collect()
    const out: Tallied[] = []
    for (const { name, kind, own } of this.#families.values()) {
      for (const one of own) {
        const tally = one.take()
        if (kind === 'gauge' || tally !== undefined)
          out.push({ name, kind, labels: one.labels, value: one.value, tally })
      }
    }
    return out
  }

  /** What another thread has seen. */
  addTallies(thread: number, tallies: readonly Tallied[]): void {
    for (const { name, kind, labels, value, tally } of tallies) {
      const series = this.#family(name, kind).of(labels)
      if (kind === 'gauge') series.setOf(thread, value)
      else if (tally !== undefined) series.merge(tally)
    }
  }

  /** A thread has ended, and its gauges with it. */
  forget(thread: number): void {
    for (const family of this.#families.values()) for (const one of family.own) one.forget(thread)
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
