/** Comparing what a request sends with what a policy lists. */
import type { Value } from '../lib/hcl/index.ts'
import { matchAffixGlob } from '../lib/glob.ts'
import type { JsonTree, RawJson } from '../lib/json/index.ts'
import { parseTree, unquote } from '../lib/json/index.ts'
import type { Constraint } from './policy.ts'

/** A query parameter, or a member of the body. */
export type ParameterValue = string | RawJson

/** `["a*", 5, [1, 2]]` of a policy. */
export function constraintOf(value: Value): Constraint {
  if (value.kind === 'list' || value.kind === 'object')
    return Object.freeze({ kind: 'json', text: canonicalValue(value) })
  return Object.freeze({ kind: 'text', text: scalarText(value) })
}

function scalarText(value: Exclude<Value, { kind: 'list' | 'object' }>): string {
  switch (value.kind) {
    case 'string':
      return value.value
    case 'number':
      return value.integer ? exactNumber(String(value.value), value.text) : String(value.value)
    case 'boolean':
      return String(value.value)
    case 'null':
      return 'null'
  }
}

function canonicalValue(value: Value): string {
  if (value.kind === 'list') return `[${value.elements.map((element) => canonicalValue(element.value)).join(',')}]`
  if (value.kind === 'object') {
    return canonicalObject(
      value.items.map((item) => [item.keys.map((key) => key.name).join(' '), canonicalValue(item.value)]),
    )
  }
  return value.kind === 'string' ? JSON.stringify(value.value) : scalarText(value)
}

function canonicalTree(tree: JsonTree): string {
  if (tree.kind === 'array') return `[${tree.items.map(canonicalTree).join(',')}]`
  if (tree.kind === 'object') return canonicalObject([...tree.entries].map(([key, item]) => [key, canonicalTree(item)]))
  return tree.kind === 'string' ? JSON.stringify(unquote(tree.text)) : leafText(tree)
}

function canonicalObject(members: readonly (readonly [string, string])[]): string {
  const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${sorted.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`
}

/** A number past what is exact keeps its digits. */
function exactNumber(text: string, source: string): string {
  return Number.isSafeInteger(Number(source)) ? text : source
}

function leafText(leaf: JsonTree): string {
  if (leaf.kind === 'array' || leaf.kind === 'object') return ''
  if (leaf.kind === 'string') return unquote(leaf.text)
  if (leaf.kind !== 'number') return leaf.text
  return /^-?\d+$/.test(leaf.text) ? exactNumber(String(Number(leaf.text)), leaf.text) : String(Number(leaf.text))
}

/**
 * Whether a list allows a value: an element is it, a glob takes it, or it is a list each of whose elements the list allows. Where only a
 * glob takes a text with commas, each part has to be allowed too, since the field may read it as a list ("app-1,admin" under "app-*").
 */
export function isAllowed(value: ParameterValue, list: readonly Constraint[]): boolean {
  if (list.length === 0) return true
  if (typeof value === 'string') return allowsText(value, list)
  return allowsTree(parseTree(value.text), list)
}

function allowsTree(tree: JsonTree, list: readonly Constraint[]): boolean {
  if (tree.kind !== 'array' && tree.kind !== 'object') return allowsText(leafText(tree), list)
  const canonical = canonicalTree(tree)
  if (list.some((one) => one.kind === 'json' && one.text === canonical)) return true
  return tree.kind === 'array' && tree.items.length > 0 && tree.items.every((item) => allowsTree(item, list))
}

function allowsText(text: string, list: readonly Constraint[]): boolean {
  if (list.some((one) => one.kind === 'text' && one.text === text)) return true
  const globs = list.filter((one) => one.kind === 'text' && matchAffixGlob(one.text, text))
  if (globs.length === 0) return false
  if (!text.includes(',') || globs.some((one) => one.text.includes(','))) return true
  return text
    .split(',')
    .every((part) => list.some((one) => one.kind === 'text' && matchAffixGlob(one.text, part.trim())))
}

/**
 * Whether a list denies a value. Anything in it counts: an element at any depth, a part of a comma list, in any case, with blanks around
 * it, a number as its digits. A lone `*` denies every value.
 */
export function isDenied(value: ParameterValue, list: readonly Constraint[]): boolean {
  if (list.length === 0) return true
  if (typeof value === 'string') return deniesText(value, list)
  const tree = parseTree(value.text)
  return deniesTree(tree, list)
}

function deniesTree(tree: JsonTree, list: readonly Constraint[]): boolean {
  if (tree.kind !== 'array' && tree.kind !== 'object') return deniesText(leafText(tree), list)
  const canonical = fold(canonicalTree(tree))
  if (list.some((one) => (one.kind === 'json' ? fold(one.text) === canonical : one.text === '*'))) return true
  if (tree.kind === 'array') return tree.items.some((item) => deniesTree(item, list))
  return [...tree.entries.values()].some((item) => deniesTree(item, list))
}

function deniesText(text: string, list: readonly Constraint[]): boolean {
  const folded = fold(text)
  const parts = [folded, ...folded.split(',').map((part) => part.trim())]
  return list.some((one) => {
    if (one.kind === 'json') return fold(one.text) === folded
    const pattern = fold(one.text)
    return pattern === '*' || parts.some((part) => matchAffixGlob(pattern, part))
  })
}

/** One form of everything that some field might take for the same: width, case, blanks around it. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim()
}
