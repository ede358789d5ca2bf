/** Declarations as text, for files that `-f` reads. */
import { isList, isMap, type Fields, type Value } from './value.ts'

const CONFIG = 'config.'
const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/

/** `role "corp/alice" { … }`, its fields in the order that they have, and words about it behind them. */
export function blockText(block: string, id: string, fields: Fields, remarks: readonly string[] = []): string {
  const inner = [...fields].filter(([name]) => !name.startsWith(CONFIG))
  const config = [...fields].filter(([name]) => name.startsWith(CONFIG))
  const lines = attributes(
    inner.map(([name, value]) => [name, valueText(value, '  ')]),
    '  ',
  )
  const nested = attributes(
    config.map(([name, value]) => [name.slice(CONFIG.length), valueText(value, '    ')]),
    '    ',
  )
  const configLines = nested.length === 0 ? [] : [...(lines.length === 0 ? [] : ['']), '  config {', ...nested, '  }']
  const body = [...lines, ...configLines, ...remarks.map((remark) => `  # ${remark}`)]
  const head = `${block} ${quoted(id)} {`
  return body.length === 0 ? `${head}}\n` : `${[head, ...body, '}'].join('\n')}\n`
}

function attributes(pairs: readonly (readonly [string, string])[], indent: string): readonly string[] {
  const width = Math.max(0, ...pairs.filter(([, text]) => !text.includes('\n')).map(([name]) => nameText(name).length))
  return pairs.map(([name, text]) => {
    const shown = nameText(name)
    return `${indent}${text.includes('\n') ? shown : shown.padEnd(width)} = ${text}`
  })
}

function nameText(name: string): string {
  return NAME.test(name) ? name : quoted(name)
}

/** `inList`: something may stand behind it on its line, which a heredoc does not let. */
function valueText(value: Value, indent: string, inList = false): string {
  if (value === null) return '""'
  if (typeof value === 'string') return (inList ? undefined : heredoc(value)) ?? quoted(value)
  if (isList(value)) return `[${value.map((item) => valueText(item, indent, true)).join(', ')}]`
  if (!isMap(value)) return String(value)
  if (value.size === 0) return '{}'
  const inner = `${indent}  `
  const members = attributes(
    [...value].map(([name, member]) => [name, valueText(member, inner)]),
    inner,
  )
  return `{\n${members.join('\n')}\n${indent}}`
}

/** Undefined for a text that a heredoc cannot hold as it is. */
function heredoc(text: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- they are what cannot stand in a file as they are
  if (!text.endsWith('\n') || /[\x00-\x08\x0b-\x1f\x7f]/.test(text)) return undefined
  const lines = text.split('\n').map((line) => line.trim())
  let anchor = 'EOT'
  while (lines.includes(anchor)) anchor += 'T'
  return `<<${anchor}\n${text}${anchor}`
}

/** In quotes, so that HCL reads the same text again. */
export function quoted(text: string): string {
  const escaped = [...text].map((char) => ESCAPES.get(char) ?? (isPlain(char) ? char : unicode(char))).join('')
  // What looks like the beginning of an interpolation would swallow quotes behind it.
  return `"${escaped.replaceAll('${', '\\x24{')}"`
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\r', '\\r'],
])

function isPlain(char: string): boolean {
  const code = char.codePointAt(0) ?? 0
  return code >= 0x20 && !(code >= 0x7f && code <= 0x9f) && !(code >= 0x2028 && code <= 0x202e) && code !== 0xfeff
}

function unicode(char: string): string {
  return `\\U${(char.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`
}
