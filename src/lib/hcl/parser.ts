/**
 * HCL 1 by recursive descent:
 *
 *     body    = { item [ "," ] }
 *     item    = key "=" value | key { key } object
 *     key     = identifier | string
 *     value   = string | heredoc | number | boolean | list | object
 *     list    = "[" { value "," } [ value ] "]"
 *     object  = "{" body "}"
 */
import type { CommentGroup, Document, Element, Item, Key, ListValue, ObjectValue, Value } from './ast.ts'
import { MAX_DEPTH } from './ast.ts'
import { CommentReader } from './comments.ts'
import type { Token } from './lexer.ts'
import { describe, Lexer } from './lexer.ts'
import { numberValue } from './number.ts'
import { Source } from './source.ts'

/** Throws `HclError`. Linear in the length of the text. */
export function parseNative(text: string, calls = false): Document {
  const parser = new Parser(new Source(text), calls)
  const items = parser.body(undefined)
  return { items, comments: parser.comments.groups, syntax: 'hcl' }
}

class Parser {
  readonly comments: CommentReader
  readonly #source: Source
  #token: Token
  #depth = 0

  constructor(source: Source, calls: boolean) {
    this.#source = source
    const lexer = new Lexer(source, calls)
    this.comments = new CommentReader(lexer, lexer.next())
    this.#token = this.comments.skip(0)
  }

  /** Items up to the closing brace (not taken), or to the end of the text at the top. */
  body(open: Token | undefined): readonly Item[] {
    const items: Item[] = []
    for (;;) {
      if (this.#token.type === 'end') {
        if (open === undefined) return items
        this.#fail(
          this.#token,
          `expected '}' for the '{' at ${open.at.line}:${open.at.column}, got the end of the text`,
        )
      }
      if (this.#token.type === '}' && open !== undefined) return items
      items.push(this.#item())
      if (this.#token.type === ',') this.#advance()
    }
  }

  #item(): Item {
    const lead = this.#takeLead()
    const keys = this.#keys()
    const [{ at }] = keys
    const assigned = this.#token.type === '='
    if (assigned) this.#advance()
    else if (this.#token.type !== '{') {
      const names = keys.map((key) => key.text).join(' ')
      this.#fail(
        this.#token,
        `key '${names}' expected start of object ('{') or assignment ('='), got ${describe(this.#token)}`,
      )
    }
    this.comments.trail = undefined
    const value = this.#value()
    return { at, keys, assigned, value, lead, trail: value.at.line === at.line ? this.#takeTrail() : undefined }
  }

  #keys(): readonly [Key, ...Key[]] {
    const first = this.#key()
    const rest: Key[] = []
    while (this.#token.type === 'identifier' || this.#token.type === 'string') rest.push(this.#key())
    if (this.#token.type === '=' && rest.length > 0) this.#fail(this.#token, "nested object expected: '{' got: '='")
    return [first, ...rest]
  }

  #key(): Key {
    const { type, at, value, text } = this.#token
    if (type !== 'identifier' && type !== 'string') {
      this.#fail(this.#token, `expected the name of an attribute or a block, got ${describe(this.#token)}`)
    }
    this.#advance()
    return { at, name: value, text }
  }

  #value(): Value {
    const token = this.#token
    switch (token.type) {
      case 'string':
      case 'heredoc':
        this.#advance()
        return { kind: 'string', at: token.at, value: token.value, text: token.text, heredoc: token.type === 'heredoc' }
      case 'boolean':
        this.#advance()
        return { kind: 'boolean', at: token.at, value: token.text === 'true' }
      case 'number':
        this.#advance()
        return numberValue(this.#source, token)
      case '{':
        return this.#nested(() => this.#object(token))
      case '[':
        return this.#nested(() => this.#list(token))
      case 'identifier':
        return this.#fail(token, `expected a value, got the name ${token.text}: a string takes quotes`)
      default:
        return this.#fail(token, `expected a value (string, number, boolean, list or object), got ${describe(token)}`)
    }
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.#fail(this.#token, `nested too deeply: at most ${MAX_DEPTH} levels`)
    const value = parse()
    this.#depth--
    return value
  }

  #object(open: Token): ObjectValue {
    this.#advance()
    const items = this.body(open)
    const end = this.#token.at
    this.comments.lead = undefined
    this.#advance()
    return { kind: 'object', at: open.at, end, items }
  }

  #list(open: Token): ListValue {
    const elements: Element[] = []
    this.#advance()
    this.comments.trail = undefined
    for (let separated = true; this.#token.type !== ']';) {
      if (this.#token.type === ',') {
        separated = true
        this.#advance()
        this.#trailOf(elements)
        continue
      }
      if (this.#token.type === 'end') {
        this.#fail(
          this.#token,
          `expected ']' for the '[' at ${open.at.line}:${open.at.column}, got the end of the text`,
        )
      }
      if (!separated)
        this.#fail(this.#token, `error parsing list, expected comma or list end, got: ${describe(this.#token)}`)
      const lead = this.#takeLead()
      elements.push({ value: this.#value(), lead, trail: undefined })
      this.#trailOf(elements)
      separated = false
    }
    const end = this.#token.at
    this.comments.lead = undefined
    this.#advance()
    return { kind: 'list', at: open.at, end, elements }
  }

  /** A comment that ends an element's line, before or after its comma, is that element's. */
  #trailOf(elements: Element[]): void {
    const last = elements.at(-1)
    const trail = this.#takeTrail()
    if (last === undefined || trail === undefined) return
    elements[elements.length - 1] = { ...last, trail: last.trail === undefined ? trail : [...last.trail, ...trail] }
  }

  #advance(): void {
    this.#token = this.comments.next(this.#token.at.line)
  }

  #takeLead(): CommentGroup | undefined {
    const { lead } = this.comments
    this.comments.lead = undefined
    return lead
  }

  #takeTrail(): CommentGroup | undefined {
    const { trail } = this.comments
    this.comments.trail = undefined
    return trail
  }

  #fail(token: Token, detail: string): never {
    return this.#source.fail(token.at.offset, detail)
  }
}
