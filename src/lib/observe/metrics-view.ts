/** The metrics as the configuration wants them shown: their names, and which of them. */
import type { Clock } from '../clock.ts'
import type { Family, MetricsReport, Series } from './metrics.ts'

export interface MetricsViewSettings {
  /** Stands in the place of `vault`. */
  readonly prefix: string
  /** Of the machine; where it goes is said by the next two. */
  readonly hostname: string
  /** In the names of gauges, after the prefix; unless it is a label. */
  readonly hostnameInGauges: boolean
  /** As the label `host` of everything. */
  readonly hostnameAsLabel: boolean
  /** `+vault.token` shows and `-vault.expire` hides what starts so; the longest that fits decides. */
  readonly prefixFilter: readonly string[]
  /** Whether metrics are shown that none of these fit. */
  readonly filterDefault: boolean
  /** Series that have not changed for so long are left out, ms. */
  readonly retention: number
}

/** First part of the names in the program. */
const OWN = 'vault.'

export class MetricsView implements MetricsReport {
  readonly #metrics: MetricsReport
  readonly #settings: MetricsViewSettings
  /** Longest first. */
  readonly #rules: readonly { readonly prefix: string; readonly shown: boolean }[]

  constructor(metrics: MetricsReport, settings: MetricsViewSettings) {
    this.#metrics = metrics
    this.#settings = settings
    this.#rules = settings.prefixFilter
      .map((rule) => ({ prefix: rule.slice(1), shown: rule.startsWith('+') }))
      .toSorted((a, b) => b.prefix.length - a.prefix.length)
  }

  get clock(): Clock {
    return this.#metrics.clock
  }

  report(): readonly Family[] {
    return this.#metrics.report().flatMap((family) => {
      const name = this.#named(family.name)
      if (!this.#isShown(name)) return []
      const series = this.#recent(family.series)
      return series.length === 0
        ? []
        : [
            {
              kind: family.kind,
              name: this.#withHostname(family, name),
              series: series.map((one) => this.#labelled(one)),
            },
          ]
    })
  }

  #named(name: string): string {
    const { prefix } = this.#settings
    return name.startsWith(OWN) ? `${prefix}.${name.slice(OWN.length)}` : name
  }

  #isShown(name: string): boolean {
    return this.#rules.find((rule) => name.startsWith(rule.prefix))?.shown ?? this.#settings.filterDefault
  }

  #withHostname({ kind, name: own }: Family, name: string): string {
    const { prefix, hostname, hostnameInGauges, hostnameAsLabel } = this.#settings
    if (kind !== 'gauge' || !hostnameInGauges || hostnameAsLabel || !own.startsWith(OWN)) return name
    return `${prefix}.${hostname}.${own.slice(OWN.length)}`
  }

  #recent(series: readonly Series[]): readonly Series[] {
    const { retention } = this.#settings
    if (retention === Infinity) return series
    const now = this.clock.monotonic()
    return series.filter(({ updatedAt }) => now - updatedAt <= retention)
  }

  #labelled(series: Series): Series {
    const { hostname, hostnameAsLabel } = this.#settings
    if (!hostnameAsLabel) return series
    const { value, count, updatedAt, window } = series
    return { value, count, updatedAt, window, labels: { ...series.labels, host: hostname } }
  }
}
