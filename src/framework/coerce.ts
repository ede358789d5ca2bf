/**
 * Vault's loose inputs, each turned to one strict type or `undefined` where it can't be.
 * Source: Vault's field types ("TypeDurationSecond", "TypeCommaStringSlice", …) and their weak decoding.
 */
import { parseDuration } from '../lib/duration.ts'
import { defaultJsonLimits, membersOf, parseRaw, parseTree, quote, RawJson, unquote } from '../lib/json/index.ts'
import type { Input } from './field.ts'

/** Numbers keep their source text, so that 9007199254740993 isn't rounded before it's looked at. */
export function toText(input: Input): string | undefined {
  if (typeof input === 'string') return input
  const first = input.text.charCodeAt(0)
  // Not parsed: of a long text that would take its time.
  if (first === 0x22) return unquote(input.text)
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return input.text
  if (input.text === 'true') return '1'
  if (input.text === 'false') return '0'
  return undefined
}

const INTEGER = /^[+-]?\d{1,16}$/

export function toInteger(input: Input): number | undefined {
  if (typeof input !== 'string' && (input.text === 'true' || input.text === 'false'))
    return input.text === 'true' ? 1 : 0
  const text = toText(input)?.trim()
  if (text === undefined) return undefined
  if (text === '') return 0
  if (!INTEGER.test(text)) {
    // JSON writers send 3.0 and 3e2 for integers.
    if (typeof input === 'string' || !/^-?\d{1,16}(\.0+)?([eE]\+?\d{1,2})?$/.test(text)) return undefined
  }
  const value = Number(text)
  return Number.isSafeInteger(value) ? (value === 0 ? 0 : value) : undefined
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False', ''])

export function toBoolean(input: Input): boolean | undefined {
  if (typeof input !== 'string') {
    if (input.text === 'true') return true
    if (input.text === 'false') return false
    const first = input.text.charCodeAt(0)
    if (first !== 0x22) {
      const number = toInteger(input)
      return number === undefined ? undefined : number !== 0
    }
  }
  const text = toText(input)
  if (text === undefined) return undefined
  if (TRUE.has(text)) return true
  return FALSE.has(text) ? false : undefined
}

/** Seconds, not negative. */
export function toDuration(input: Input): number | undefined {
  const seconds = toSignedDuration(input)
  return seconds === undefined || seconds < 0 ? undefined : seconds
}

/** Seconds. */
export function toSignedDuration(input: Input): number | undefined {
  if (isBoolean(input)) return undefined
  const text = toText(input)
  if (text === undefined) return undefined
  return text === '' ? 0 : parseDuration(text)
}

/** The texts of a JSON array of scalars, or undefined. */
function toTexts(input: Input): string[] | undefined {
  if (typeof input === 'string' || input.kind !== 'array') return undefined
  const tree = parseTree(input.text)
  if (tree.kind !== 'array') return undefined
  const texts = tree.items.map((item) => ('text' in item ? toText(new RawJson(item.text)) : undefined))
  return texts.every((text) => text !== undefined) ? texts : undefined
}

/** "a, b" and ["a","b"] alike; elements are trimmed, empty ones kept. */
export function toStrings(input: Input): string[] | undefined {
  const text = toText(input)
  if (text === undefined) return toTexts(input)?.map((item) => item.trim())
  if (text.trim() === '') return []
  return text.split(',').map((part) => part.trim())
}

/** [1,"2"], "1,2" or 1. An empty object counts as an empty list: some JSON writers know no difference. */
export function toIntegers(input: Input): number[] | undefined {
  const texts = typeof input !== 'string' && input.text === '{}' ? [] : toStrings(input)
  if (texts === undefined) return undefined
  const numbers = texts.map(toInteger)
  return numbers.every((number) => number !== undefined) ? numbers : undefined
}

/** ["a","b"]; a single string is a list of one. */
export function toList(input: Input): string[] | undefined {
  const text = toText(input)
  if (text === undefined) return toTexts(input)
  return text === '' ? [] : [text]
}

/** {"a":"b"}, its JSON as a string, ["a=b"], or "a=b,c=d". Values are scalars; a number keeps its text, null is the empty string. */
export function toPairs(input: Input): ReadonlyMap<string, string> | undefined {
  const text = toText(input)
  const object = toRawObject(text ?? input)
  if (object !== undefined) return objectPairs(object)
  if (text === undefined) {
    const items = toTexts(input)
    return items && splitPairs(items)
  }
  if (text.trimStart().startsWith('{')) return undefined
  return text.trim() === '' ? new Map() : splitPairs(text.split(','))
}

function objectPairs(object: RawJson): ReadonlyMap<string, string> | undefined {
  const out = new Map<string, string>()
  for (const [key, item] of membersOf(object) ?? []) {
    const text = item.kind === 'null' ? '' : toText(item)
    if (text === undefined) return undefined
    out.set(key, text)
  }
  return out
}

function splitPairs(items: readonly string[]): ReadonlyMap<string, string> | undefined {
  const out = new Map<string, string>()
  for (const item of items) {
    const at = item.indexOf('=')
    if (at < 1) return undefined
    out.set(item.slice(0, at).trim(), item.slice(at + 1).trim())
  }
  return out
}

/** Any JSON, kept as its text; a bare query string becomes a JSON string. */
export function toRaw(input: Input): RawJson {
  return typeof input === 'string' ? new RawJson(quote(input)) : input
}

/** A JSON object, kept as its text. An empty list counts as an empty object, as in Vault: some JSON writers know no difference. */
export function toRawObject(input: Input): RawJson | undefined {
  if (typeof input === 'string') return parsedObject(input)
  if (input.kind === 'object') return input
  return input.kind === 'array' && input.text.slice(1, -1).trim() === '' ? new RawJson('{}') : undefined
}

function parsedObject(text: string): RawJson | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    return parseRaw(text, defaultJsonLimits)
  } catch {
    return undefined
  }
}

function isBoolean(input: Input): boolean {
  return typeof input !== 'string' && input.kind === 'boolean'
}
