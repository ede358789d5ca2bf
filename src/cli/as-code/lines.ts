/** Two texts of many lines, compared. */

export interface Line {
  readonly mark: ' ' | '+' | '-'
  readonly text: string
}

/** Longer texts are told as one removed and one added: comparing takes time by the product of their lengths. */
const MOST = 2000

/** The lines of both, in order; those they share once. The longest common subsequence stays. */
export function compareLines(before: string, after: string): readonly Line[] {
  const a = linesOf(before)
  const b = linesOf(after)
  if (a.length > MOST || b.length > MOST) return [...marked('-', a), ...marked('+', b)]
  const shared = sharedFrom(a, b)
  const out: Line[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]]
    if (one !== undefined && one === other) {
      out.push({ mark: ' ', text: one })
      i++
      j++
    } else if (one !== undefined && (other === undefined || at(shared, i + 1, j) >= at(shared, i, j + 1))) {
      out.push({ mark: '-', text: one })
      i++
    } else {
      out.push({ mark: '+', text: other ?? '' })
      j++
    }
  }
  return out
}

/** With at most `around` shared lines beside each that differs; what is left out is told. */
export function hunks(lines: readonly Line[], around: number): readonly Line[] {
  const out: Line[] = []
  let left = 0
  const skipped = (): void => {
    if (left > 0) out.push({ mark: ' ', text: `… ${left} ${left === 1 ? 'line' : 'lines'} unchanged` })
    left = 0
  }
  for (const [index, line] of lines.entries()) {
    const near = lines.slice(Math.max(0, index - around), index + around + 1).some(({ mark }) => mark !== ' ')
    if (near) {
      skipped()
      out.push(line)
    } else left++
  }
  skipped()
  return out
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n+$/, '').split(/\r?\n/)
}

function marked(mark: Line['mark'], lines: readonly string[]): readonly Line[] {
  return lines.map((text) => ({ mark, text }))
}

/** How many lines `a` from i and `b` from j share, for each i and j. */
function sharedFrom(a: readonly string[], b: readonly string[]): readonly (readonly number[])[] {
  const table: number[][] = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  for (let i = a.length - 1; i >= 0; i--) {
    const row = table[i]
    if (row === undefined) continue
    for (let j = b.length - 1; j >= 0; j--)
      row[j] = a[i] === b[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1))
  }
  return table
}

function at(table: readonly (readonly number[])[], i: number, j: number): number {
  return table[i]?.[j] ?? 0
}
