/**
 * Vault's loose inputs, each turned to one strict type or `undefined` where it can't be.
 * Source: Vault's field types ("TypeDurationSecond", "TypeCommaStringSlice", …) and their weak decoding.
 */
import { parseDuration } from '../lib/duration.ts'
import type { JsonValue } from '../lib/json/index.ts'
import { RawJson } from '../lib/json/index.ts'
import type { Input } from './field.ts'

/** Numbers keep their source text, so that 9007199254740993 isn't rounded before it's looked at. */
export function toText(input: Input): string | undefined {
  if (typeof input === 'string') return input
  const first = input.text.charCodeAt(0)
  if (first === 0x22) {
    const value = input.value()
    return typeof value === 'string' ? value : undefined
  }
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return input.text
  if (input.text === 'true') return '1'
  if (input.text === 'false') return '0'
  return undefined
}

const INTEGER = /^[+-]?\d{1,16}$/

export function toInteger(input: Input): number | undefined {
  if (typeof input !== 'string' && (input.text === 'true' || input.text === 'false')) return input.text === 'true' ? 1 : 0
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

/** Seconds. */
export function toDuration(input: Input): number | undefined {
  const text = toText(input)
  if (text === undefined) return undefined
  if (text === '') return 0
  const seconds = parseDuration(text)
  return seconds === undefined || seconds < 0 ? undefined : seconds
}

/** Elements of a JSON array, or undefined. */
export function toArray(input: Input): readonly JsonValue[] | undefined {
  if (typeof input === 'string') return undefined
  const value = input.value()
  return Array.isArray(value) ? value : undefined
}

/** "a, b" and ["a","b"] alike; elements are trimmed, empty ones of a comma string dropped. */
export function toStrings(input: Input): string[] | undefined {
  const items = toArray(input)
  if (items !== undefined) return items.every(isScalar) ? items.map((item) => String(item).trim()) : undefined
  const text = toText(input)
  if (text === undefined) return undefined
  if (text.trim() === '') return []
  return text.split(',').map((part) => part.trim())
}

/** ["a","b"]; a single string is a list of one. */
export function toList(input: Input): string[] | undefined {
  const items = toArray(input)
  if (items !== undefined) return items.every(isScalar) ? items.map(String) : undefined
  const text = toText(input)
  return text === undefined ? undefined : text === '' ? [] : [text]
}

/** {"a":"b"}, its JSON as a string, ["a=b"], or "a=b,c=d". */
export function toPairs(input: Input): ReadonlyMap<string, string> | undefined {
  if (typeof input !== 'string' && input.text.startsWith('{')) return objectPairs(input.value())
  const items = toArray(input)
  if (items !== undefined) return items.every((item) => typeof item === 'string') ? splitPairs(items) : undefined
  const text = toText(input)
  if (text === undefined) return undefined
  if (text.trimStart().startsWith('{')) {
    try {
      return objectPairs(JSON.parse(text))
    } catch {
      return undefined
    }
  }
  return text.trim() === '' ? new Map() : splitPairs(text.split(','))
}

function objectPairs(value: JsonValue): ReadonlyMap<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const out = new Map<string, string>()
  for (const [key, item] of Object.entries(value)) {
    if (!isScalar(item)) return undefined
    out.set(key, String(item))
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

function isScalar(value: JsonValue | undefined): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** Any JSON, kept as its text; a bare query string becomes a JSON string. */
export function toRaw(input: Input): RawJson {
  return typeof input === 'string' ? new RawJson(JSON.stringify(input)) : input
}

/** A JSON object, kept as its text. */
export function toRawObject(input: Input): RawJson | undefined {
  if (typeof input !== 'string') return input.text.trimStart().startsWith('{') ? input : undefined
  if (!input.trimStart().startsWith('{')) return undefined
  try {
    JSON.parse(input)
    return new RawJson(input)
  } catch {
    return undefined
  }
}
