/** Values of fields, as plain data: what a declaration says and what a server answers, in one form. */
import { entriesOf, itemsOf, numberOf, stringOf, type JsonTree } from '../tree.ts'

export type Value = null | boolean | number | string | readonly Value[] | ReadonlyMap<string, Value>

/** What one thing is made of: values by the names that the API has for them. */
export type Fields = ReadonlyMap<string, Value>

export function valueOf(node: JsonTree): Value {
  if (node.kind === 'null') return null
  if (node.kind === 'boolean') return node.text === 'true'
  const items = itemsOf(node)
  if (items !== undefined) return items.map(valueOf)
  const entries = entriesOf(node)
  if (entries !== undefined) return new Map([...entries].map(([name, member]) => [name, valueOf(member)]))
  return stringOf(node) ?? numberOf(node) ?? null
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value)
}

export function isMap(value: Value | undefined): value is ReadonlyMap<string, Value> {
  return value instanceof Map
}

/** What a server answers for a field that was never set: which of them it is, differs from engine to engine. */
export function isEmpty(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true
  return isList(value) ? value.length === 0 : isMap(value) && value.size === 0
}

/** The same text for the same value, whatever the order of a map's keys. */
export function canonical(value: Value): string {
  if (isList(value)) return `[${value.map(canonical).join(',')}]`
  if (!isMap(value)) return JSON.stringify(value)
  const members = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

export function textAt(fields: Fields | undefined, name: string): string {
  const value = fields?.get(name)
  return typeof value === 'string' ? value : ''
}

/** The strings of a list; empty for anything else. */
export function textsAt(fields: Fields | undefined, name: string): readonly string[] {
  const value = fields?.get(name)
  return isList(value) ? value.filter((item) => typeof item === 'string') : []
}
