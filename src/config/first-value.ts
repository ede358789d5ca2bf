/** Values of requests of the first start: as they stand, or where they come from when they are wanted. */
import type { Position, Value } from '../lib/hcl/index.ts'
import type { Findings } from './problem.ts'

export type FirstValue =
  | { readonly kind: 'plain'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly FirstValue[] }
  | { readonly kind: 'map'; readonly members: ReadonlyMap<string, FirstValue> }
  | { readonly kind: 'env'; readonly name: string; readonly needed: boolean; readonly type: ValueType }
  | { readonly kind: 'file'; readonly path: string; readonly type: ValueType }
  | EarlierValue

/** What was sent with an earlier request, or what was answered to it. */
export interface EarlierValue {
  readonly kind: 'request' | 'response'
  readonly stanza: string
  readonly request: string
  /** Names, each inside the one before. */
  readonly selector: readonly string[]
  readonly type: ValueType
  readonly at: Position
}

export const valueTypes = ['string', 'int', 'float64', 'bool', '[]string', 'map', 'any'] as const
export type ValueType = (typeof valueTypes)[number]

const LONG_NAMES: ReadonlyMap<string, ValueType> = new Map([
  ['map[string]interface{}', 'map'],
  ['interface{}', 'any'],
])

/** Undefined after a problem. Nothing is looked up: a server that starts again does not need what its first start needed. */
export function readFirstValue(value: Value, findings: Findings, key: string): FirstValue | undefined {
  switch (value.kind) {
    case 'string':
      return fromText(value.value)
    case 'number':
    case 'boolean':
      return { kind: 'plain', value: value.value }
    case 'null':
      return { kind: 'plain', value: null }
    case 'list': {
      const items = value.elements.map((element) => readFirstValue(element.value, findings, key))
      return items.every((item) => item !== undefined) ? { kind: 'list', items } : undefined
    }
    case 'object':
      return value.items.some((item) => item.keys[0].name === 'eval_source')
        ? readSource(value, findings, key)
        : readMap(value, findings, key)
  }
}

/** As everywhere in the configuration: `env://NAME` and `file:///path`. */
function fromText(text: string): FirstValue {
  if (text.startsWith('env://')) return { kind: 'env', name: text.slice('env://'.length), needed: true, type: 'string' }
  if (text.startsWith('file:///')) return { kind: 'file', path: text.slice('file://'.length), type: 'string' }
  return { kind: 'plain', value: text }
}

type ObjectOf = Extract<Value, { kind: 'object' }>

function readMap(value: ObjectOf, findings: Findings, key: string): FirstValue | undefined {
  const members = new Map<string, FirstValue>()
  for (const { keys, value: inner } of value.items) {
    const member = readFirstValue(inner, findings, key)
    if (member === undefined) return undefined
    members.set(keys.map(({ name }) => name).join('.'), member)
  }
  return { kind: 'map', members }
}

const MEMBERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['env', ['env_var', 'require_present']],
  ['file', ['path']],
  ['request', ['initialize_name', 'request_name', 'field_selector']],
  ['response', ['initialize_name', 'response_name', 'field_selector']],
])

/** `{ eval_source = "env"  eval_type = "string"  env_var = "NAME" }`. */
function readSource(value: ObjectOf, findings: Findings, key: string): FirstValue | undefined {
  const problem = (sentence: string): undefined => findings.problem(value.at, `${key}: ${sentence}`)
  const given = new Map(value.items.map(({ keys, value: inner }) => [keys[0].name, inner]))
  const source = textIn(given, 'eval_source')
  const known = MEMBERS.get(source)
  if (known === undefined)
    return problem(
      `eval_source takes ${[...MEMBERS.keys()].map((one) => `"${one}"`).join(', ')}; "${source}" is not supported`,
    )
  const stray = [...given.keys()].find((name) => !['eval_source', 'eval_type', ...known].includes(name))
  if (stray !== undefined) return problem(`eval_source "${source}" takes no ${stray}`)
  const typeName = textIn(given, 'eval_type')
  const type = LONG_NAMES.get(typeName) ?? valueTypes.find((one) => one === typeName)
  if (type === undefined) return problem(`eval_type takes ${valueTypes.map((one) => `"${one}"`).join(', ')}`)
  const text = (name: string): string | undefined => {
    const found = textIn(given, name)
    return found === '' ? problem(`eval_source "${source}" needs ${name}`) : found
  }
  if (source === 'env') {
    const name = text('env_var')
    const needed = given.get('require_present')
    return name === undefined
      ? undefined
      : { kind: 'env', name, needed: needed?.kind === 'boolean' && needed.value, type }
  }
  if (source === 'file') {
    const path = text('path')
    return path === undefined ? undefined : { kind: 'file', path, type }
  }
  const kind = source === 'request' ? 'request' : 'response'
  const [stanza, request] = [text('initialize_name'), text(`${kind}_name`)]
  const selector = selectorIn(given)
  if (stanza === undefined || request === undefined) return undefined
  if (selector.length === 0) return problem(`eval_source "${source}" needs field_selector`)
  return { kind, stanza, request, selector, type, at: value.at }
}

function textIn(given: ReadonlyMap<string, Value>, name: string): string {
  const value = given.get(name)
  return value?.kind === 'string' ? value.value : ''
}

function selectorIn(given: ReadonlyMap<string, Value>): readonly string[] {
  const value = given.get('field_selector')
  if (value?.kind === 'string') return [value.value]
  if (value?.kind !== 'list') return []
  return value.elements.flatMap((element) => (element.value.kind === 'string' ? [element.value.value] : []))
}
