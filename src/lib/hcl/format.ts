/**
 * The canonical form of an HCL text, as `vault policy fmt` writes it: two spaces, one item a line, `=` of adjacent one-line attributes and
 * their comments aligned, an empty line around everything longer. No comment is lost.
 */
import type { CommentGroup, Document, Item, ListValue, Position, Value } from './ast.ts'
import { HclError } from './error.ts'
import { parseNative } from './parser.ts'

const INDENT = '  '

/** Throws `HclError` for a text that doesn't parse, and for JSON. */
export function formatHcl(text: string): string {
  if (/^[\s\ufeff]*\{/.test(text))
    throw new HclError({ offset: 0, line: 1, column: 1 }, 'expected HCL, got JSON, which has no canonical form')
  return printHcl(parseNative(text))
}

function printHcl(document: Document): string {
  const text = new Printer(document).top()
  return text === '' ? '' : `${text.trimEnd()}\n`
}

class Printer {
  readonly #items: readonly Item[]
  /** Groups that stand at no item or element, in order. */
  readonly #loose: readonly CommentGroup[]
  #next = 0

  constructor({ items, comments }: Document) {
    this.#items = items
    const attached = new Set<CommentGroup>()
    collectAttached(items, attached)
    const kept = new Set([...attached].flat())
    this.#loose = comments
      .map((group) => group.filter((comment) => !kept.has(comment)))
      .filter((group) => group.length > 0)
  }

  top(): string {
    let out = ''
    this.#items.forEach((item, index) => {
      for (const group of this.#before(item.at)) out += `${lines(group, '')}\n`
      for (const group of this.#before(item.value.at)) out += lines(group, '')
      out += this.#item(item, '')
      const next = this.#items[index + 1]
      out +=
        next === undefined || (isEmptyBlock(item) && isEmptyBlock(next) && next.at.line === item.at.line + 1)
          ? '\n'
          : '\n\n'
    })
    const rest = this.#before(undefined)
    return rest.length === 0
      ? out
      : `${out}${out === '' ? '' : '\n'}${rest.map((group) => lines(group, '')).join('\n')}`
  }

  /** Takes the loose groups that start before a place. */
  #before(place: Position | undefined): readonly CommentGroup[] {
    const from = this.#next
    while (this.#next < this.#loose.length) {
      const start = this.#loose[this.#next]?.[0]?.at.offset ?? 0
      if (place !== undefined && start >= place.offset) break
      this.#next++
    }
    return this.#loose.slice(from, this.#next)
  }

  #item(item: Item, indent: string): string {
    const trail = item.trail === undefined ? '' : ` ${inline(item.trail)}`
    return `${lines(item.lead, indent)}${indent}${head(item)}${this.#value(item.value, indent)}${trail}`
  }

  #value(value: Value, indent: string): string {
    switch (value.kind) {
      case 'string':
        return value.heredoc ? value.text.trimEnd() : value.text
      case 'number':
        return value.text
      case 'boolean':
        return String(value.value)
      case 'null':
        return 'null'
      case 'list':
        return this.#list(value, indent)
      case 'object':
        return this.#object(value.items, value.end, indent)
    }
  }

  #object(items: readonly Item[], end: Position, indent: string): string {
    const inner = indent + INDENT
    const parts: string[] = []
    for (let index = 0; index < items.length;) {
      const first = items[index]
      if (first === undefined) break
      const loose = this.#before(first.value.at)
      for (const group of loose) parts.push(lines(group, inner))
      const run = this.#run(items, index, inner)
      const hugs = loose.at(-1)?.at(-1)?.endLine === first.at.line - 1
      if (hugs) parts.push(`${parts.pop() ?? ''}${run.text}`)
      else parts.push(run.text)
      index += run.count
    }
    for (const group of this.#before(end)) parts.push(lines(group, inner))
    return parts.length === 0 ? '{}' : `{\n${parts.join('\n')}${indent}}`
  }

  /** The longest run of adjacent one-line attributes from `index` on, aligned; or the one item there. Ends with a newline. */
  #run(items: readonly Item[], index: number, indent: string): { readonly text: string; readonly count: number } {
    const run: { readonly item: Item; readonly value: string }[] = []
    for (let item = items[index]; item !== undefined; item = items[index + run.length]) {
      const previous = run.at(-1)?.item
      if (!isSimple(item)) break
      if (previous !== undefined && item.at.line !== previous.at.line + 1) break
      run.push({ item, value: this.#value(item.value, indent) })
    }
    const only = items[index]
    if (run.length < 2) return { text: only === undefined ? '' : `${this.#item(only, indent)}\n`, count: 1 }
    const keyWidth = widest(run.map(({ item }) => item.keys[0].text))
    const valueWidth = widest(run.map(({ value }) => value))
    const text = run.map(({ item, value }) => {
      const trail = item.trail === undefined ? '' : `${' '.repeat(valueWidth - width(value) + 1)}${inline(item.trail)}`
      const key = item.keys[0].text
      return `${lines(item.lead, indent)}${indent}${key}${' '.repeat(keyWidth - width(key) + 1)}= ${value}${trail}\n`
    })
    return { text: text.join(''), count: run.length }
  }

  #list(list: ListValue, indent: string): string {
    const start = this.#loose[this.#next]?.[0]?.at.offset ?? Number.POSITIVE_INFINITY
    if (isOneLine(list) && start > list.end.offset)
      return `[${list.elements.map(({ value }) => this.#value(value, indent)).join(', ')}]`
    const inner = indent + INDENT
    const longest = widest(list.elements.map(({ value }) => ('text' in value ? value.text : '')))
    let out = '['
    list.elements.forEach(({ value, lead, trail }, index) => {
      const above = [...this.#before(value.at), ...(lead === undefined ? [] : [lead])]
      const apart = index > 0 && (above.length > 0 || list.elements[index - 1]?.lead !== undefined)
      out += `${apart ? '\n' : ''}\n${above.map((group) => lines(group, inner)).join('')}${inner}${this.#value(value, inner)}`
      out += value.kind === 'string' && value.heredoc ? `\n${inner},` : ','
      if (trail !== undefined)
        out += `${' '.repeat(longest - ('text' in value ? width(value.text) : 0) + 1)}${inline(trail)}`
    })
    const rest = this.#before(list.end)
    return `${out}\n${rest.map((group) => lines(group, inner)).join('')}${indent}]`
  }
}

