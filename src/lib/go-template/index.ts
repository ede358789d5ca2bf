/**
 * Templates in the language that Vault took from Go, for names of users: `{{ printf "v-%s-%s" (.RoleName | truncate 8) (random 20) }}`.
 * Nothing of it is run as code: it is parsed to a tree, and the tree can call the functions of `functions.ts` and nothing else.
 */
import type { Command, Node, Operand, Pipeline } from './ast.ts'
import { TemplateError } from './error.ts'
import { callFunction, isFunction, isTrue, type TemplateWorld } from './functions.ts'
import { parse } from './parser.ts'
import type { Value } from './printf.ts'

export { TemplateError } from './error.ts'
export type { TemplateWorld } from './functions.ts'

export interface Template {
  /** Throws `TemplateError` where a value does not fit or the result grows beyond any name. */
  render(fields: ReadonlyMap<string, string>, world: TemplateWorld): string
}

const MAX_RESULT = 8192

/** Throws `TemplateError` (`template: template:1: …`). */
export function parseTemplate(text: string): Template {
  const nodes = parse(text, isFunction)
  return Object.freeze({
    render: (fields: ReadonlyMap<string, string>, world: TemplateWorld) => new Run(fields, world).nodes(nodes),
  })
}

class Run {
  readonly #fields: ReadonlyMap<string, string>
  readonly #world: TemplateWorld

  constructor(fields: ReadonlyMap<string, string>, world: TemplateWorld) {
    this.#fields = fields
    this.#world = world
  }

  nodes(nodes: readonly Node[]): string {
    let out = ''
    for (const node of nodes) {
      if (node.kind === 'text') out += node.text
      else if (node.kind === 'action') out += String(this.#pipeline(node.pipeline))
      else out += this.nodes(isTrue(this.#pipeline(node.condition)) ? node.body : node.otherwise)
      if (out.length > MAX_RESULT) throw tooLong()
    }
    return out
  }

  #pipeline(pipeline: Pipeline): Value {
    let before: Value | undefined
    for (const command of pipeline) {
      before = this.#command(command, before)
      if (typeof before === 'string' && before.length > MAX_RESULT) throw tooLong()
    }
    return before ?? ''
  }

  #command({ operands: [first, ...rest] }: Command, piped: Value | undefined): Value {
    if (first.kind !== 'function') return this.#operand(first)
    const args = rest.map((operand) => this.#operand(operand))
    return callFunction(first.name, piped === undefined ? args : [...args, piped], this.#world)
  }

  #operand(operand: Operand): Value {
    switch (operand.kind) {
      case 'string':
      case 'integer':
      case 'boolean':
        return operand.value
      case 'field': {
        const value = this.#fields.get(operand.name)
        if (value === undefined) throw new TemplateError(`can't evaluate field ${operand.name}`)
        return value
      }
      case 'function':
        return callFunction(operand.name, [], this.#world)
      case 'pipeline':
        return this.#pipeline(operand.pipeline)
    }
  }
}

function tooLong(): TemplateError {
  return new TemplateError(`the result is longer than ${MAX_RESULT} characters`)
}
