/** When a static role is to be rotated next: some time after the last, or by a schedule of five fields as `cron` has it, in UTC. */
import { Cron } from 'croner'
import type { StaticRole } from './store.ts'

/** Minute, hour, day, month, day of the week: lists, ranges and steps of numbers and names. */
const FIELD = /^(?:[\d*?,/-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT)+$/i

/** Undefined for what is no schedule, and for one that never comes. */
export function parseSchedule(text: string): { next(after: number): number | undefined } | undefined {
  const fields = text.trim().split(/\s+/)
  if (fields.length !== 5 || !fields.every((field) => FIELD.test(field))) return undefined
  try {
    const cron = new Cron(fields.join(' '), { mode: '5-part', paused: true, timezone: 'Etc/UTC' })
    const next = (after: number): number | undefined => cron.nextRun(new Date(after))?.getTime()
    return next(0) === undefined ? undefined : { next }
  } catch {
    return undefined
  }
}

type Timing = Pick<StaticRole, 'period' | 'schedule'>

/** Wall clock, ms. */
export function nextRotation({ period, schedule }: Timing, last: number): number {
  if (schedule === '') return last + period * 1000
  return parseSchedule(schedule)?.next(last) ?? Infinity
}

/** With a window, a time that was missed by more than it is left to the next. */
export function isMissed(
  { schedule, window, nextRotation: at }: Pick<StaticRole, 'schedule' | 'window' | 'nextRotation'>,
  now: number,
): boolean {
  return schedule !== '' && window > 0 && now > at + window * 1000
}

/** Seconds that a credential is good for, not less than 0. */
export function ttlOf({ nextRotation: at }: Pick<StaticRole, 'nextRotation'>, now: number): number {
  return Math.max(Math.round((at - now) / 1000), 0)
}
