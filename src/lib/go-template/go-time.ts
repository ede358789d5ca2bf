/** Go's way of writing a time: by an example of it, `2006-01-02T15:04:05Z07:00`. Always UTC. */

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const PART =
  /January|Jan|Monday|Mon|MST|2006|01|02|03|04|05|06|002|15|PM|pm|_2|Z07:00:00|Z07:00|Z0700|Z07|-07:00:00|-07:00|-0700|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g

const two = (value: number): string => String(value).padStart(2, '0')

/** @param ms since the epoch. */
export function formatGoTime(layout: string, ms: number): string {
  const date = new Date(ms)
  const month = date.getUTCMonth()
  const day = date.getUTCDate()
  const hour = date.getUTCHours()
  const twelve = hour % 12 === 0 ? 12 : hour % 12
  const fixed: ReadonlyMap<string, string> = new Map([
    ['January', MONTHS[month] ?? ''],
    ['Jan', (MONTHS[month] ?? '').slice(0, 3)],
    ['Monday', DAYS[date.getUTCDay()] ?? ''],
    ['Mon', (DAYS[date.getUTCDay()] ?? '').slice(0, 3)],
    ['MST', 'UTC'],
    ['2006', String(date.getUTCFullYear()).padStart(4, '0')],
    ['06', two(date.getUTCFullYear() % 100)],
    ['01', two(month + 1)],
    ['1', String(month + 1)],
    ['02', two(day)],
    ['2', String(day)],
    ['_2', String(day).padStart(2, ' ')],
    ['002', String(Math.floor((ms - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000) + 1).padStart(3, '0')],
    ['15', two(hour)],
    ['03', two(twelve)],
    ['3', String(twelve)],
    ['04', two(date.getUTCMinutes())],
    ['4', String(date.getUTCMinutes())],
    ['05', two(date.getUTCSeconds())],
    ['5', String(date.getUTCSeconds())],
    ['PM', hour < 12 ? 'AM' : 'PM'],
    ['pm', hour < 12 ? 'am' : 'pm'],
    ['-07:00:00', '+00:00:00'],
    ['-07:00', '+00:00'],
    ['-0700', '+0000'],
    ['-07', '+00'],
  ])
  return layout.replace(PART, (part) => {
    if (part.startsWith('Z07')) return 'Z'
    if (/^[.,]/.test(part)) return fraction(part, date.getUTCMilliseconds())
    return fixed.get(part) ?? part
  })
}

/** `.000` has as many digits as it shows; `.999` leaves out zeros at the end. */
function fraction(part: string, milliseconds: number): string {
  const digits = `${String(milliseconds).padStart(3, '0')}000000`.slice(0, part.length - 1)
  if (part[1] === '0') return `${part.slice(0, 1)}${digits}`
  const short = digits.replace(/0+$/, '')
  return short === '' ? '' : `${part.slice(0, 1)}${short}`
}
