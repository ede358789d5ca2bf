/** JSONx (IBM's XML form of JSON), as Vault's audit devices write it: names in order, the outermost object bare. */
import { parseTree, unquote } from '../lib/json/index.ts'
import type { JsonTree } from '../lib/json/index.ts'

/** `json` is the JSON text of an object. */
export function jsonx(json: string): string {
  const tree = parseTree(json)
  return tree.kind === 'object' ? members(tree.entries) : element(tree, '')
}

function members(entries: ReadonlyMap<string, JsonTree>): string {
  let out = ''
  for (const name of [...entries.keys()].toSorted()) {
    const value = entries.get(name)
    if (value !== undefined) out += element(value, ` name="${escape(name)}"`)
  }
  return out
}

function element(value: JsonTree, name: string): string {
  switch (value.kind) {
    case 'object':
      return `<json:object${name}>${members(value.entries)}</json:object>`
    case 'array':
      return `<json:array${name}>${value.items.map((item) => element(item, '')).join('')}</json:array>`
    case 'null':
      return `<json:null${name} />`
    case 'string':
      return `<json:string${name}>${escape(unquote(value.text))}</json:string>`
    default:
      return `<json:${value.kind}${name}>${value.text}</json:${value.kind}>`
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

// oxlint-disable-next-line no-control-regex
const special = /["'&<>\t\n\r]|[\u0000-\u001f\ufffe\uffff]|\p{Surrogate}/gu

/** Characters XML 1.0 lacks become U+FFFD. */
function escape(text: string): string {
  return text.replaceAll(special, (c) => ESCAPES[c] ?? '\uFFFD')
}
