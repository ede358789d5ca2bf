/** The text of an expression: what can be said of it before it is parsed, and where in it something stands. */
import { MAX_NESTING, MAX_TEXT } from './limits.ts'

/** From 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 }
}

export function placed(sentence: string, text: string, offset: number): string {
  const { line, column } = positionAt(text, offset)
  return `${sentence} on line ${line}, column ${column}`
}

/** Why the text is not even parsed; undefined where it may be. */
export function textProblem(text: string): string | undefined {
  if (text.trim() === '') return 'an expression is needed'
  const size = Buffer.byteLength(text)
  if (size > MAX_TEXT) return `an expression takes at most ${MAX_TEXT} bytes; this one has ${size}`
  const deep = nestingBeyond(text)
  return deep === undefined ? undefined : placed(`brackets are nested more than ${MAX_NESTING} deep`, text, deep)
}

/** Where the brackets, whatever stands in strings, come to be too deep. */
function nestingBeyond(text: string): number | undefined {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const one = text[at] ?? ''
    if (one === '"' || one === "'") at = endOfString(text, at)
    else if (text.startsWith('//', at)) at = lineEnd(text, at)
    else if ('([{'.includes(one) && ++depth > MAX_NESTING) return at
    else if (')]}'.includes(one)) depth--
  }
  return undefined
}

/** Of the string's last quote, or of the text where it has none. */
function endOfString(text: string, start: number): number {
  const quote = text[start] ?? ''
  const triple = quote.repeat(3)
  const ending = text.startsWith(triple, start) ? triple : quote
  // A raw string has no escapes: `r"\"` ends where it says.
  const isRaw = /[rR][bB]?$/.test(text.slice(Math.max(0, start - 2), start))
  let at = start + ending.length
  while (at < text.length && !text.startsWith(ending, at)) at += !isRaw && text[at] === '\\' ? 2 : 1
  return at + ending.length - 1
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}
