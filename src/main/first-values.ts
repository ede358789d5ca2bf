/** What the values of requests of the first start are, now that they are wanted. */
import { readFileSync } from 'node:fs'
import type { FirstValue, ValueType } from '../config/index.ts'

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain }

/** What was sent with a request and what was answered, as JSON. */
export interface Exchange {
  readonly request: Plain
  readonly response: Plain
}

export interface Sources {
  env(name: string): string | undefined
  /** By `stanza.request`. */
  readonly exchanges: ReadonlyMap<string, Exchange>
}

/** Throws an error whose message says what is missing, and never a value. */
export function resolve(value: FirstValue, sources: Sources): Plain {
  switch (value.kind) {
    case 'plain':
      return value.value
    case 'list':
      return value.items.map((item) => resolve(item, sources))
    case 'map':
      return Object.fromEntries([...value.members].map(([name, member]) => [name, resolve(member, sources)]))
    case 'env': {
      const text = sources.env(value.name)
      if (text === undefined && value.needed) throw new Error(`the environment has no variable ${value.name}`)
      return converted(text ?? '', value.type, `the variable ${value.name}`)
    }
    case 'file':
      return converted(contents(value.path), value.type, value.path)
    case 'request':
    case 'response': {
      const what = `${value.selector.join('.')} of the ${value.kind} "${value.request}" of initialize "${value.stanza}"`
      const whole = sources.exchanges.get(`${value.stanza}.${value.request}`)?.[value.kind]
      const found = whole === undefined ? undefined : select(whole, value.selector)
      if (found === undefined) throw new Error(`there is no ${what}`)
      return converted(found, value.type, what)
    }
  }
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/[\r\n]+$/, '')
  } catch (error) {
    throw new Error(
      `${path} cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'})`,
    )
  }
}

function select(value: Plain, names: readonly string[]): Plain | undefined {
  let at: Plain | undefined = value
  for (const name of names) {
    if (at === null || at === undefined || typeof at !== 'object') return undefined
    at = isList(at) ? at[Number(name)] : Object.hasOwn(at, name) ? at[name] : undefined
  }
  return at
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}

function converted(value: Plain, type: ValueType, what: string): Plain {
  const fitting = convert(value, type)
  if (fitting === undefined) throw new Error(`${what} is no ${type}`)
  return fitting
}

function convert(value: Plain, type: ValueType): Plain | undefined {
  switch (type) {
    case 'any':
      return value
    case 'string':
      return typeof value === 'object' ? undefined : String(value)
    case 'int':
      return typeof value !== 'object' && /^-?\d{1,15}$/.test(String(value)) ? Number(value) : undefined
    case 'float64':
      return typeof value !== 'object' && value !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined
    case 'bool':
      return typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined
    case '[]string':
      if (typeof value === 'string') return value.split(',').map((part) => part.trim())
      return value !== null && isList(value) && value.every((item) => typeof item === 'string') ? value : undefined
    case 'map':
      return value !== null && typeof value === 'object' && !isList(value) ? value : undefined
  }
}
