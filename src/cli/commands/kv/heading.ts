/** Headings between `=` signs, as `kv` commands print them above tables. */
import type { JsonEntries } from '../../tree.ts'
import type { Ui } from '../../output/ui.ts'

/** As wide as the table of `data` is expected to be. */
export function headingFor(title: string, data: JsonEntries): string {
  const longest = Math.max(0, ...[...data.keys()].map((key) => Buffer.byteLength(key)))
  // Four spaces between the columns, and the word Value.
  return heading(title, longest + 4 + 'Value'.length)
}

export function printPath(ui: Ui, title: string, path: string): void {
  ui.print(heading(title, Buffer.byteLength(path)))
  ui.print(path)
  ui.print('')
}

/** At least two signs on either side, and the same number on both. */
function heading(title: string, width: number): string {
  const free = width - (title.length + 2)
  const signs = '='.repeat(free <= 0 ? 2 : Math.ceil(free / 2))
  return `${signs} ${title} ${signs}`
}
