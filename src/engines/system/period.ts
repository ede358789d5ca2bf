/** The months that a report is of. */
import { f } from '#framework'
import { inspectErrors } from '../../errors/inspect.ts'
import type { Period } from '../../request/activity-ports.ts'

export const periodFields = {
  start_time: f.string('Its start: RFC 3339, or seconds since 1970. Months count as a whole.').default(''),
  end_time: f.string('Its end; the end of the month before this one if left out.').default(''),
}

interface Asked {
  readonly start_time: string
  readonly end_time: string
  readonly current_billing_period: boolean
}

/** As Vault: without an end it ends with the last whole month, unless it begins after that. */
export function periodOf(asked: Asked, defaultMonths: number, now: number): Period {
  if (asked.current_billing_period)
    return { start: Date.UTC(new Date(now).getUTCFullYear(), 0, 1), end: endOfMonth(now, 0) }
  const first = timeOf('start_time', asked.start_time)
  const last = timeOf('end_time', asked.end_time)
  const start = startOfMonth(first ?? now, first === undefined ? -defaultMonths : 0)
  const usual = endOfMonth(now, -1)
  const end = last === undefined ? (start > usual ? endOfMonth(now, 0) : usual) : endOfMonth(last, 0)
  if (start > end) throw inspectErrors.PERIOD()
  return { start, end: Math.min(end, endOfMonth(now, 0)) }
}

function startOfMonth(ms: number, months: number): number {
  const date = new Date(ms)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)
}

/** Its last second. */
function endOfMonth(ms: number, months: number): number {
  return startOfMonth(ms, months + 1) - 1000
}

function timeOf(field: string, text: string): number | undefined {
  if (text === '') return undefined
  const ms = /^\d{1,12}$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (Number.isNaN(ms)) throw inspectErrors.BAD_TIME({ field })
  return ms
}