function collectAttached(items: readonly Item[], into: Set<CommentGroup>): void {
  for (const { lead, trail, value } of items) {
    if (lead !== undefined) into.add(lead)
    if (trail !== undefined) into.add(trail)
    collectOf(value, into)
  }
}

function collectOf(value: Value, into: Set<CommentGroup>): void {
  if (value.kind === 'object') collectAttached(value.items, into)
  if (value.kind !== 'list') return
  for (const element of value.elements) {
    if (element.lead !== undefined) into.add(element.lead)
    if (element.trail !== undefined) into.add(element.trail)
    collectOf(element.value, into)
  }
}

function head(item: Item): string {
  return `${item.keys.map((key) => key.text).join(' ')} ${item.assigned ? '= ' : ''}`
}

/** Each comment on a line of its own. */
function lines(group: CommentGroup | undefined, indent: string): string {
  return group === undefined ? '' : group.map((comment) => `${indent}${comment.text.trimEnd()}\n`).join('')
}

/** Comments at the end of a line: only the last may run to its end. */
function inline(group: CommentGroup): string {
  return group.map((comment) => comment.text.trimEnd()).join(' ')
}

function isEmptyBlock(item: Item): boolean {
  return item.lead === undefined && !item.assigned && item.value.kind === 'object' && item.value.items.length === 0
}

/** An attribute that prints on one line, with at most one line of comment above it. */
function isSimple(item: Item): boolean {
  if (!item.assigned || (item.lead !== undefined && (item.lead.length > 1 || item.lead[0]?.text.includes('\n'))))
    return false
  const { value } = item
  if (value.kind === 'object') return value.items.length === 0 && value.at.line === value.end.line
  if (value.kind === 'list') return isOneLine(value) && value.elements.every((element) => !isMultiLine(element.value))
  return !isMultiLine(value)
}

function isMultiLine(value: Value): boolean {
  return value.kind === 'string' && value.text.includes('\n')
}

/** A list of literals that was written on one line stays on one. */
function isOneLine(list: ListValue): boolean {
  return list.elements.every(({ value, lead, trail }) => {
    const literal = value.kind !== 'list' && value.kind !== 'object' && !(value.kind === 'string' && value.heredoc)
    return literal && value.at.line === list.at.line && lead === undefined && trail === undefined
  })
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, width(text)), 0)
}

function width(text: string): number {
  return [...text].length
}
