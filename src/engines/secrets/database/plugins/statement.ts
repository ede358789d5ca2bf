/**
 * Statements with `{{name}}` and the like in them, as roles have them. They are cut at the semicolons that end one, and a value becomes
 * part of the literal or the identifier it stands in and of nothing else: its quotes are doubled as the database wants it. Where that is
 * not possible, a value that holds more than letters, digits and a few marks is refused.
 */
import { databaseErrors } from '../errors.ts'

export interface Dialect {
  /** `$tag$ … $tag$` quotes a text, in which quotes have their meaning again. */
  readonly dollarQuotes: boolean
  /** Whether a backslash in a text quoted so takes the meaning of the next character. */
  escapes(quote: string, before: string): boolean
  readonly quotes: ReadonlySet<string>
  /** That of names: what stands in others may be read as code again. */
  readonly nameQuote: string
  /** What begins a comment up to the end of the line. */
  readonly lineComment: RegExp
}

export const POSTGRESQL: Dialect = {
  dollarQuotes: true,
  escapes: (quote, before) => quote === "'" && /(?:^|[^\w$])[eE]$/.test(before),
  quotes: new Set(["'", '"']),
  nameQuote: '"',
  lineComment: /--/y,
}

/** @param backslashes whether they escape (they do, unless `sql_mode` has NO_BACKSLASH_ESCAPES). */
export function mysqlDialect(backslashes: boolean): Dialect {
  return {
    dollarQuotes: false,
    escapes: (quote) => backslashes && quote !== '`',
    quotes: new Set(["'", '"', '`']),
    nameQuote: '`',
    lineComment: /#|--(?=\s|$)/y,
  }
}

/** A piece of a statement: a text, or a place for a value with what quotes it. */
type Piece = string | Place

interface Place {
  readonly name: string
  /** Empty outside of quotes. */
  readonly quote: string
  readonly escapes: boolean
  /** It is not alone in its quotes, or a quote of another kind stands before it there: all of it may be read as code again. */
  readonly nested: boolean
  /** The end of the dollar quote around it. */
  readonly tag: string
}

type Statement = readonly Piece[]

const PLACE = /\{\{\s*(\w+)\s*\}\}/y
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const PLAIN = /^[\w.@+-]*$/
/** Vault's sign that a statement has others in it: the word END outside of quotes. */
const END = /\bEND\b/

/** A list of statements of a role, each of which may hold several. Base64 and JSON lists are taken too, as in Vault. */
export function statementsOf(texts: readonly string[], dialect: Dialect): readonly Statement[] {
  return texts.flatMap((text) => listOf(text).flatMap((one) => split(one, dialect)))
}

/** Throws `DATABASE_STATEMENT` where a value would change what the statement means. Unknown names stay as they are, as in Vault. */
export function fill(statement: Statement, values: ReadonlyMap<string, string>): string {
  return statement
    .map((piece) => {
      if (typeof piece === 'string') return piece
      const value = values.get(piece.name)
      return value === undefined ? `{{${piece.name}}}` : quoted(value, piece)
    })
    .join('')
}

function quoted(value: string, { name, quote, escapes, nested, tag }: Place): string {
  if (PLAIN.test(value)) return value
  const refuse = (where: string): never => {
    throw databaseErrors.STATEMENT({ reason: `the value of {{${name}}} cannot stand ${where} in a statement` })
  }
  if (value.includes('\0')) return refuse('anywhere')
  if (quote === '') return name === 'expiration' && /^[\d :+-]*$/.test(value) ? value : refuse('outside of quotes')
  if (nested && !/^[\w.@+\- :]*$/.test(value)) return refuse('in quotes beside other text')
  if (tag !== '' && value.includes('$')) return refuse('in a text between dollar signs')
  const doubled = value.replaceAll(quote, () => quote + quote)
  return escapes ? doubled.replaceAll('\\', '\\\\') : doubled
}

function listOf(text: string): readonly string[] {
  const trimmed = text.trim()
  if (trimmed === '') return []
  const plain = fromBase64(trimmed) ?? trimmed
  if (!plain.startsWith('[')) return [plain]
  try {
    const parsed: unknown = JSON.parse(plain)
    return Array.isArray(parsed) && parsed.every((item) => typeof item === 'string') ? parsed : [plain]
  } catch {
    return [plain]
  }
}

/** Undefined for what is not the base64 of a text: a short statement may look like it. */
function fromBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined
  const decoded = Buffer.from(text, 'base64').toString()
  const isText = /^[\t\r\n\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(decoded) && !decoded.includes('\ufffd')
  return isText && Buffer.from(decoded).toString('base64') === text ? decoded : undefined
}

