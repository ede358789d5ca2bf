/** Hand-written JSON objects: a member whose value is empty or zero is left out, as in Vault's entries. */
import { quote } from '../lib/json/index.ts'

/** `,"name":"text"` */
export function stringMember(name: string, text: string): string {
  return text === '' ? '' : `,"${name}":${quote(text)}`
}

/** `,"name":<json>`, where `json` is JSON already. */
export function jsonMember(name: string, json: string): string {
  return json === '' ? '' : `,"${name}":${json}`
}

export function numberMember(name: string, value: number | undefined): string {
  return value === undefined || value === 0 ? '' : `,"${name}":${value}`
}

export function listMember(name: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `,"${name}":${list(items)}`
}

/** Names in order, as Go writes maps. */
export function mapMember(name: string, map: ReadonlyMap<string, string> | undefined): string {
  if (map === undefined || map.size === 0) return ''
  const names = [...map.keys()].toSorted()
  return `,"${name}":{${names.map((key) => `${quote(key)}:${quote(map.get(key) ?? '')}`).join(',')}}`
}

/** An object of members as made above. Not for long ones on the hot path: cutting off the comma copies them. */
export function object(members: string): string {
  return `{${members.slice(1)}}`
}

/** One piece of memory for text that is kept and put into others: V8 would otherwise keep the tree of its parts. */
export function flat(text: string): string {
  return Buffer.from(text).toString()
}

export function list(items: readonly string[]): string {
  return `[${items.map(quote).join(',')}]`
}
