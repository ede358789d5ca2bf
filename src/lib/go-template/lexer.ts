/** Cuts a template into text and actions, and an action into tokens. */
import { TemplateError } from './error.ts'

export type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'field'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: '|' | '(' | ')' }

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number }

const SPACE = new Set([' ', '\t', '\r', '\n'])
const TOKEN =
  /([A-Za-z_]\w*)|\.([A-Za-z_]\w*)|("(?:[^"\\\n]|\\.)*")|(`[^`]*`)|('(?:[^'\\\n]|\\.)+')|([+-]?(?:0[xX][0-9a-fA-F]+|\d+))|([|()])/y

/** Throws `TemplateError`. */
export function pieces(text: string): readonly Piece[] {
  const out: Piece[] = []
  let at = 0
  let trimNext = false
  for (;;) {
    const open = text.indexOf('{{', at)
    const plain = text.slice(at, open === -1 ? undefined : open)
    const begins = open !== -1 && text[open + 2] === '-' && SPACE.has(text[open + 3] ?? '')
    const kept = trimmed(plain, trimNext, begins)
    if (kept !== '') out.push({ kind: 'text', text: kept })
    if (open === -1) return out
    const line = lineOf(text, open)
    const start = open + (begins ? 4 : 2)
    const { tokens, end, ends } = action(text, start, line)
    if (tokens !== undefined) out.push({ kind: 'action', tokens, line })
    at = end
    trimNext = ends
  }
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const front = start ? text.replace(/^[ \t\r\n]+/, '') : text
  return end ? front.trimEnd() : front
}

interface Action {
  /** Undefined for a comment. */
  readonly tokens: readonly Token[] | undefined
  readonly end: number
  /** It ends with `-}}`: the space after it goes. */
  readonly ends: boolean
}

function action(text: string, start: number, line: number): Action {
  if (text.startsWith('/*', start)) {
    const closed = /\*\/(\s+-)?\}\}/y
    closed.lastIndex = Math.max(text.indexOf('*/', start), 0)
    const found = closed.exec(text)
    if (found === null) throw at(line, 'unclosed comment')
    return { tokens: undefined, end: closed.lastIndex, ends: found[1] !== undefined }
  }
  const tokens: Token[] = []
  let here = start
  for (;;) {
    const before = here
    while (SPACE.has(text[here] ?? '')) here++
    if (text.startsWith('}}', here)) return { tokens, end: here + 2, ends: false }
    if (here > before && text.startsWith('-}}', here)) return { tokens, end: here + 3, ends: true }
    if (here >= text.length) throw at(line, 'unclosed action')
    TOKEN.lastIndex = here
    const found = TOKEN.exec(text)
    if (found === null) throw at(line, `unexpected ${JSON.stringify(text[here] ?? '')} in operand`)
    tokens.push(tokenOf(found, line))
    here = TOKEN.lastIndex
  }
}

function tokenOf(found: RegExpExecArray, line: number): Token {
  const [, word, field, quoted, raw, character, integer, mark] = found
  if (word !== undefined) return { kind: 'word', text: word }
  if (field !== undefined) return { kind: 'field', text: field }
  if (quoted !== undefined) return { kind: 'string', value: unquoted(quoted.slice(1, -1), line) }
  if (raw !== undefined) return { kind: 'string', value: raw.slice(1, -1) }
  if (character !== undefined) {
    const value = unquoted(character.slice(1, -1), line)
    if ([...value].length !== 1) throw at(line, 'malformed character constant')
    return { kind: 'integer', value: value.codePointAt(0) ?? 0 }
  }
  if (integer !== undefined) {
    const value = Number(integer)
    if (!Number.isSafeInteger(value)) throw at(line, 'integer overflow')
    return { kind: 'integer', value }
  }
  if (mark === '|' || mark === '(' || mark === ')') return { kind: mark }
  throw at(line, 'unexpected token')
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
])

/** Go's escapes of a string, without those of single bytes. */
function unquoted(text: string, line: number): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-7][0-9a-fA-F])|(.))/g,
    (_, u?: string, x?: string, simple?: string) => {
      const hex = u ?? x
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
      const known = ESCAPES.get(simple ?? '')
      if (known === undefined) throw at(line, 'unknown escape in a string')
      return known
    },
  )
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

export function at(line: number, what: string): TemplateError {
  return new TemplateError(`template: template:${line}: ${what}`)
}