function split(text: string, dialect: Dialect): readonly Statement[] {
  const scan = new Scanner(text, dialect)
  scan.run('')
  return scan.statements()
}

class Scanner {
  readonly #text: string
  readonly #dialect: Dialect
  readonly #pieces: Piece[] = []
  /** Where statements end, as indexes into the pieces. */
  readonly #ends: number[] = []
  #plain = ''
  /** What stands outside of quotes, for the search of END. */
  #outside = ''
  #at = 0

  constructor(text: string, dialect: Dialect) {
    this.#text = text
    this.#dialect = dialect
  }

  /** @param tag of the dollar quote that this is inside of. */
  run(tag: string): void {
    const { quotes, dollarQuotes, lineComment } = this.#dialect
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? ''
      if (tag !== '' && this.#text.startsWith(tag, this.#at)) return
      if (this.#place({ quote: '', escapes: false, nested: false, tag })) continue
      if (quotes.has(char)) this.#quotedText(char, tag)
      else if (this.#matches(lineComment)) this.#comment('\n')
      else if (this.#text.startsWith('/*', this.#at)) this.#comment('*/')
      else if (char === '$' && dollarQuotes && tag === '' && this.#dollarText()) continue
      else if (char === ';' && tag === '') {
        this.#flush()
        this.#ends.push(this.#pieces.length)
        this.#outside += char
        this.#at++
      } else {
        this.#outside += char
        this.#take(1)
      }
    }
  }

  /** Without those that are empty; all in one where one has others in it. */
  statements(): readonly Statement[] {
    this.#flush()
    const ends = END.test(this.#outside) ? [] : this.#ends
    const out: Statement[] = []
    let from = 0
    for (const end of [...ends, this.#pieces.length]) {
      const pieces = this.#pieces.slice(from, end)
      if (pieces.some((piece) => typeof piece !== 'string' || piece.trim() !== '')) out.push(pieces)
      from = end
    }
    return ends.length === this.#ends.length ? out : [this.#whole()]
  }

  /** The semicolons stand between the pieces. */
  #whole(): Statement {
    const ends = new Set(this.#ends)
    return this.#pieces.flatMap((piece, i) => (ends.has(i) ? [';', piece] : [piece]))
  }

  #place(where: Omit<Place, 'name'>): boolean {
    PLACE.lastIndex = this.#at
    const found = PLACE.exec(this.#text)
    if (found === null) return false
    this.#flush()
    this.#pieces.push({ ...where, name: found[1] ?? '' })
    this.#outside += 'x'
    this.#at = PLACE.lastIndex
    return true
  }

  #quotedText(quote: string, tag: string): void {
    const escapes = this.#dialect.escapes(quote, this.#text.slice(Math.max(this.#at - 2, 0), this.#at))
    let nested = false
    const start = this.#at + 1
    this.#take(1)
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? ''
      if (tag !== '' && this.#text.startsWith(tag, this.#at)) return
      if (this.#place({ quote, escapes, nested: nested || !this.#isAlone(quote, start), tag })) continue
      if (escapes && char === '\\') this.#take(2)
      else if (char !== quote) {
        nested ||= this.#dialect.quotes.has(char)
        this.#take(1)
      } else if (this.#text[this.#at + 1] === quote) {
        nested = true
        this.#take(2)
      } else return this.#take(1)
    }
  }

  /** Whether a place here is all that its quotes hold; of a name it may also be a part. */
  #isAlone(quote: string, start: number): boolean {
    if (quote === this.#dialect.nameQuote) return true
    PLACE.lastIndex = this.#at
    return this.#at === start && PLACE.test(this.#text) && this.#text[PLACE.lastIndex] === quote
  }

  #dollarText(): boolean {
    DOLLAR.lastIndex = this.#at
    const tag = /[\w$]$/.test(this.#text.slice(Math.max(this.#at - 1, 0), this.#at)) ? null : DOLLAR.exec(this.#text)
    if (tag === null) return false
    const outside = this.#outside
    this.#take(tag[0].length)
    this.run(tag[0])
    this.#take(tag[0].length)
    this.#outside = `${outside} `
    return true
  }

  /** A value in a comment could end it: places there stay as they are. */
  #comment(end: string): void {
    const found = this.#text.indexOf(end, this.#at + (end === '\n' ? 1 : 2))
    this.#take((found === -1 ? this.#text.length : found + end.length) - this.#at)
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    return pattern.test(this.#text)
  }

  #take(count: number): void {
    this.#plain += this.#text.slice(this.#at, this.#at + count)
    this.#at += count
  }

  #flush(): void {
    if (this.#plain !== '') this.#pieces.push(this.#plain)
    this.#plain = ''
  }
}
