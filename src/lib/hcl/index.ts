/** HCL version 1, the language of Vault's configuration and policies, and its JSON form. Pure: text in, tree or text out. */
import type { Document } from './ast.ts'
import { parseJson } from './json.ts'
import { parseNative } from './parser.ts'

export type { Document, Item, Key, ObjectValue, Position, StringValue, Value } from './ast.ts'
export { HclError } from './error.ts'
export { formatHcl } from './format.ts'
export type { Block } from './query.ts'
export { blocks, duplicates } from './query.ts'

export interface HclOptions {
  /** `a = env("NAME")` is the same as `a = "${env("NAME")}"`, a string whose reader knows what to make of it. */
  readonly calls?: boolean
}

/** A text that starts with `{` is JSON, any other HCL. Throws `HclError`. */
export function parseHcl(text: string, { calls = false }: HclOptions = {}): Document {
  return /^[\s\ufeff]*\{/.test(text) ? parseJson(text) : parseNative(text, calls)
}
