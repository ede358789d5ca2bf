/** What a template parses to. */

export type Operand =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** `.DisplayName` */
  | { readonly kind: 'field'; readonly name: string }
  /** A function's name where a value stands; one without parameters is called. */
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }

/** `truncate 8`: the first is called if it is a function, and is else the only one. */
export interface Command {
  readonly operands: readonly [Operand, ...Operand[]]
}

/** `.RoleName | truncate 8 | lowercase`: each gets the value before it as its last argument. */
export type Pipeline = readonly [Command, ...Command[]]

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if'
      readonly condition: Pipeline
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }
