import type { Position } from './ast.ts'

/** A text that is no HCL, and where. `detail` alone is the sentence without the place. */
export class HclError extends Error {
  readonly detail: string
  readonly line: number
  readonly column: number

  constructor(at: Position, detail: string) {
    super(`At ${at.line}:${at.column}: ${detail}`)
    this.name = 'HclError'
    this.detail = detail
    this.line = at.line
    this.column = at.column
  }
}
