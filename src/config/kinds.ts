/** The kinds of values, with the loose forms that Vault takes: "true" and 1 are true, "1h" and 3600 are durations, "a,b" is a list. */
import { normalCidr } from '../lib/cidr.ts'
import { formatDurationShort, parseDuration, parseDurationMs } from '../lib/duration.ts'
import type { Value } from '../lib/hcl/index.ts'
import type { Field } from './field.ts'
import { resolveIndirection } from './indirection.ts'
import type { Findings } from './problem.ts'

interface Spec<T> {
  readonly takes: string
  readonly help: string
  readonly default: T
  readonly defaultText: string
  readonly merge?: Field<T>['merge']
  /** An empty string is as if the key weren't there. */
  readonly emptyIsUnset?: true
  /** Undefined for what it doesn't take. */
  readonly parse: (text: string, value: Value) => T | undefined
}

function field<T>(spec: Spec<T>): Field<T> {
  const { takes, help, defaultText, merge = 'last' } = spec
  const read = (value: Value, findings: Findings, key: string): T | undefined => {
    const text = scalar(value, findings)
    if (text === undefined || (text === '' && value.kind === 'string' && spec.emptyIsUnset === true)) return undefined
    const parsed = text === '' && value.kind !== 'string' ? undefined : spec.parse(text, value)
    return parsed === undefined ? findings.problem(value.at, `${key} takes ${takes}`) : parsed
  }
  return { status: 'active', takes, help, default: spec.default, defaultText, merge, read }
}

/** Text of a literal; empty for lists and objects. Undefined after a problem. */
function scalar(value: Value, findings: Findings): string | undefined {
  switch (value.kind) {
    case 'string':
      return resolveIndirection(value, findings)
    case 'number':
      return value.integer ? String(value.value) : value.text
    case 'boolean':
      return String(value.value)
    default:
      return ''
  }
}

export function text(help: string, fallback = ''): Field<string> {
  const parse = (given: string, value: Value): string | undefined => (value.kind === 'boolean' ? undefined : given)
  const spec = { takes: 'a string', help, default: fallback, defaultText: fallback, parse }
  return field(fallback === '' ? spec : { ...spec, emptyIsUnset: true })
}

/** Undefined unless given. */
export function optionalText(help: string): Field<string | undefined> {
  const parse = (given: string, value: Value): string | undefined => (value.kind === 'boolean' ? undefined : given)
  return field<string | undefined>({
    takes: 'a string',
    help,
    default: undefined,
    defaultText: '',
    emptyIsUnset: true,
    parse,
  })
}

export function oneOf<const T extends string>(
  help: string,
  words: readonly T[],
  fallback: T,
  aliases: { readonly [word: string]: T } = {},
): Field<T> {
  const parse = (given: string): T | undefined => {
    const word = given.trim().toLowerCase()
    return words.find((one) => one === word) ?? (Object.hasOwn(aliases, word) ? aliases[word] : undefined)
  }
  const takes = `one of ${words.map((word) => (word === '' ? '""' : word)).join(', ')}`
  return field<T>({ takes, help, default: fallback, defaultText: fallback, parse })
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE: ReadonlySet<string> = new Set(['', '0', 'f', 'F', 'FALSE', 'false', 'False'])

export function bool(help: string, fallback = false): Field<boolean> {
  const parse = (given: string): boolean | undefined => (TRUE.has(given) ? true : FALSE.has(given) ? false : undefined)
  // Where true is the default, a file that says false means it.
  return field({
    takes: 'true or false',
    help,
    default: fallback,
    defaultText: String(fallback),
    merge: fallback ? 'last' : 'either',
    parse,
  })
}

/** Undefined unless given. */
export function optionalBool(help: string): Field<boolean | undefined> {
  const { read, takes } = bool(help)
  return { status: 'active', takes, help, default: undefined, defaultText: '', merge: 'last', read }
}

export function integer(
  help: string,
  fallback: number,
  range: { readonly min: number; readonly max: number },
): Field<number> {
  const parse = (given: string): number | undefined => {
    const value = /^-?\d{1,15}$/.test(given.trim()) ? Number(given) : Number.NaN
    return value >= range.min && value <= range.max ? value : undefined
  }
  return field({
    takes: `a whole number from ${range.min} to ${range.max}`,
    help,
    default: fallback,
    defaultText: String(fallback),
    parse,
  })
}

/** Undefined unless given. */
export function optionalInteger(
  help: string,
  range: { readonly min: number; readonly max: number },
): Field<number | undefined> {
  const { read, takes } = integer(help, range.min, range)
  return { status: 'active', takes, help, default: undefined, defaultText: '', merge: 'last', read }
}

/** Undefined unless given. */
export function optional<T>({ takes, help, read }: Field<T>): Field<T | undefined> {
  return { status: 'active', takes, help, default: undefined, defaultText: '', merge: 'last', read }
}

/** Seconds. */
export function seconds(help: string, fallback: number, merge: Field<number>['merge'] = 'last'): Field<number> {
  const parse = (given: string): number | undefined => positive(parseDuration(given))
  return field({ takes: DURATION, help, default: fallback, defaultText: formatDurationShort(fallback), merge, parse })
}

/** Milliseconds. */
export function millis(help: string, fallback: number): Field<number> {
  const parse = (given: string): number | undefined => positive(parseDurationMs(given))
  return field({ takes: DURATION, help, default: fallback, defaultText: formatDurationShort(fallback / 1000), parse })
}

const DURATION = 'a duration such as "90s", "1h30m" or 3600'

function positive(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['kb', 1e3],
  ['kib', 1024],
  ['mb', 1e6],
  ['mib', 1024 ** 2],
  ['gb', 1e9],
  ['gib', 1024 ** 3],
  ['tb', 1e12],
  ['tib', 1024 ** 4],
])

