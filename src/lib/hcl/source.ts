import type { Position } from './ast.ts'
import { HclError } from './error.ts'

/** A text and the way from offsets to lines. Asked in ascending order, all positions together cost one pass. */
export class Source {
  readonly text: string
  #offset = 0
  #line = 1
  #column = 1

  constructor(text: string) {
    // As Vault: `\r\n` is one end of line, also inside heredocs.
    this.text = text.replaceAll('\r\n', '\n')
    const bad = firstIllegal(this.text)
    if (bad >= 0) {
      const what = this.text.charCodeAt(bad) === 0 ? 'unexpected null character (0x00)' : 'illegal UTF-8 encoding'
      throw new HclError(this.at(bad), what)
    }
  }

  at(offset: number): Position {
    if (offset < this.#offset) {
      this.#offset = 0
      this.#line = 1
      this.#column = 1
    }
    const { text } = this
    for (let i = this.#offset; i < offset && i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit === 0x0a) {
        this.#line++
        this.#column = 1
      } else if ((unit & 0xfc00) !== 0xdc00) this.#column++
    }
    this.#offset = offset
    return { offset, line: this.#line, column: this.#column }
  }

  fail(offset: number, detail: string): never {
    throw new HclError(this.at(offset), detail)
  }
}

/** Where a NUL or half of a surrogate pair stands, or -1. */
function firstIllegal(text: string): number {
  const nul = text.indexOf('\0')
  if (nul >= 0 || text.isWellFormed()) return nul
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if ((unit & 0xf800) !== 0xd800) continue
    if ((unit & 0x0400) !== 0 || (text.charCodeAt(i + 1) & 0xfc00) !== 0xdc00) return i
    i++
  }
  return -1
}
