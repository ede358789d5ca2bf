/**
 * JSON text with its strings replaced by their hashes, without parsing it: keys, numbers and literals stay as they
 * stand.
 */
import { unquote } from '../lib/json/index.ts'

/** Turns a decoded string into the JSON literal that takes its place. */
export type Replace = (decoded: string) => string

/** Every string value of valid JSON `text`, at any depth, goes through `replace`. Does not recurse. */
export function replaceStrings(text: string, replace: Replace): string {
  let out = ''
  let copied = 0
  for (let open = text.indexOf('"'); open >= 0;) {
    const end = closingQuote(text, open)
    if (!isKey(text, end + 1)) {
      out += text.slice(copied, open) + replace(unquote(text.slice(open, end + 1)))
      copied = end + 1
    }
    open = text.indexOf('"', end + 1)
  }
  return copied === 0 ? text : out + text.slice(copied)
}

/**
 * Like `replaceStrings`, except that strings below a key of `clear` stay as they are: the nearest key counts, past
 * lists, as in Vault. `nearest` is the key under which `text` itself stands.
 */
export function replaceStringsExcept(
  text: string,
  replace: Replace,
  clear: ReadonlySet<string>,
  nearest: string,
): string {
  let out = ''
  let copied = 0
  const outer: string[] = []
  let key = nearest
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x7b || c === 0x5b) outer.push(key)
    else if (c === 0x7d || c === 0x5d) key = outer.pop() ?? nearest
    else if (c === 0x22) {
      const end = closingQuote(text, i)
      const literal = text.slice(i, end + 1)
      if (isKey(text, end + 1)) key = unquote(literal)
      else if (!clear.has(key)) {
        out += text.slice(copied, i) + replace(unquote(literal))
        copied = end + 1
      }
      i = end
    }
  }
  return copied === 0 ? text : out + text.slice(copied)
}

function closingQuote(text: string, open: number): number {
  let end = text.indexOf('"', open + 1)
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  // Never reached with valid JSON; without it, a text cut short would show its last string.
  if (end < 0) throw new Error('a string has no end')
  return end
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++
  return slashes % 2 === 1
}

function isKey(text: string, from: number): boolean {
  for (let i = from; ; i++) {
    const c = text.charCodeAt(i)
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return c === 0x3a
  }
}