/** Bytes. */
export function size(help: string, fallback: number): Field<number> {
  const parse = (given: string): number | undefined => {
    const [, digits = '', unit = ''] = /^[\t ]*(\d{1,15})[\t ]?([kmgt]i?b)?[\t ]*$/i.exec(given) ?? []
    const bytes = Number(digits) * (UNITS.get(unit.toLowerCase()) ?? Number.NaN)
    return digits !== '' && Number.isSafeInteger(bytes) ? bytes : undefined
  }
  return field({
    takes: 'a size such as 33554432, "32MiB" or "32MB"',
    help,
    default: fallback,
    defaultText: String(fallback),
    parse,
  })
}

/** A field that takes 0 for its default, as Vault's timeouts and limits do. */
export function zeroIsDefault(field: Field<number>): Field<number> {
  const read: Field<number>['read'] = (value, findings, key) => {
    const given = field.read(value, findings, key)
    return given === 0 ? field.default : given
  }
  return { ...field, help: `${field.help} 0 takes the default.`, read }
}

/** Permissions of a file, as `"0600"` or `600`. */
export function fileMode(help: string, fallback: number): Field<number> {
  const parse = (given: string, value: Value): number | undefined => {
    // HCL has read 0600 as a number of base 8 already; what was meant is what was written.
    const digits = value.kind === 'number' ? value.text : given
    return /^0?[0-7]{3}$/.test(digits) ? Number.parseInt(digits, 8) : undefined
  }
  return field({
    takes: 'permissions such as "0600"',
    help,
    default: fallback,
    defaultText: `0${fallback.toString(8)}`,
    parse,
  })
}

/** ["a", "b"], or "a, b". */
export function strings(
  help: string,
  check?: { readonly takes: string; readonly normal: (item: string) => string | undefined },
): Field<readonly string[]> {
  const takes = check?.takes ?? 'a list of strings, or one string with commas'
  const read = (value: Value, findings: Findings, key: string): readonly string[] | undefined => {
    const values = value.kind === 'list' ? value.elements.map((element) => element.value) : [value]
    const out: string[] = []
    for (const one of values) {
      if (one.kind !== 'string') return findings.problem(one.at, `${key} takes ${takes}`)
      const given = resolveIndirection(one, findings)
      for (const part of given?.split(',') ?? []) {
        const item = part.trim()
        const normal = item === '' || check === undefined ? item : check.normal(item)
        if (normal === undefined) findings.problem(one.at, `${key} takes ${takes}, not "${item}"`)
        else if (normal !== '') out.push(normal)
      }
    }
    return Object.freeze(out)
  }
  return { status: 'active', takes, help, default: Object.freeze([]), defaultText: '', merge: 'last', read }
}

export function cidrs(help: string): Field<readonly string[]> {
  return strings(help, { takes: 'a list of addresses or CIDR blocks such as "10.0.0.0/8"', normal: normalCidr })
}

/** An object of strings. */
export function map(help: string): Field<ReadonlyMap<string, string>> {
  const takes = 'an object of strings'
  const read = (value: Value, findings: Findings, key: string): ReadonlyMap<string, string> | undefined => {
    if (value.kind !== 'object') return findings.problem(value.at, `${key} takes ${takes}`)
    const out = new Map<string, string>()
    for (const {
      keys: [name],
      value: given,
    } of value.items) {
      const item =
        given.kind === 'list' || given.kind === 'object' || given.kind === 'null' ? '' : scalar(given, findings)
      if (item === '' && given.kind !== 'string') findings.problem(given.at, `${key}: "${name.name}" takes a string`)
      else if (item !== undefined) out.set(name.name, item)
    }
    return out
  }
  return { status: 'active', takes, help, default: new Map(), defaultText: '', merge: 'last', read }
}
