/** The shapes JSON takes in this program: parsed, and about to be written. */
import type { RawJson } from './raw.ts'

/** What `JSON.parse` gives. Integers past 2^53 and `1.0` are not what was sent: only for fields this program itself understands. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue }

/** What `stringify` writes. A `RawJson` goes out verbatim; a member that is `undefined` is left out, as by `JSON.stringify`. */
export type JsonOut =
  | null
  | boolean
  | number
  | string
  | RawJson
  | readonly JsonOut[]
  | { readonly [name: string]: JsonOut | undefined }
  | ReadonlyMap<string, JsonOut | undefined>
