/** The kinds of fields: `f.string('What it is.')`. */
import type { JsonValue } from '../lib/json/index.ts'
import { membersOf, RawJson } from '../lib/json/index.ts'
import {
  toBoolean,
  toDuration,
  toInteger,
  toIntegers,
  toList,
  toPairs,
  toRaw,
  toRawObject,
  toSignedDuration,
  toStrings,
  toText,
} from './coerce.ts'
import { Field, parseFields, type Fields, type Infer, type Input, type JsonSchema } from './field.ts'

function make<T>(
  description: string,
  schema: JsonSchema,
  takes: string,
  parse: (input: Input) => T | undefined,
): Field<T> {
  return new Field({ description, schema: { ...schema, description }, takes, parse })
}

/** Vault's "name" fields: letters, digits, `_`, inside also `-` and `.`. */
const NAME = /^\w(?:[\w.-]*\w)?$/

export const f = {
  string: (description = ''): Field<string> => make(description, { type: 'string' }, 'a string', toText),
  /** A string in lower case, as Vault folds it before use. */
  lower: (description = ''): Field<string> =>
    make(description, { type: 'string' }, 'a string', (input) => toText(input)?.toLowerCase()),
  name: (description = ''): Field<string> =>
    make(
      description,
      { type: 'string', pattern: NAME.source },
      'a name of letters, digits, "_", "-" and "."',
      (input) => {
        const text = toText(input)
        return text !== undefined && NAME.test(text) ? text : undefined
      },
    ),
  /** A name, in lower case: `Bob` and `bob` are the same. */
  lowerName: (description = ''): Field<string> =>
    make(
      description,
      { type: 'string', pattern: NAME.source },
      'a name of letters, digits, "_", "-" and "."',
      (input) => {
        const text = toText(input)
        return text !== undefined && NAME.test(text) ? text.toLowerCase() : undefined
      },
    ),
  enum: <const V extends readonly string[]>(values: V, description = ''): Field<V[number]> =>
    make(
      description,
      { type: 'string', enum: values },
      `one of ${values.map((v) => `"${v}"`).join(', ')}`,
      (input): V[number] | undefined => {
        const text = toText(input)
        return values.find((value) => value === text)
      },
    ),
  int: (description = ''): Field<number> => make(description, { type: 'integer' }, 'a whole number', toInteger),
  bool: (description = ''): Field<boolean> => make(description, { type: 'boolean' }, 'true or false', toBoolean),
  /** Seconds. */
  duration: (description = ''): Field<number> =>
    make(
      description,
      { type: 'integer', format: 'seconds' },
      'a duration: seconds, or a string such as "1h30m"',
      toDuration,
    ),
  /** Seconds; may be negative, where that has a meaning of its own. */
  signedDuration: (description = ''): Field<number> =>
    make(
      description,
      { type: 'integer', format: 'seconds' },
      'a duration: seconds, or a string such as "1h30m"',
      toSignedDuration,
    ),
  /** "1,2", [1,2] or 1. */
  ints: (description = ''): Field<readonly number[]> =>
    make(description, { type: 'array', items: { type: 'integer' } }, 'a list of whole numbers', toIntegers),
  /** Vault's comma-separated list: "a,b" or ["a","b"]. */
  strings: (description = ''): Field<readonly string[]> =>
    make(
      description,
      { type: 'array', items: { type: 'string' } },
      'a list of strings, or one string with commas between',
      toStrings,
    ),
  /** A list whose elements may hold commas. */
  list: (description = ''): Field<readonly string[]> =>
    make(description, { type: 'array', items: { type: 'string' } }, 'a list of strings', toList),
  /** Names with string values. */
  pairs: (description = ''): Field<ReadonlyMap<string, string>> =>
    make(
      description,
      { type: 'object', additionalProperties: { type: 'string' } },
      'an object whose values are strings',
      toPairs,
    ),
  /** Any JSON, kept as text. */
  json: (description = ''): Field<RawJson> => make(description, {}, 'JSON', toRaw),
  /** A JSON object, kept as text. */
  map: (description = ''): Field<RawJson> => make(description, { type: 'object' }, 'a JSON object', toRawObject),
  /** RFC 3339, kept as text. */
  time: (description = ''): Field<string> =>
    make(description, { type: 'string', format: 'date-time' }, 'an RFC 3339 time', (input) => {
      const text = toText(input)
      return text !== undefined && (text === '' || !Number.isNaN(Date.parse(text))) ? text : undefined
    }),
  /** A number that need not be whole. */
  number: (description = ''): Field<number> =>
    make(description, { type: 'number' }, 'a number', (input) => {
      const text = toText(input)
      const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
      return Number.isFinite(value) ? value : undefined
    }),
  object: <F extends Fields>(fields: F, description = ''): Field<Infer<F>> =>
    make(description, objectSchema(fields), 'an object', (input) => {
      const value = toRawObject(input)
      return value === undefined ? undefined : parseFields(fields, membersOf(value) ?? new Map())
    }),
  array: <T>(item: Field<T>, description = ''): Field<readonly T[]> =>
    make(description, { type: 'array', items: item.schema }, 'a list', (input) => {
      if (typeof input === 'string') return undefined
      const items = input.value()
      return Array.isArray(items) ? items.map((value, i) => item.parse(rawOf(value), `[${i}]`)) : undefined
    }),
} as const

/** The OpenAPI schema of a set of fields. */
export function objectSchema(fields: Fields): JsonSchema {
  const required = Object.keys(fields).filter((name) => fields[name]?.traits.optional === false)
  const properties: Record<string, JsonSchema> = {}
  for (const [name, field] of Object.entries(fields)) {
    const { defaultValue, deprecated, sensitive } = field.traits
    properties[name] = {
      ...field.schema,
      ...(defaultValue === undefined ? {} : { default: defaultValue }),
      ...(deprecated ? { deprecated: true } : {}),
      ...(sensitive ? { 'x-vault-displayAttrs': { sensitive: true } } : {}),
    }
  }
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
}

function rawOf(value: JsonValue): RawJson {
  return new RawJson(JSON.stringify(value))
}
