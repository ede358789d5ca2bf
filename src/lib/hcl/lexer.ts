import type { Position } from './ast.ts'
import type { Source } from './source.ts'
import { endOfString, readHeredoc, unquote } from './strings.ts'

export type TokenType =
  | 'end'
  | 'identifier'
  | 'boolean'
  | 'number'
  | 'string'
  | 'heredoc'
  | 'comment'
  | '['
  | ']'
  | '{'
  | '}'
  | ','
  | '='
  | ':'
  | '.'
  | '+'
  | '-'

export interface Token {
  readonly type: TokenType
  readonly at: Position
  readonly text: string
  /** What a string or heredoc says; for other tokens, their text. */
  readonly value: string
}

const BLANKS = /[ \t\r\n]*/y
const IDENTIFIER = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy
const NUMBER = /-?(?:0[xX][0-9a-fA-F]*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d*)?)/y
const LINE_COMMENT = /[^\n]*/y
const MARKS: ReadonlySet<string> = new Set(['[', ']', '{', '}', ',', '=', ':', '.', '+', '-'])

/** Tokens of HCL, comments among them. After the last one, `end` for ever. */
export class Lexer {
  readonly source: Source
  readonly #calls: boolean
  #offset: number

  /** `calls`: a value may be a call of a function with one string, `env("NAME")`. */
  constructor(source: Source, calls = false) {
    this.source = source
    this.#calls = calls
    // A byte-order mark is what some editors put first.
    this.#offset = source.text.startsWith('\ufeff') ? 1 : 0
  }

  next(): Token {
    const { text } = this.source
    const start = this.#end(BLANKS, this.#offset)
    const char = text[start]
    if (char === undefined) return this.#token('end', start, start)
    if (char === '"') {
      const end = endOfString(this.source, start)
      return this.#token('string', start, end, unquote(this.source, start, end))
    }
    if (char === '#' || char === '/') return this.#comment(start)
    if (char === '<') {
      const { end, value } = readHeredoc(this.source, start)
      return this.#token('heredoc', start, end, value)
    }
    const word = this.#end(IDENTIFIER, start)
    if (word > start) return this.#word(start, word)
    const number = this.#end(NUMBER, start)
    if (number > start) return this.#number(start, number)
    if (isMark(char)) return this.#token(char, start, start + 1)
    return this.source.fail(start, 'illegal character')
  }

  #word(start: number, end: number): Token {
    const text = this.source.text.slice(start, end)
    if (this.#calls && this.source.text[end] === '(') return this.#call(start, end)
    return this.#token(text === 'true' || text === 'false' ? 'boolean' : 'identifier', start, end)
  }

  /** The same as the string `"${env("NAME")}"`, which says it in plain HCL. */
  #call(start: number, open: number): Token {
    const { text } = this.source
    const from = this.#end(BLANKS, open + 1)
    if (text[from] !== '"') return this.source.fail(from, 'a function takes one string in quotes')
    const to = endOfString(this.source, from)
    const close = this.#end(BLANKS, to)
    if (text[close] !== ')') return this.source.fail(close, "expected ')' after the string")
    return this.#token('string', start, close + 1, `\${${text.slice(start, open)}(${text.slice(from, to)})}`)
  }

  #comment(start: number): Token {
    const { text } = this.source
    if (text.startsWith('/*', start)) {
      const close = text.indexOf('*/', start + 2)
      return close < 0
        ? this.source.fail(start, "comment not terminated: expected '*/'")
        : this.#token('comment', start, close + 2)
    }
    if (text[start] === '/' && text[start + 1] !== '/')
      this.source.fail(start, "expected '/' or '*' after '/' for a comment")
    return this.#token('comment', start, this.#end(LINE_COMMENT, start))
  }

  #number(start: number, end: number): Token {
    const text = this.source.text.slice(start, end)
    if (/^-?0[xX]$/.test(text)) this.source.fail(start, 'illegal hexadecimal number')
    if (/^-?0\d+$/.test(text) && /[89]/.test(text)) this.source.fail(start, 'illegal octal number')
    if (/[eE][+-]?$/.test(text) && !/^-?0[xX]/.test(text))
      this.source.fail(start, 'illegal number: expected digits of its exponent')
    if (this.#end(IDENTIFIER, end) > end) {
      this.source.fail(
        end,
        `unexpected letters after the number ${text}: a value such as "${text}h" is a string and takes quotes`,
      )
    }
    return this.#token('number', start, end)
  }

  #end(pattern: RegExp, start: number): number {
    pattern.lastIndex = start
    return pattern.test(this.source.text) ? pattern.lastIndex : start
  }

  #token(type: TokenType, start: number, end: number, value?: string): Token {
    this.#offset = end
    const text = this.source.text.slice(start, end)
    return { type, at: this.source.at(start), text, value: value ?? text }
  }
}

function isMark(char: string): char is TokenType {
  return MARKS.has(char)
}

const WORDS: ReadonlyMap<TokenType, string> = new Map([
  ['end', 'the end of the text'],
  ['identifier', 'a name'],
  ['boolean', 'a boolean'],
  ['number', 'a number'],
  ['string', 'a string'],
  ['heredoc', 'a heredoc'],
])

/** For sentences: what was found. */
export function describe(token: Token): string {
  return WORDS.get(token.type) ?? `'${token.text}'`
}
