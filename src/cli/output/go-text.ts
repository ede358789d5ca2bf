/** Values as Vault's tables show them, which is how Go prints them. */
import { formatDuration } from '../../lib/duration.ts'
import type { JsonTree } from '../tree.ts'
import { stringOf } from '../tree.ts'

/** Go's `%v`: `map[a:1 b:[x y]]`, `<nil>`; numbers as they were sent. */
export function goText(node: JsonTree | undefined): string {
  if (node === undefined || node.kind === 'null') return '<nil>'
  if (node.kind === 'array') return `[${node.items.map(goText).join(' ')}]`
  if (node.kind === 'object') {
    return `map[${sortedEntries(node.entries)
      .map(([name, value]) => `${name}:${goText(value)}`)
      .join(' ')}]`
  }
  return stringOf(node) ?? node.text
}

export function sortedEntries<T>(entries: ReadonlyMap<string, T>): (readonly [string, T])[] {
  return [...entries].toSorted(([a], [b]) => byCodePoint(a, b))
}

/** The order of UTF-8 bytes, in which Go sorts strings. */
export function byCodePoint(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Go's `%q` of a list of strings: `["default" "root"]`. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`
}

/** A table's value under `name`: what looks like a time to live is shown as a duration. */
export function fieldText(name: string, node: JsonTree): string {
  if (isDurationName(name) && node.kind === 'number' && /^-?\d+$/.test(node.text)) {
    const seconds = Number(node.text)
    if (Number.isSafeInteger(seconds)) return humanDuration(seconds)
  }
  return goText(node)
}

function isDurationName(name: string): boolean {
  return /(?:^|_)(?:period|ttl|duration)$/.test(name) || name === 'lease_max' || name === 'ttl_max'
}

/** Seconds without the zeros at the end: `768h`, `1h30m`, `45s`. */
export function humanDuration(seconds: number): string {
  return formatDuration(seconds).replace(/m0s$/, 'm').replace('h0m', 'h')
}

/** A timestamp in Go's own form: `2026-11-22 22:40:00.269732072 +0000 UTC`. */
export function goTime(rfc3339: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(rfc3339)
  if (parts === null) return rfc3339
  const [, date = '', time = '', fraction = '', zone = ''] = parts
  const offset = zone.replace(':', '')
  return `${date} ${time}${fraction.replace(/\.?0+$/, '')} ${zone === 'Z' ? '+0000 UTC' : `${offset} ${offset}`}`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 822 with the year in two digits: `22 Nov 26 22:34 UTC`. */
export function rfc822(rfc3339: string): string {
  const at = new Date(rfc3339)
  if (Number.isNaN(at.getTime())) return rfc3339
  const two = (n: number): string => String(n).padStart(2, '0')
  const day = `${two(at.getUTCDate())} ${months[at.getUTCMonth()]} ${two(at.getUTCFullYear() % 100)}`
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC`
}
