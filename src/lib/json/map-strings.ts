import { unquote } from './object.ts'
import { quote } from './quote.ts'
import { StringEnds } from './string-ends.ts'

export interface MapStringsOptions {
  /** Members of the top-level object whose whole value stays as it is. */
  readonly keepKeys?: ReadonlySet<string>
}

const nothing: ReadonlySet<string> = new Set()

/**
 * Valid JSON `text` with `fn` applied to every string value, decoded, at any depth; keys, numbers, `true`, `false`, `null`
 * and white space stay as they stand. Does not recurse. Throws `JsonError` for a string without end.
 */
export function mapStrings(text: string, fn: (decoded: string) => string, options?: MapStringsOptions): string {
  const keepKeys = options?.keepKeys ?? nothing
  const ends = new StringEnds(text)
  let out = ''
  let copied = 0
  let depth = 0
  let keeping = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) {
      const end = ends.find(i)
      if (isKey(text, end + 1)) {
        if (depth === 1 && keepKeys.size > 0) keeping = keepKeys.has(unquote(text.slice(i, end + 1)))
      } else if (!keeping) {
        out += text.slice(copied, i) + quote(fn(unquote(text.slice(i, end + 1))))
        copied = end + 1
      }
      i = end
    } else if (c === 0x7b || c === 0x5b) depth++
    else if (c === 0x7d || c === 0x5d) depth--
  }
  return copied === 0 ? text : out + text.slice(copied)
}

/** Whether the string that ends before `from` is a key: a colon follows. */
function isKey(text: string, from: number): boolean {
  for (let i = from; ; i++) {
    const c = text.charCodeAt(i)
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return c === 0x3a
  }
}
