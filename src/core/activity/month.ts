/** Calendar months in UTC, as `2026-11`: their text sorts as they come. */
export type Month = string

export function monthOf(ms: number): Month {
  return new Date(ms).toISOString().slice(0, 7)
}

export function startOf(month: Month): number {
  return Date.parse(`${month}-01T00:00:00Z`)
}

/** The first moment after it. */
export function endOf(month: Month): number {
  return startOf(plus(month, 1))
}

export function plus(month: Month, count: number): Month {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return monthOf(Date.UTC(year, number - 1 + count, 1))
}

/** Both included. */
export function monthsBetween(first: Month, last: Month): readonly Month[] {
  const months: Month[] = []
  for (let month = first; month <= last; month = plus(month, 1)) months.push(month)
  return months
}
