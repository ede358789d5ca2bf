/** `sys/metrics` without a format: the summary of Vault's in-memory sink, over its last interval of ten seconds. */
import type { JsonOut } from '../json/index.ts'
import type { Family, MetricsReport, Series } from './metrics.ts'
import { windowLength } from './window.ts'

export function toMetricsJson(metrics: MetricsReport): JsonOut {
  const now = metrics.clock.monotonic()
  const families = metrics.report()
  const rows = (kind: Family['kind'], row: (family: Family, series: Series) => JsonOut): JsonOut =>
    families.filter((f) => f.kind === kind).flatMap((f) => f.series.map((s) => row(f, s)))
  const sampled = (family: Family, series: Series): JsonOut => sampledRow(family.name, series, now)
  return {
    Timestamp: timestamp(metrics.clock.now()),
    Gauges: rows('gauge', (f, s) => ({ Name: f.name, Value: s.value, Labels: s.labels })),
    Points: [],
    Counters: rows('counter', sampled),
    Samples: rows('summary', sampled),
  }
}

function sampledRow(name: string, series: Series, now: number): JsonOut {
  const stats = series.window?.stats(now)
  const count = stats?.count ?? 0
  const sum = stats?.sum ?? 0
  const mean = count === 0 ? 0 : sum / count
  const variance = count < 2 ? 0 : Math.max((stats?.sumOfSquares ?? 0) - sum * mean, 0) / (count - 1)
  return {
    Name: name,
    Count: count,
    Rate: sum / (windowLength / 1000),
    Sum: sum,
    Min: stats?.min ?? 0,
    Max: stats?.max ?? 0,
    Mean: mean,
    Stddev: Math.sqrt(variance),
    Labels: series.labels,
  }
}

/** Start of the interval, as Go prints it: `2026-11-22 10:00:00 +0000 UTC`. */
function timestamp(now: number): string {
  const start = new Date(now - (now % windowLength) - windowLength).toISOString()
  return `${start.slice(0, 10)} ${start.slice(11, 19)} +0000 UTC`
}
