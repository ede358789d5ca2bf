/** Looks into parsed JSON without casts. */
import assert from 'node:assert/strict'

export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value
  for (const name of path) {
    assert.ok(typeof here === 'object' && here !== null, `nothing at ${path.join('.')}: ${JSON.stringify(value)}`)
    here = new Map<string | number, unknown>(Object.entries(here)).get(String(name))
  }
  return here
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path)
  assert.equal(typeof found, 'string', `no text at ${path.join('.')}: ${JSON.stringify(value)}`)
  return String(found)
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path)
  assert.ok(Array.isArray(found), `no list at ${path.join('.')}`)
  return found
}

/** A member of what may be no object at all. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined
}
