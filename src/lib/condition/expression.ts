/**
 * Conditions as Vault's filters write them (the language of go-bexpr):
 *
 *     mount_type == kv and operation != read
 *     not (path matches "^sys/" or "admin/" in namespace)
 *     "/auth/policies" contains root
 *
 * They are parsed once, bounded in length and depth, and decided in time proportional to the text they look at.
 */
import { compilePattern, PatternError } from './pattern.ts'

/** What a selector stands for; undefined where it is absent. */
export type Value = string | readonly string[] | undefined

export type Lookup = (selector: string) => Value

export type Condition = (lookup: Lookup) => boolean

/** Its message completes "the expression …". */
export class ExpressionError extends Error {}

const MAX_LENGTH = 4096
const MAX_DEPTH = 64

/** `isKnown`: whether there is such a selector. Throws an `ExpressionError`. */
export function parseCondition(text: string, isKnown: (selector: string) => boolean): Condition {
  if (text.length > MAX_LENGTH) throw new ExpressionError(`is longer than ${MAX_LENGTH} characters`)
  return new Parser(tokensOf(text), isKnown).parse()
}

interface Token {
  readonly kind: 'word' | 'string' | 'mark'
  readonly text: string
}

const TOKEN = /\s*(?:(?<mark>[()]|==|!=)|"(?<quoted>[^"]*)"|`(?<raw>[^`]*)`|(?<word>[\w./\-*:@]+))/uy

function tokensOf(text: string): readonly Token[] {
  const source = text.trimEnd()
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex
    const groups = TOKEN.exec(source)?.groups
    if (groups === undefined) throw new ExpressionError(`can't be read from character ${at + 1} on`)
    const { mark, quoted, raw, word } = groups
    if (mark !== undefined) tokens.push({ kind: 'mark', text: mark })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else tokens.push({ kind: 'string', text: quoted ?? raw ?? '' })
  }
  return tokens
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #isKnown: (selector: string) => boolean
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[], isKnown: (selector: string) => boolean) {
    this.#tokens = tokens
    this.#isKnown = isKnown
  }

  parse(): Condition {
    const condition = this.#or()
    const rest = this.#tokens[this.#at]
    if (rest !== undefined) throw new ExpressionError(`has "${rest.text}" where it should end`)
    return condition
  }

  #or(): Condition {
    const parts = [this.#and()]
    while (this.#eat('or')) parts.push(this.#and())
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : (lookup) => parts.some((part) => part(lookup))
  }

  #and(): Condition {
    const parts = [this.#not()]
    while (this.#eat('and')) parts.push(this.#not())
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : (lookup) => parts.every((part) => part(lookup))
  }

  #not(): Condition {
    if (++this.#depth > MAX_DEPTH) throw new ExpressionError('is nested too deep')
    try {
      if (this.#eat('not')) {
        const inner = this.#not()
        return (lookup) => !inner(lookup)
      }
      if (!this.#eatMark('(')) return this.#match()
      const inner = this.#or()
      if (!this.#eatMark(')')) throw new ExpressionError('has a "(" that nothing closes')
      return inner
    } finally {
      this.#depth--
    }
  }

  #match(): Condition {
    const first = this.#term()
    if (this.#eat('in')) return contains(this.#selector(), first)
    if (this.#peekIs('not') && this.#peekIs('in', 1)) {
      this.#at += 2
      return negated(contains(this.#selector(), first))
    }
    return this.#comparison(this.#known(first))
  }

  #comparison(selector: string): Condition {
    if (this.#eatMark('==')) return equals(selector, this.#term())
    if (this.#eatMark('!=')) return negated(equals(selector, this.#term()))
    if (this.#eat('is')) {
      const isNot = this.#eat('not')
      if (!this.#eat('empty')) throw new ExpressionError('has "is" without "empty"')
      return isNot ? negated(isEmpty(selector)) : isEmpty(selector)
    }
    const isNot = this.#eat('not')
    const test = this.#eat('contains')
      ? contains(selector, this.#term())
      : this.#eat('matches')
        ? matches(selector, this.#term())
        : undefined
    if (test === undefined) throw new ExpressionError(`compares "${selector}" with nothing`)
    return isNot ? negated(test) : test
  }

  #selector(): string {
    return this.#known(this.#term())
  }

  #known(selector: string): string {
    if (!this.#isKnown(selector)) throw new ExpressionError(`asks for "${selector}", which there is not`)
    return selector
  }

  #term(): string {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new ExpressionError('ends too early')
    if (token.kind === 'mark') throw new ExpressionError(`has "${token.text}" in place of a name or value`)
    return token.text
  }

  #peekIs(word: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead]
    return token?.kind === 'word' && token.text === word
  }

  #eat(word: string): boolean {
    if (!this.#peekIs(word)) return false
    this.#at++
    return true
  }

  #eatMark(mark: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'mark' || token.text !== mark) return false
    this.#at++
    return true
  }
}

function negated(condition: Condition): Condition {
  return (lookup) => !condition(lookup)
}

function equals(selector: string, wanted: string): Condition {
  return (lookup) => lookup(selector) === wanted
}

/** A member of a list; a part of a text. */
function contains(selector: string, wanted: string): Condition {
  return (lookup) => lookup(selector)?.includes(wanted) === true
}

function isEmpty(selector: string): Condition {
  return (lookup) => (lookup(selector)?.length ?? 0) === 0
}

function matches(selector: string, pattern: string): Condition {
  const test = compiled(pattern)
  return (lookup) => {
    const value = lookup(selector)
    if (value === undefined) return false
    return typeof value === 'string' ? test(value) : value.some(test)
  }
}

function compiled(pattern: string): (text: string) => boolean {
  try {
    return compilePattern(pattern)
  } catch (error) {
    if (error instanceof PatternError) throw new ExpressionError(`has a pattern that ${error.message}`)
    throw error
  }
}
