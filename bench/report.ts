import type { Figures } from './load.ts'

export interface Row {
  readonly scenario: string
  readonly tls: boolean
  readonly connections: number
  readonly coffer: Figures
  readonly reference: Figures | undefined
}

const HEAD = [
  'scenario',
  'conns',
  'req/s',
  'p50 ms',
  'p99 ms',
  'RSS MiB',
  'ref req/s',
  'ref p50',
  'ref p99',
  'ref RSS',
  'ratio',
  'errors',
]

export function printTable(rows: readonly Row[]): void {
  const cells = rows.map((row) => {
    const { coffer, reference } = row
    const other =
      reference === undefined
        ? ['-', '-', '-', '-', '-']
        : [
            reference.perSecond.toFixed(0),
            reference.p50.toFixed(2),
            reference.p99.toFixed(2),
            reference.rss.toFixed(0),
            (coffer.perSecond / reference.perSecond).toFixed(2),
          ]
    return [
      row.scenario,
      String(row.connections),
      coffer.perSecond.toFixed(0),
      coffer.p50.toFixed(2),
      coffer.p99.toFixed(2),
      coffer.rss.toFixed(0),
      ...other,
      `${coffer.errors}${reference === undefined ? '' : `/${reference.errors}`}`,
    ]
  })
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  console.log([line(HEAD), line(widths.map((w) => '-'.repeat(w))), ...cells.map(line)].join('\n'))
}
