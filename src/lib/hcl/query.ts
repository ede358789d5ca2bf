/** Questions that readers of a tree share. */
import type { Item, Key, ObjectValue } from './ast.ts'

export interface Block {
  readonly item: Item
  /** The names after the block's own: `listener "tcp"` has one. */
  readonly labels: readonly Key[]
  readonly value: ObjectValue
}

export interface BlockSearch {
  readonly found: readonly Block[]
  /** Items of that name that are no block of that many labels. */
  readonly misfits: readonly Item[]
}

/**
 * The blocks called `name` with `labels` labels, in order, whether written `listener "tcp" { … }` or, as JSON has to,
 * `{"listener": {"tcp": {…}}}` or `{"listener": [{"tcp": {…}}]}`.
 */
export function blocks(items: readonly Item[], name: string, labels: number): BlockSearch {
  const found: Block[] = []
  const misfits: Item[] = []
  for (const item of items) {
    if (item.keys[0].name === name) collect(item, item.keys.slice(1), labels, found, misfits)
  }
  return { found, misfits }
}

function collect(item: Item, labels: readonly Key[], wanted: number, found: Block[], misfits: Item[]): void {
  const { value } = item
  const objects = value.kind === 'list' ? value.elements.map((element) => element.value) : [value]
  for (const object of objects) {
    if (object.kind !== 'object' || labels.length > wanted) misfits.push(item)
    else if (labels.length === wanted) found.push({ item, labels, value: object })
    else if (object.items.length === 0) misfits.push(item)
    else for (const child of object.items) collect(child, [...labels, ...child.keys], wanted, found, misfits)
  }
}

/** Attributes given a second time in the same object, anywhere in the tree. Repeated blocks are none. */
export function duplicates(items: readonly Item[]): readonly Item[] {
  const out: Item[] = []
  collectDuplicates(items, out)
  return out
}

function collectDuplicates(items: readonly Item[], out: Item[]): void {
  const seen = new Set<string>()
  for (const item of items) {
    const [{ name, text }] = item.keys
    const isBlock = !item.assigned || (text.startsWith('"') && holdsObjects(item))
    if (!isBlock && seen.has(name)) out.push(item)
    if (!isBlock) seen.add(name)
    const { value } = item
    const values = value.kind === 'list' ? value.elements.map((element) => element.value) : [value]
    for (const inner of values) if (inner.kind === 'object') collectDuplicates(inner.items, out)
  }
}

/** In JSON a repeated block is a member given twice. */
function holdsObjects({ value }: Item): boolean {
  if (value.kind === 'object') return true
  return (
    value.kind === 'list' &&
    value.elements.length > 0 &&
    value.elements.every((element) => element.value.kind === 'object')
  )
}
