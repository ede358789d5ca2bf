import type { Comment, CommentGroup } from './ast.ts'
import type { Lexer, Token } from './lexer.ts'

/**
 * Takes comments out of the token stream and tells where each group belongs: on the line of the token before it (`trail`), directly
 * above the token after it (`lead`), or to nobody.
 */
export class CommentReader {
  readonly groups: CommentGroup[] = []
  lead: CommentGroup | undefined
  trail: CommentGroup | undefined
  #token: Token
  readonly #lexer: Lexer

  constructor(lexer: Lexer, first: Token) {
    this.#lexer = lexer
    this.#token = first
  }

  /** The next token that is no comment. `previousLine` is that of the token before. */
  next(previousLine: number): Token {
    this.#token = this.#lexer.next()
    return this.skip(previousLine)
  }

  /** Skips comments from the current token on. */
  skip(previousLine: number): Token {
    if (this.#token.type !== 'comment') return this.#token
    if (this.#token.at.line === previousLine) {
      const group = this.#group(0)
      if (this.#token.at.line !== endLine(group)) this.trail = group
    }
    let last: CommentGroup | undefined
    while (this.#token.type === 'comment') last = this.#group(1)
    const closes = this.#token.type === '}' || this.#token.type === ']'
    if (last !== undefined && endLine(last) + 1 === this.#token.at.line && !closes) this.lead = last
    return this.#token
  }

  /** Comments from here on that are at most `gap` lines apart. */
  #group(gap: number): CommentGroup {
    const comments: Comment[] = []
    let end = this.#token.at.line
    while (this.#token.type === 'comment' && this.#token.at.line <= end + gap) {
      const { at, text } = this.#token
      end = at.line + (text.startsWith('/*') ? text.split('\n').length - 1 : 0)
      comments.push({ at, endLine: end, text })
      this.#token = this.#lexer.next()
    }
    this.groups.push(comments)
    return comments
  }
}

function endLine(group: CommentGroup): number {
  return group.at(-1)?.endLine ?? 0
}
