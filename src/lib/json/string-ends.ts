import { JsonError } from './error.ts'

/**
 * Finds the closing quotes of strings in valid JSON by native search. Ask with growing offsets: it remembers where the next
 * backslash stands, so that plain text is looked at once.
 */
export class StringEnds {
  readonly #text: string
  #backslash = -1

  constructor(text: string) {
    this.#text = text
  }

  /** Offset of the quote that closes the string opened at `open`. Throws `JsonError` if there is none. */
  find(open: number): number {
    const text = this.#text
    if (this.#backslash < open) this.#backslash = position(text.indexOf('\\', open))
    let end = text.indexOf('"', open + 1)
    while (end > this.#backslash && isEscaped(text, end)) end = text.indexOf('"', end + 1)
    if (end < 0) throw new JsonError('syntax', 'unexpected end of input', text.length)
    return end
  }
}

function position(found: number): number {
  return found < 0 ? Infinity : found
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++
  return slashes % 2 === 1
}
