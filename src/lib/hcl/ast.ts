/** What HCL (version 1, the one Vault reads) and its JSON form parse to. Every node knows where it stands. */

export interface Position {
  /** UTF-16 units from the start of the text. */
  readonly offset: number
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
}

export interface Comment {
  readonly at: Position
  readonly endLine: number
  /** With its marks: `# so`, `// so`, a block comment. */
  readonly text: string
}

/** Comments without an empty line between them. */
export type CommentGroup = readonly Comment[]

export interface Key {
  readonly at: Position
  readonly name: string
  /** As written, with its quotes. */
  readonly text: string
}

/** `key = value`, or a block: `key "label" "label" { … }`. */
export interface Item {
  readonly at: Position
  /** At least one. */
  readonly keys: readonly [Key, ...Key[]]
  readonly assigned: boolean
  readonly value: Value
  /** Comments on the lines directly above. */
  readonly lead: CommentGroup | undefined
  /** Comments after it on its line. */
  readonly trail: CommentGroup | undefined
}

export interface StringValue {
  readonly kind: 'string'
  readonly at: Position
  readonly value: string
  /** As written: quotes and escapes, or the whole heredoc. */
  readonly text: string
  readonly heredoc: boolean
}

export interface NumberValue {
  readonly kind: 'number'
  readonly at: Position
  /** As written; a 64-bit integer may not fit `value`. */
  readonly text: string
  readonly value: number
  readonly integer: boolean
}

interface BooleanValue {
  readonly kind: 'boolean'
  readonly at: Position
  readonly value: boolean
}

/** Only JSON has it. */
interface NullValue {
  readonly kind: 'null'
  readonly at: Position
}

export interface Element {
  readonly value: Value
  readonly lead: CommentGroup | undefined
  readonly trail: CommentGroup | undefined
}

export interface ListValue {
  readonly kind: 'list'
  readonly at: Position
  readonly end: Position
  readonly elements: readonly Element[]
}

export interface ObjectValue {
  readonly kind: 'object'
  readonly at: Position
  readonly end: Position
  readonly items: readonly Item[]
}

export type Value = StringValue | NumberValue | BooleanValue | NullValue | ListValue | ObjectValue

export interface Document {
  readonly items: readonly Item[]
  /** All of them, in order, also those that stand at a node. */
  readonly comments: readonly CommentGroup[]
  readonly syntax: 'hcl' | 'json'
}

/** Deeper nesting is refused, so that no reader of the tree can run out of stack. */
export const MAX_DEPTH = 64
