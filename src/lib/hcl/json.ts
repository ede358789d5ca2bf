/** The JSON form of HCL, strictly RFC 8259, read into the same tree so that its errors and keys have places too. */
import type { Document, Element, Item, Key, ListValue, ObjectValue, Position, Value } from './ast.ts'
import { MAX_DEPTH } from './ast.ts'
import { Source } from './source.ts'

/** Throws `HclError`. Members of one name are all kept, as repeated blocks are. */
export function parseJson(text: string): Document {
  const reader = new Reader(new Source(text))
  return { items: reader.document().items, comments: [], syntax: 'json' }
}

const BLANKS = /[ \t\r\n]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const WORDS = /true|false|null/y

class Reader {
  readonly #source: Source
  #offset = 0
  #depth = 0

  constructor(source: Source) {
    this.#source = source
  }

  document(): ObjectValue {
    if (this.#source.text.startsWith('\ufeff')) this.#offset = 1
    const root = this.#value()
    if (root.kind !== 'object') return this.#fail('expected an object')
    if (this.#peek() !== undefined) this.#fail('expected the end of the text after the closing }')
    return root
  }

  #value(): Value {
    const char = this.#peek()
    if (char === '{') return this.#nested(() => this.#object())
    if (char === '[') return this.#nested(() => this.#list())
    const at = this.#at()
    if (char === '"') {
      const text = this.#string()
      return { kind: 'string', at, value: this.#decode(text, at), text, heredoc: false }
    }
    const number = this.#take(NUMBER)
    if (number !== undefined) return this.#number(at, number)
    const word = this.#take(WORDS)
    if (word === undefined) return this.#fail(`expected a value, got ${found(char)}`)
    return word === 'null' ? { kind: 'null', at } : { kind: 'boolean', at, value: word === 'true' }
  }

  #number(at: Position, text: string): Value {
    const value = Number(text)
    if (!Number.isFinite(value)) return this.#source.fail(at.offset, 'the number is too large')
    return { kind: 'number', at, text, value, integer: /^-?\d+$/.test(text) }
  }

  #object(): ObjectValue {
    const at = this.#at()
    const items: Item[] = []
    this.#offset++
    for (let more = this.#peek() !== '}'; more;) {
      if (this.#peek() !== '"') this.#fail(`expected the name of a member, in quotes, got ${found(this.#peek())}`)
      const key = this.#key()
      if (this.#peek() !== ':') this.#fail(`expected ':' after the name of a member, got ${found(this.#peek())}`)
      this.#offset++
      items.push({ at: key.at, keys: [key], assigned: true, value: this.#value(), lead: undefined, trail: undefined })
      more = this.#more('}')
    }
    const end = this.#at()
    this.#offset++
    return { kind: 'object', at, end, items }
  }

  #list(): ListValue {
    const at = this.#at()
    const elements: Element[] = []
    this.#offset++
    for (let more = this.#peek() !== ']'; more; more = this.#more(']')) {
      elements.push({ value: this.#value(), lead: undefined, trail: undefined })
    }
    const end = this.#at()
    this.#offset++
    return { kind: 'list', at, end, elements }
  }

  /** Takes a comma; false at the closing bracket. */
  #more(close: ']' | '}'): boolean {
    const char = this.#peek()
    if (char === ',') this.#offset++
    else if (char !== close) this.#fail(`expected ',' or '${close}', got ${found(char)}`)
    return char === ','
  }

  #key(): Key {
    const at = this.#at()
    const text = this.#string()
    return { at, name: this.#decode(text, at), text }
  }

  /** By hand: a regular expression over a whole string would need a stack of its length. */
  #string(): string {
    const { text } = this.#source
    const start = this.#offset++
    for (;;) {
      const char = text[this.#offset]
      if (char === undefined) return this.#source.fail(start, 'the string is not terminated')
      if (char < ' ') return this.#fail('a control character in a string takes an escape')
      if (char === '\\') {
        if (this.#take(ESCAPE) === undefined) return this.#fail('illegal escape')
      } else this.#offset++
      if (char === '"') return text.slice(start, this.#offset)
    }
  }

  #decode(text: string, at: Position): string {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'string' || !value.isWellFormed())
      return this.#source.fail(at.offset, 'illegal \\u escape: half of a surrogate pair')
    return value
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.#fail(`nested too deeply: at most ${MAX_DEPTH} levels`)
    const value = parse()
    this.#depth--
    return value
  }

  #peek(): string | undefined {
    this.#take(BLANKS)
    return this.#source.text[this.#offset]
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset
    const taken = pattern.exec(this.#source.text)?.[0]
    if (taken !== undefined) this.#offset = pattern.lastIndex
    return taken
  }

  #at(): Position {
    return this.#source.at(this.#offset)
  }

  #fail(detail: string): never {
    return this.#source.fail(this.#offset, detail)
  }
}

function found(char: string | undefined): string {
  return char === undefined ? 'the end of the text' : `'${char}'`
}
