/** Building and reading `JsonTree`s, the form in which the command line holds JSON: numbers stay as they were written. */
import { noJsonLimits } from '../lib/json/limits.ts'
import { quote } from '../lib/json/quote.ts'
import { unquote } from '../lib/json/object.ts'
import { parseTree } from '../lib/json/tree.ts'
import type { JsonTree } from '../lib/json/tree.ts'

export type { JsonTree } from '../lib/json/tree.ts'
export type JsonEntries = ReadonlyMap<string, JsonTree>

export const nullTree: JsonTree = Object.freeze({ kind: 'null', text: 'null' })

/** What `tree` builds from; `undefined` members are left out. */
export type TreeSource =
  | null
  | boolean
  | number
  | string
  | JsonTree
  | readonly TreeSource[]
  | ReadonlyMap<string, TreeSource | undefined>
  | { readonly [name: string]: TreeSource | undefined }

export function tree(source: TreeSource): JsonTree {
  if (source === null) return nullTree
  if (typeof source === 'string') return { kind: 'string', text: quote(source) }
  if (typeof source === 'number') return { kind: 'number', text: String(source) }
  if (typeof source === 'boolean') return { kind: 'boolean', text: String(source) }
  if (isList(source)) return { kind: 'array', items: source.map(tree) }
  if (isTree(source)) return source
  const entries = new Map<string, JsonTree>()
  for (const [name, member] of source instanceof Map ? source : Object.entries(source)) {
    if (member !== undefined) entries.set(name, tree(member))
  }
  return { kind: 'object', entries }
}

function isList(source: object): source is readonly TreeSource[] {
  return Array.isArray(source)
}

// An object literal with a `kind` member of its own is built with a Map instead.
function isTree(source: object): source is JsonTree {
  return 'kind' in source && ('text' in source || 'entries' in source || 'items' in source)
}

/** Throws `JsonError` for text that is not JSON. */
export function readTree(text: string): JsonTree {
  return parseTree(text, { ...noJsonLimits, maxDepth: 512 })
}

/** Compact JSON text. */
export function textOf(node: JsonTree): string {
  if (node.kind === 'array') return `[${node.items.map(textOf).join(',')}]`
  if (node.kind === 'object')
    return `{${[...node.entries].map(([name, member]) => `${quote(name)}:${textOf(member)}`).join(',')}}`
  return node.text
}

/** The member at `names`, each inside the one before. */
export function member(node: JsonTree | undefined, ...names: readonly string[]): JsonTree | undefined {
  let at = node
  for (const name of names) at = at?.kind === 'object' ? at.entries.get(name) : undefined
  return at
}

export function entriesOf(node: JsonTree | undefined): JsonEntries | undefined {
  return node?.kind === 'object' ? node.entries : undefined
}

export function itemsOf(node: JsonTree | undefined): readonly JsonTree[] | undefined {
  return node?.kind === 'array' ? node.items : undefined
}

export function stringOf(node: JsonTree | undefined): string | undefined {
  return node?.kind === 'string' ? unquote(node.text) : undefined
}

export function numberOf(node: JsonTree | undefined): number | undefined {
  return node?.kind === 'number' ? Number(node.text) : undefined
}

export function booleanOf(node: JsonTree | undefined): boolean | undefined {
  return node?.kind === 'boolean' ? node.text === 'true' : undefined
}

/** The strings of a list; undefined for anything else than a list. */
export function stringsOf(node: JsonTree | undefined): readonly string[] | undefined {
  return itemsOf(node)?.map((item) => stringOf(item) ?? plainText(item))
}

/** What the server said, in words: a string without quotes, anything else as JSON. */
export function plainText(node: JsonTree | undefined): string {
  return stringOf(node) ?? (node === undefined || node.kind === 'null' ? '' : textOf(node))
}

export function isAbsent(node: JsonTree | undefined): boolean {
  return node === undefined || node.kind === 'null'
}
