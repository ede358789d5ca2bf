/** Text in aligned columns, in Vault's layout: four spaces between columns, a rule of dashes under the headings. */

export type Row = readonly string[]

const gap = 4

/** Cells are trimmed; an empty one shows as `n/a`. No newline at the end. */
export function columns(rows: readonly Row[], between = gap): string {
  const cells = rows.map((row) => row.map(cell))
  const widths: number[] = []
  for (const row of cells) row.forEach((text, i) => (widths[i] = Math.max(widths[i] ?? 0, width(text))))
  return cells
    .map((row) => row.map((text, i) => (i === row.length - 1 ? text : pad(text, (widths[i] ?? 0) + between))).join(''))
    .join('\n')
}

/** `columns` whose first row is the headings. */
export function table(headings: Row, rows: readonly Row[], between = gap): string {
  return columns([headings, headings.map((heading) => '-'.repeat(heading.length)), ...rows], between)
}

function cell(text: string): string {
  return text.trim() || 'n/a'
}

function width(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(to - width(text))
}
