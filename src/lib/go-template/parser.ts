/** A template's text to its tree. Go's text/template without variables, loops and definitions, which no name of a user needs. */
import type { Command, Node, Operand, Pipeline } from './ast.ts'
import { at, pieces, type Piece, type Token } from './lexer.ts'
import { TemplateError } from './error.ts'

/** Longer templates are refused, and so are deeper parentheses. */
const MAX_LENGTH = 8192
const MAX_DEPTH = 32

const UNSUPPORTED = new Set(['range', 'with', 'define', 'template', 'block', 'break', 'continue', 'nil'])

/**
 * Throws `TemplateError`.
 * @param isFunction knows the names of functions.
 */
export function parse(text: string, isFunction: (name: string) => boolean): readonly Node[] {
  if (text.length > MAX_LENGTH) throw new TemplateError(`a template has at most ${MAX_LENGTH} characters`)
  const parser = new Parser(pieces(text), isFunction)
  const { nodes, stop } = parser.nodes(0)
  if (stop !== undefined) throw at(stop.line, `unexpected {{${stop.word}}}`)
  return nodes
}

interface Stop {
  readonly word: 'else' | 'end'
  readonly line: number
  /** What stands after `else`. */
  readonly rest: readonly Token[]
}

class Parser {
  readonly #pieces: readonly Piece[]
  readonly #isFunction: (name: string) => boolean
  #next = 0

  constructor(all: readonly Piece[], isFunction: (name: string) => boolean) {
    this.#pieces = all
    this.#isFunction = isFunction
  }

  /** Up to an `else` or `end` that is not its own. */
  nodes(depth: number): { readonly nodes: readonly Node[]; readonly stop: Stop | undefined } {
    if (depth > MAX_DEPTH) throw new TemplateError('a template is nested too deep')
    const nodes: Node[] = []
    for (;;) {
      const piece = this.#pieces[this.#next++]
      if (piece === undefined) return { nodes, stop: undefined }
      if (piece.kind === 'text') {
        nodes.push(piece)
        continue
      }
      const { tokens, line } = piece
      const [first, ...rest] = tokens
      const word = first?.kind === 'word' ? first.text : undefined
      if (word === 'else' || word === 'end') {
        if (word === 'end' && rest.length > 0) throw at(line, 'unexpected token in end')
        return { nodes, stop: { word, line, rest } }
      }
      if (word === 'if') nodes.push(this.#condition(rest, line, depth))
      else if (word !== undefined && UNSUPPORTED.has(word)) throw at(line, `"${word}" is not supported`)
      else nodes.push({ kind: 'action', pipeline: this.#whole(tokens, line) })
    }
  }

  #condition(tokens: readonly Token[], line: number, depth: number): Node {
    const condition = this.#whole(tokens, line)
    const { nodes: body, stop } = this.nodes(depth + 1)
    if (stop === undefined) throw at(line, 'unexpected EOF')
    if (stop.word === 'end') return { kind: 'if', condition, body, otherwise: [] }
    const [next, ...more] = stop.rest
    if (next !== undefined) {
      if (next.kind !== 'word' || next.text !== 'if') throw at(stop.line, 'unexpected token in else')
      return { kind: 'if', condition, body, otherwise: [this.#condition(more, stop.line, depth + 1)] }
    }
    const { nodes: otherwise, stop: end } = this.nodes(depth + 1)
    if (end?.word !== 'end') throw at(end?.line ?? line, end === undefined ? 'unexpected EOF' : 'unexpected {{else}}')
    return { kind: 'if', condition, body, otherwise }
  }

  #whole(tokens: readonly Token[], line: number): Pipeline {
    const { pipeline, next } = this.#pipeline(tokens, 0, line, 0)
    if (next < tokens.length) throw at(line, 'unexpected right paren')
    return pipeline
  }

  #pipeline(
    tokens: readonly Token[],
    from: number,
    line: number,
    depth: number,
  ): { readonly pipeline: Pipeline; readonly next: number } {
    if (depth > MAX_DEPTH) throw at(line, 'parentheses are nested too deep')
    const commands: Command[] = []
    let operands: Operand[] = []
    let here = from
    const finish = (): void => {
      const [first, ...rest] = operands
      if (first === undefined) throw at(line, 'missing value for command')
      if (rest.length > 0 && first.kind !== 'function') throw at(line, "can't give argument to non-function")
      if (commands.length > 0 && first.kind !== 'function') throw at(line, 'non executable command in pipeline')
      commands.push({ operands: [first, ...rest] })
      operands = []
    }
    for (; here < tokens.length; here++) {
      const token = tokens[here]
      if (token === undefined || token.kind === ')') break
      if (token.kind === '|') finish()
      else if (token.kind === '(') {
        const inner = this.#pipeline(tokens, here + 1, line, depth + 1)
        if (tokens[inner.next]?.kind !== ')') throw at(line, 'unclosed left paren')
        operands.push({ kind: 'pipeline', pipeline: inner.pipeline })
        here = inner.next
      } else operands.push(this.#operand(token, line))
    }
    if (depth === 0 && tokens[here]?.kind === ')') throw at(line, 'unexpected right paren')
    finish()
    const [first, ...rest] = commands
    if (first === undefined) throw at(line, 'missing value for command')
    return { pipeline: [first, ...rest], next: here }
  }

  #operand(token: Token, line: number): Operand {
    switch (token.kind) {
      case 'string':
      case 'integer':
        return token
      case 'field':
        return { kind: 'field', name: token.text }
      case 'word':
        if (token.text === 'true' || token.text === 'false') return { kind: 'boolean', value: token.text === 'true' }
        if (!this.#isFunction(token.text)) throw at(line, `function ${JSON.stringify(token.text)} not defined`)
        return { kind: 'function', name: token.text }
      default:
        throw at(line, 'unexpected token')
    }
  }
}
