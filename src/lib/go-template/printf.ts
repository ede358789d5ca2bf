/** Go's `fmt.Sprintf` for strings, whole numbers and booleans. */
import { TemplateError } from './error.ts'

export type Value = string | number | boolean

const VERB = /%([-+# 0]*)(\d+)?(?:\.(\d*))?(.)?/gsu
/** A width would else ask for any amount of memory. */
const MAX_WIDTH = 1024

export function printf(format: string, values: readonly Value[]): string {
  let next = 0
  const text = format.replace(
    VERB,
    (_, flags: string, width: string | undefined, precision: string | undefined, verb: string | undefined) => {
      if (verb === '%') return '%'
      if (verb === undefined) return '%!(NOVERB)'
      const value = values[next++]
      if (value === undefined) return `%!${verb}(MISSING)`
      const columns = Number(width ?? '0')
      const digits = precision === undefined ? undefined : Number(precision)
      if (columns > MAX_WIDTH || (digits ?? 0) > MAX_WIDTH)
        throw new TemplateError(`printf: a width is at most ${MAX_WIDTH}`)
      return padded(formatted(verb, value, flags, digits), columns, flags, value)
    },
  )
  const extra = values.slice(next)
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.map((v) => `${kindOf(v)}=${String(v)}`).join(', ')})`
}

function formatted(verb: string, value: Value, flags: string, precision: number | undefined): string {
  const bad = (): string => `%!${verb}(${kindOf(value)}=${String(value)})`
  if (verb === 'v') return signed(value, flags)
  if (typeof value === 'string') {
    const cut = precision === undefined ? value : [...value].slice(0, precision).join('')
    if (verb === 's') return cut
    if (verb === 'q') return JSON.stringify(cut)
    if (verb === 'x' || verb === 'X') return cased(verb, Buffer.from(cut).toString('hex'))
    return bad()
  }
  if (typeof value === 'boolean') return verb === 't' ? String(value) : bad()
  const minimum = precision ?? 0
  switch (verb) {
    case 'd':
      return signed(value, flags, String(Math.abs(value)).padStart(minimum, '0'))
    case 'x':
    case 'X':
      return signed(value, flags, cased(verb, Math.abs(value).toString(16)).padStart(minimum, '0'))
    case 'o':
      return signed(value, flags, Math.abs(value).toString(8).padStart(minimum, '0'))
    case 'b':
      return signed(value, flags, Math.abs(value).toString(2).padStart(minimum, '0'))
    case 'c':
      return value >= 0 && value <= 0x10ffff ? String.fromCodePoint(value) : '\ufffd'
    default:
      return bad()
  }
}

function signed(value: Value, flags: string, magnitude?: string): string {
  if (typeof value !== 'number') return String(value)
  const sign = value < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  return sign + (magnitude ?? String(Math.abs(value)))
}

function cased(verb: string, hex: string): string {
  return verb === 'X' ? hex.toUpperCase() : hex
}

function padded(text: string, width: number, flags: string, value: Value): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0') || typeof value === 'boolean') return ' '.repeat(missing) + text
  const sign = typeof value === 'number' && /^[-+ ]/.test(text) ? text.slice(0, 1) : ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

function kindOf(value: Value): string {
  return typeof value === 'number' ? 'int' : typeof value === 'boolean' ? 'bool' : 'string'
}
