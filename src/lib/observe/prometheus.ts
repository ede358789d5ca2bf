/** Prometheus' text exposition format, version 0.0.4. */
import type { Family, Labels, MetricsReport, Series } from './metrics.ts'

const quantiles = [0.5, 0.9, 0.99] as const

export function toPrometheus(metrics: MetricsReport): string {
  const now = metrics.clock.monotonic()
  let out = ''
  for (const family of metrics.report()) {
    const name = family.name.replace(/[^a-zA-Z0-9_:]/gu, '_')
    out += `# HELP ${name} ${name}\n# TYPE ${name} ${family.kind}\n`
    for (const series of family.series) out += lines(name, family, series, now)
  }
  return out
}

function lines(name: string, family: Family, series: Series, now: number): string {
  if (family.kind !== 'summary') return `${name}${labelText(series.labels)} ${numberText(series.value)}\n`
  let out = ''
  const values = series.window?.quantiles(quantiles, now) ?? []
  for (const [i, quantile] of quantiles.entries()) {
    out += `${name}${labelText({ ...series.labels, quantile: String(quantile) })} ${numberText(values[i] ?? Number.NaN)}\n`
  }
  const labels = labelText(series.labels)
  return `${out}${name}_sum${labels} ${numberText(series.value)}\n${name}_count${labels} ${series.count}\n`
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    return `${name.replace(/\W/gu, '_')}="${escaped}"`
  })
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
