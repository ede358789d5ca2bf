/** What quoted strings and heredocs say. */
import type { Source } from './source.ts'

const SIMPLE = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['"', '"'],
])
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** End (past the closing quote) of the string whose opening quote is at `start`. Quotes inside `${…}` don't end it. */
export function endOfString(source: Source, start: number): number {
  const { text } = source
  let braces = 0
  for (let i = start + 1; i < text.length; i++) {
    const char = text[i]
    if (char === '\\') i++
    else if (char === '\n' && braces === 0) break
    else if (char === '"' && braces === 0) return i + 1
    else if (char === '$' && braces === 0 && text[i + 1] === '{') {
      braces = 1
      i++
    } else if (char === '{' && braces > 0) braces++
    else if (char === '}' && braces > 0) braces--
  }
  return source.fail(start, "literal not terminated: expected a closing '\"' on the same line")
}

/** Value of the quoted string from `start` to `end`. `${…}` is kept as it stands; Go's escapes elsewhere. */
export function unquote(source: Source, start: number, end: number): string {
  const inner = source.text.slice(start + 1, end - 1)
  if (!inner.includes('\\')) return inner
  let out = ''
  let bytes: number[] = []
  const flush = (at: number): void => {
    if (bytes.length === 0) return
    try {
      out += utf8.decode(Uint8Array.from(bytes))
    } catch {
      source.fail(start + 1 + at, 'illegal char escape: the bytes are not valid UTF-8')
    }
    bytes = []
  }
  for (let i = 0; i < inner.length;) {
    if (inner[i] !== '\\') {
      flush(i)
      const next = inner.startsWith('${', i) ? endOfInterpolation(inner, i) : i + 1
      out += inner.slice(i, next)
      i = next
      continue
    }
    const escape = readEscape(inner, i + 1)
    if (escape === undefined) return source.fail(start + 1 + i, 'illegal char escape')
    if (escape.byte === undefined) {
      flush(i)
      out += escape.text
    } else bytes.push(escape.byte)
    i = escape.end
  }
  flush(inner.length)
  return out
}

function endOfInterpolation(inner: string, start: number): number {
  let braces = 0
  for (let i = start + 1; i < inner.length; i++) {
    if (inner[i] === '\\') i++
    else if (inner[i] === '{') braces++
    else if (inner[i] === '}' && --braces === 0) return i + 1
  }
  return inner.length
}

interface Escape {
  readonly end: number
  readonly text: string
  /** `\x` and octal escapes are single bytes of UTF-8. */
  readonly byte: number | undefined
}

const DIGITS = new Map([
  ['x', /[0-9a-fA-F]{2}/y],
  ['u', /[0-9a-fA-F]{4}/y],
  ['U', /[0-9a-fA-F]{8}/y],
])
const OCTAL = /[0-3][0-7]{2}/y

function readEscape(inner: string, at: number): Escape | undefined {
  const char = inner[at] ?? ''
  const simple = SIMPLE.get(char)
  if (simple !== undefined) return { end: at + 1, text: simple, byte: undefined }
  const hex = DIGITS.get(char)
  if (hex === undefined) {
    OCTAL.lastIndex = at
    const octal = OCTAL.exec(inner)?.[0]
    return octal === undefined ? undefined : { end: at + 3, text: '', byte: Number.parseInt(octal, 8) }
  }
  hex.lastIndex = at + 1
  const digits = hex.exec(inner)?.[0]
  if (digits === undefined) return undefined
  const value = Number.parseInt(digits, 16)
  const end = at + 1 + digits.length
  if (char === 'x') return { end, text: '', byte: value }
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return undefined
  return { end, text: String.fromCodePoint(value), byte: undefined }
}

export interface Heredoc {
  /** Past the line with the closing anchor. */
  readonly end: number
  readonly value: string
}

const ANCHOR = /<<(-?)([\p{L}\p{Nd}_]*)(\n?)/uy
const INDENT = /[\t\v\f\r ]*/y

/** The heredoc whose `<<` is at `start`. Under `<<-`, the indentation of the closing anchor is taken off if every line has it. */
export function readHeredoc(source: Source, start: number): Heredoc {
  const { text } = source
  ANCHOR.lastIndex = start
  const opening = ANCHOR.exec(text)
  if (opening === null) return source.fail(start, "expected a second '<' for a heredoc")
  const [head, dash, anchor = '', newline] = opening
  if (anchor === '') source.fail(start, 'zero-length heredoc anchor')
  if (newline === '')
    source.fail(start + head.length, 'invalid characters in heredoc anchor: expected the end of the line')
  const body = start + head.length
  for (let line = body; line < text.length;) {
    const newlineAt = text.indexOf('\n', line)
    const end = newlineAt < 0 ? text.length : newlineAt
    INDENT.lastIndex = line
    const indent = INDENT.exec(text)?.[0] ?? ''
    if (text.startsWith(anchor, line + indent.length) && isBlank(text, line + indent.length + anchor.length, end)) {
      const value = text.slice(body, line)
      return { end: Math.min(end + 1, text.length), value: dash === '-' ? unindent(value, indent) : value }
    }
    line = end + 1
  }
  return source.fail(start, `heredoc not terminated: expected a line with only ${anchor}`)
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (text[i] !== '\r') return false
  return true
}

function unindent(value: string, indent: string): string {
  const lines = value.split('\n')
  const last = lines.pop() ?? ''
  if (!lines.every((line) => line.startsWith(indent))) return value
  return [...lines.map((line) => line.slice(indent.length)), last].join('\n')
}
