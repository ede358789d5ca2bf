/** Tables on the terminal. */
import { median, type Figures } from './load.ts'

/** One scenario at one number of connections: what each server made of it. */
export interface Measured {
  readonly scenario: string
  readonly connections: number
  readonly servers: readonly ServerFigures[]
}

export interface ServerFigures {
  readonly name: string
  /** Medians of the rounds. */
  readonly figures: Figures
  /** Requests a second in each round. */
  readonly rounds: readonly number[]
}

const HEAD = [
  'scenario',
  'conns',
  'server',
  'req/s',
  'p50 ms',
  'p99 ms',
  'CPU µs',
  'RSS MiB',
  'ratio',
  'errors',
  'spread',
]

/** `ratio` is to the last server of a group, which is the reference where there is one. */
export function printFigures(measured: readonly Measured[]): void {
  printTable(
    HEAD,
    measured.flatMap(({ scenario, connections, servers }) =>
      servers.map(({ name, figures, rounds }, i) => [
        i === 0 ? scenario : '',
        i === 0 ? String(connections) : '',
        name,
        figures.perSecond.toFixed(0),
        figures.p50.toFixed(2),
        figures.p99.toFixed(2),
        figures.cpu.toFixed(0),
        figures.rss.toFixed(0),
        servers.length === 1 ? '-' : ratioOf(rounds, servers.at(-1)?.rounds ?? []),
        String(figures.errors),
        rounds.length === 1 ? '-' : `${Math.min(...rounds).toFixed(0)} to ${Math.max(...rounds).toFixed(0)}`,
      ]),
    ),
    2,
  )
}

/** Median of the rounds' ratios: the two figures of a round were measured next to each other. */
function ratioOf(rounds: readonly number[], others: readonly number[]): string {
  return median(rounds.map((figure, i) => figure / (others[i] ?? Number.NaN))).toFixed(2)
}

/** The first column and `wordColumn` are words, the others numbers. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], wordColumn = 0): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 || i === wordColumn ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
  console.log([line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n'))
}
