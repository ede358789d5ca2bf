/** Why a text is not taken as JSON. */
export type JsonErrorCode =
  | 'syntax'
  | 'utf8'
  | 'not_object'
  | 'depth'
  | 'strings'
  | 'string_length'
  | 'members'
  | 'memory'

/** Says where and why, never what stood there: bodies hold secrets (CVE-2025-4166). */
export class JsonError extends Error {
  readonly code: JsonErrorCode
  readonly reason: string
  /** Byte offset in the text. */
  readonly offset: number

  constructor(code: JsonErrorCode, reason: string, offset: number) {
    super(`${reason} at offset ${offset}`)
    this.name = 'JsonError'
    this.code = code
    this.reason = reason
    this.offset = offset
  }
}
