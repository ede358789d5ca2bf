/** JSON for people and `jq`: two spaces a level, as Vault prints it. */
import { quote } from '../../lib/json/quote.ts'
import type { JsonTree } from '../tree.ts'
import { stringOf } from '../tree.ts'
import { sortedEntries } from './go-text.ts'

/** Keys keep their order; `sorted` gives a tree whose keys are sorted. Numbers stay as they were sent. */
export function prettyJson(node: JsonTree): string {
  return write(node, '\n')
}

function write(node: JsonTree, line: string): string {
  const inner = `${line}  `
  if (node.kind === 'array') {
    if (node.items.length === 0) return '[]'
    return `[${node.items.map((item) => inner + write(item, inner)).join(',')}${line}]`
  }
  if (node.kind === 'object') {
    if (node.entries.size === 0) return '{}'
    return `{${[...node.entries].map(([name, value]) => `${inner}${goQuote(name)}: ${write(value, inner)}`).join(',')}${line}}`
  }
  const text = stringOf(node)
  return text === undefined ? node.text : goQuote(text)
}

/** Go escapes what would close a script element, and U+2028 and U+2029. */
function goQuote(text: string): string {
  return quote(text).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function sorted(node: JsonTree): JsonTree {
  if (node.kind === 'array') return { kind: 'array', items: node.items.map(sorted) }
  if (node.kind === 'object') {
    return {
      kind: 'object',
      entries: new Map(sortedEntries(node.entries).map(([name, value]) => [name, sorted(value)])),
    }
  }
  return node
}
