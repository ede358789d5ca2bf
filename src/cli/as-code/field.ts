/**
 * Kinds of values. Each has a normal form, in which "1h" and 3600, "a,b" and ["b", "a"], or "true" and true are the same: what a
 * declaration says in one way and a server answers in another must not look like a change.
 */
import { normalCidr } from '../../lib/cidr.ts'
import { parseDuration } from '../../lib/duration.ts'
import { canonical, isEmpty, isList, isMap, type Value } from './value.ts'

export interface FieldType {
  /** What it takes, for a sentence. */
  readonly takes: string
  /** Undefined for what it doesn't take. */
  normal(value: Value): Value | undefined
}

export interface FieldSpec {
  readonly type: FieldType
  /** Given by reference only, never shown, and never read back: it is sent when the thing is made, or when asked to. */
  readonly secret?: true
  /** It cannot be changed once the thing is there. */
  readonly fixed?: true
  /** Without it nothing can be made. */
  readonly needed?: true
  /** What a server takes it for when it is not given, where that is not the empty value. */
  readonly initial?: Value
}

export type FieldTable = Readonly<Record<string, FieldSpec>>

/** One value as text. */
function textOf(value: Value): string | undefined {
  if (value === null) return ''
  return isList(value) || isMap(value) ? undefined : String(value)
}

function texts(value: Value): readonly string[] | undefined {
  if (value === null || value === '') return []
  if (typeof value === 'string') return value.split(',').map((part) => part.trim())
  if (!isList(value)) return undefined
  const out = value.map(textOf)
  return out.every((text) => text !== undefined) ? out : undefined
}

function seconds(value: Value): number | undefined {
  if (typeof value === 'number') return Math.trunc(value)
  if (value === null || value === '' || value === 'system') return 0
  return typeof value === 'string' ? parseDuration(value) : undefined
}

const text: FieldType = { takes: 'a string', normal: textOf }

export const types = {
  text,
  /** Upper and lower case are the same. */
  name: { takes: 'a string', normal: (value) => textOf(value)?.trim().toLowerCase() },
  /** A text of many lines; its last newlines make no difference. */
  document: { takes: 'a string', normal: (value) => textOf(value)?.replaceAll('\r\n', '\n').replace(/\n+$/, '') },
  seconds: { takes: 'a duration such as "90s", "1h30m" or 3600', normal: seconds },
  whole: {
    takes: 'a whole number',
    normal: (value) => (/^-?\d+$/.test(textOf(value) ?? '') ? Number(value) : value === null ? 0 : undefined),
  },
  number: {
    takes: 'a number',
    normal: (value) => {
      const given = textOf(value) ?? 'none'
      return given === '' ? 0 : Number.isFinite(Number(given)) ? Number(given) : undefined
    },
  },
  flag: {
    takes: 'true or false',
    normal: (value) => {
      if (value === null || value === '') return false
      return typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined
    },
  },
  /** Order and repetition make no difference. */
  set: { takes: 'a list of strings', normal: (value) => asSet(texts(value)) },
  /** The same, whatever their case. */
  names: { takes: 'a list of names', normal: (value) => asSet(texts(value)?.map((one) => one.trim().toLowerCase())) },
  /** An address alone is the network of that address. */
  cidrs: { takes: 'a list of networks such as "10.0.0.0/8"', normal: (value) => asSet(texts(value)?.map(network)) },
  list: { takes: 'a list of strings', normal: (value) => (typeof value === 'string' ? [value] : texts(value)) },
  /** Texts by name. */
  map: {
    takes: 'an object',
    normal: (value) => {
      if (isEmpty(value)) return new Map()
      if (!isMap(value)) return undefined
      const out = [...value].map(([name, member]) => [name, textOf(member) ?? canonical(member)] as const)
      return new Map(out.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    },
  },
  any: { takes: 'anything', normal: (value) => value },
} as const satisfies Record<string, FieldType>

function network(text: string): string {
  return normalCidr(text) ?? text
}

function asSet(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined ? undefined : [...new Set(list.filter((item) => item !== ''))].toSorted()
}

/** For a field that no table knows: the type that the server's own answer has. */
export function shapeOf(answered: Value | undefined, given: Value): FieldType {
  if (typeof answered === 'boolean') return types.flag
  if (typeof answered === 'number')
    return typeof given === 'string' && !/^-?\d+$/.test(given) ? types.seconds : types.number
  if (isList(answered)) return answered.every((item) => textOf(item) !== undefined) ? types.list : types.any
  if (isMap(answered)) return [...answered.values()].every((item) => textOf(item) !== undefined) ? types.map : types.any
  return typeof answered === 'string' && textOf(given) !== undefined ? types.text : types.any
}

export function sameValue(type: FieldType, a: Value, b: Value): boolean {
  const [one, other] = [type.normal(a) ?? a, type.normal(b) ?? b]
  return (isEmpty(one) && isEmpty(other)) || canonical(one) === canonical(other)
}
