/**
 * Vault's durations: a bare number of seconds ("90"), days ("30d"), or Go's form ("1h30m", "1.5h", "250ms", "-1m").
 * Source: https://developer.hashicorp.com/vault/docs/concepts/duration-format
 */

const NANOS = new Map([
  ['ns', 1n],
  ['us', 1000n],
  ['µs', 1000n],
  ['μs', 1000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])
const SECOND = 1_000_000_000n
/** Go counts a duration in 64-bit nanoseconds: 292 years. */
const MAX_NANOS = (1n << 63n) - 1n
const MAX_LENGTH = 128

/** Whole seconds, the fraction cut off; undefined for what is no duration, and for more than 292 years. May be negative. */
export function parseDuration(text: string): number | undefined {
  const nanos = parseNanos(text)
  return nanos === undefined ? undefined : Number(nanos / SECOND)
}

/** Like `parseDuration`, in whole milliseconds: for timeouts of the configuration. */
export function parseDurationMs(text: string): number | undefined {
  const nanos = parseNanos(text)
  return nanos === undefined ? undefined : Number(nanos / 1_000_000n)
}

function parseNanos(text: string): bigint | undefined {
  if (text === '' || text.length > MAX_LENGTH) return undefined
  if (/^[+-]?\d+$/.test(text)) return inRange(BigInt(text.replace('+', '')) * SECOND)
  if (/^[+-]?\d+d$/.test(text)) return inRange(BigInt(text.replace('+', '').slice(0, -1)) * 86_400n * SECOND)
  const negative = text.startsWith('-')
  const body = negative || text.startsWith('+') ? text.slice(1) : text
  const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y
  let total = 0n
  while (part.lastIndex < body.length) {
    const found = part.exec(body)
    if (found === null) return undefined
    total += partNanos(found[1] ?? '', NANOS.get(found[2] ?? '') ?? 0n)
  }
  return body === '' ? undefined : inRange(negative ? -total : total)
}

function partNanos(number: string, unit: bigint): bigint {
  const [whole = '', fraction = ''] = number.split('.')
  return BigInt(whole) * unit + (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length)
}

function inRange(nanos: bigint): bigint | undefined {
  return nanos > MAX_NANOS || nanos < -MAX_NANOS ? undefined : nanos
}

/** Go's form of a number of seconds, as Vault prints it: `768h0m0s`, `1m30s`, `0s`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '0s'
  const sign = seconds < 0 ? '-' : ''
  const all = Math.abs(seconds)
  const hours = Math.floor(all / 3600)
  const minutes = Math.floor((all % 3600) / 60)
  const rest = `${Number((all % 60).toFixed(3))}s`
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${sign}${minutes}m${rest}` : `${sign}${rest}`
}

/** For people: `768h`, `1h30m`, `45s`. */
export function formatDurationShort(seconds: number): string {
  return formatDuration(seconds)
    .replace(/([hm])0s$/, '$1')
    .replace(/h0m$/, 'h')
}
