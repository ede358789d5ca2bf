/** The YAML that JSON data needs: block style, sorted keys, lists not indented, as Vault prints it. */
import { quote } from '../../lib/json/quote.ts'
import type { JsonTree } from '../tree.ts'
import { stringOf } from '../tree.ts'
import { sortedEntries } from './go-text.ts'

/** With a newline at the end. */
export function yaml(node: JsonTree): string {
  return `${block(node, '').replace(/^\n/, '')}\n`
}

/** What stands behind `key:` or `-`: ` text`, or lines that begin with a newline. */
function block(node: JsonTree, indent: string): string {
  if (node.kind === 'array' && node.items.length > 0) {
    return node.items.map((item) => `\n${indent}-${inItem(item, indent)}`).join('')
  }
  if (node.kind === 'object' && node.entries.size > 0) {
    return sortedEntries(node.entries)
      .map(([name, value]) => `\n${indent}${key(name)}:${behindKey(value, indent)}`)
      .join('')
  }
  return scalar(node, indent)
}

function behindKey(value: JsonTree, indent: string): string {
  const text = block(value, value.kind === 'array' ? indent : `${indent}  `)
  return text.startsWith('\n') ? text : ` ${text}`
}

/** The first line of a nested block stands beside the dash. */
function inItem(item: JsonTree, indent: string): string {
  const text = block(item, `${indent}  `)
  return text.startsWith('\n') ? ` ${text.slice(indent.length + 3)}` : ` ${text}`
}

function scalar(node: JsonTree, indent: string): string {
  if (node.kind === 'array') return '[]'
  if (node.kind === 'object') return '{}'
  const text = stringOf(node)
  if (text !== undefined) return string(text, indent)
  // 1e5 is a string to YAML 1.1, which wants the point and the sign.
  const exponent = /^(-?\d+)(\.\d+)?[eE]([+-]?)(\d+)$/.exec(node.text)
  if (exponent === null) return node.text
  const [, whole = '', fraction = '.0', sign = '', power = ''] = exponent
  return `${whole}${fraction}e${sign || '+'}${power}`
}

function key(name: string): string {
  return name.includes('\n') ? quote(name) : string(name, '')
}

/** Words and numbers that YAML 1.1 or 1.2 would not read as a string. */
const reserved = new RegExp(
  [
    '~|null|true|false|yes|no|on|off|y|n|<<|=',
    String.raw`[-+]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:e[-+]?\d+)?|[-+]?\.inf|\.nan`,
    String.raw`[-+]?0(?:x[\da-f_]+|o?[0-7_]+|b[01_]+)`,
    String.raw`[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?`,
    String.raw`\d{4}-\d\d?-\d\d?(?:[t\s].*)?`,
  ]
    .map((kind) => `^(?:${kind})$`)
    .join('|'),
  'i',
)
const plain =
  /^(?![\s\-?:,[\]{}#&*!|>'"%@`])(?!.*(?:: |:$| #))[\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*(?<!\s)$/u
const printable = /^[\t\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/u
/** A literal block holds neither control characters nor lines that end in spaces. */
const literal = /^(?:[\n\t\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd](?<![ \t](?=\n|$)))*$/u

function string(text: string, indent: string): string {
  if (text === '' || reserved.test(text)) return quote(text)
  if (text.includes('\n')) return literal.test(text) ? literalBlock(text, indent) : quote(text)
  if (plain.test(text) || (/^[-?:]\S/.test(text) && plain.test(text.slice(1)))) return text
  return printable.test(text) ? `'${text.replaceAll("'", "''")}'` : quote(text)
}

function literalBlock(text: string, indent: string): string {
  const end = /\n*$/.exec(text)?.[0].length ?? 0
  const chomping = end === 0 ? '-' : end === 1 ? '' : '+'
  const inner = indent === '' ? '  ' : indent
  const lines = text
    .slice(0, text.length - end)
    .split('\n')
    .map((line) => (line === '' ? '' : inner + line))
  // Leading white space would be taken for indentation.
  const indentation = /^\s/.test(text) ? '2' : ''
  return `|${indentation}${chomping}\n${lines.join('\n')}${'\n'.repeat(Math.max(0, end - 1))}`
}
