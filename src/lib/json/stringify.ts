import { JsonError } from './error.ts'
import { quote } from './quote.ts'
import { RawJson } from './raw.ts'
import type { JsonOut } from './types.ts'

// `instanceof Map` does not take a ReadonlyMap out of the union, hence the casts to this.
type Members = { readonly [name: string]: JsonOut | undefined }

/** Deeper than any body that is taken in; stops a cycle. */
const maxDepth = 512

/**
 * JSON text of `value`. `RawJson` goes out verbatim and a Map as an object in its order; `undefined` members are left out; a
 * number that JSON lacks (NaN, Infinity) is `null`, as by `JSON.stringify`. Throws `JsonError` past 512 levels.
 */
export function stringify(value: JsonOut): string {
  return isPlain(value, 0) ? JSON.stringify(value) : write(value, 0)
}

/** Whether the engine's own writer, four times as fast, gives the same text: no `RawJson`, no Map, no cycle. */
function isPlain(value: JsonOut | undefined, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (value instanceof RawJson || value instanceof Map || depth >= maxDepth) return false
  if (isList(value)) return value.every((item) => isPlain(item, depth + 1))
  const object = value as Members
  for (const name of Object.keys(object)) if (!isPlain(object[name], depth + 1)) return false
  return true
}

function write(value: JsonOut, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      if (value === null) return 'null'
      if (value instanceof RawJson) return value.text
      if (depth >= maxDepth) throw new JsonError('depth', `nested deeper than ${maxDepth} levels`, 0)
      if (isList(value)) return writeList(value, depth + 1)
      if (value instanceof Map) return writeMap(value, depth + 1)
      return writeObject(value as Members, depth + 1)
  }
}

// Array.isArray does not narrow readonly arrays.
function isList(value: object): value is readonly JsonOut[] {
  return Array.isArray(value)
}

function writeList(list: readonly JsonOut[], depth: number): string {
  let out = '['
  for (let i = 0; i < list.length; i++) {
    if (i > 0) out += ','
    out += write(list[i] ?? null, depth)
  }
  return `${out}]`
}

function writeMap(map: ReadonlyMap<string, JsonOut | undefined>, depth: number): string {
  let out = ''
  for (const [name, member] of map) {
    if (member !== undefined) out += `${out === '' ? '' : ','}${quote(name)}:${write(member, depth)}`
  }
  return `{${out}}`
}

function writeObject(object: Members, depth: number): string {
  let out = ''
  for (const name of Object.keys(object)) {
    const member = object[name]
    if (member !== undefined) out += `${out === '' ? '' : ','}${quote(name)}:${write(member, depth)}`
  }
  return `{${out}}`
}
