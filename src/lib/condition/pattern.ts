/**
 * Regular expressions of `matches`, in Go's syntax less what it has for captures. Every text is decided in time proportional to
 * its length, whatever the pattern: the paths that are compared come from clients, and a backtracking engine could be held up by one.
 */

/** Throws a `PatternError`. */
export function compilePattern(source: string): (text: string) => boolean {
  if (source.length > MAX_SOURCE) throw new PatternError('is too long')
  const program = new Compiler(source).compile()
  return (text) => run(program, text)
}

export class PatternError extends Error {}

const MAX_SOURCE = 1024
const MAX_STEPS = 2000
const MAX_DEPTH = 32

type Test = (character: number) => boolean

/** One step of a program; `to` and `or` are places in it. */
type Step =
  | { readonly kind: 'take'; readonly test: Test }
  | { kind: 'fork'; to: number; or: number }
  | { kind: 'jump'; to: number }
  | { readonly kind: 'edge'; readonly edge: '^' | '$' | 'b' | 'B' }
  | { readonly kind: 'match' }

type Node =
  | { readonly kind: 'take'; readonly test: Test }
  | { readonly kind: 'edge'; readonly edge: '^' | '$' | 'b' | 'B' }
  | { readonly kind: 'all'; readonly parts: readonly Node[] }
  | { readonly kind: 'any'; readonly parts: readonly Node[] }
  | { readonly kind: 'times'; readonly part: Node; readonly least: number; readonly most: number }

class Compiler {
  readonly #characters: readonly string[]
  #at = 0
  #depth = 0
  #emitted = 0
  #foldCase = false
  readonly #steps: Step[] = []

  constructor(source: string) {
    this.#characters = [...source]
    if (source.startsWith('(?i)')) {
      this.#foldCase = true
      this.#at = 4
    }
  }

  compile(): readonly Step[] {
    const tree = this.#alternatives()
    if (this.#at < this.#characters.length) throw new PatternError('has a ")" that closes nothing')
    this.#emit(tree)
    this.#add({ kind: 'match' })
    return this.#steps
  }

  #alternatives(): Node {
    if (++this.#depth > MAX_DEPTH) throw new PatternError('is nested too deep')
    const parts = [this.#sequence()]
    while (this.#eat('|')) parts.push(this.#sequence())
    this.#depth--
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'any', parts }
  }

  #sequence(): Node {
    const parts: Node[] = []
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek())
      parts.push(this.#repeated(this.#atom()))
    return { kind: 'all', parts }
  }

  #repeated(part: Node): Node {
    let node = part
    for (;;) {
      const bounds = this.#bounds()
      if (bounds === undefined) return node
      // Greedy or not, what matches is the same.
      this.#eat('?')
      node = { kind: 'times', part: node, least: bounds[0], most: bounds[1] }
    }
  }

  #bounds(): readonly [least: number, most: number] | undefined {
    if (this.#eat('*')) return [0, Infinity]
    if (this.#eat('+')) return [1, Infinity]
    if (this.#eat('?')) return [0, 1]
    const found = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/u.exec(this.#characters.slice(this.#at, this.#at + 12).join(''))
    if (found === null) return undefined
    this.#at += found[0].length
    const least = Number(found[1])
    const most = found[2] === undefined ? least : found[3] === undefined ? Infinity : Number(found[3])
    if (most < least) throw new PatternError('repeats from more to fewer')
    return [least, most]
  }

  #atom(): Node {
    const c = this.#next()
    switch (c) {
      case '(':
        return this.#group()
      case '[':
        return { kind: 'take', test: this.#set() }
      case '.':
        return { kind: 'take', test: (x) => x !== 0x0a }
      case '^':
      case '$':
        return { kind: 'edge', edge: c }
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        throw new PatternError(`has a "${c}" that repeats nothing`)
      default:
        return { kind: 'take', test: this.#literal(c) }
    }
  }

  #group(): Node {
    if (this.#eat('?') && !this.#eat(':')) throw new PatternError('has a kind of group that is not known')
    const inner = this.#alternatives()
    if (!this.#eat(')')) throw new PatternError('has a "(" that nothing closes')
    return inner
  }

  #escape(): Node {
    const c = this.#next()
    if (c === 'b' || c === 'B') return { kind: 'edge', edge: c }
    if (c === 'A') return { kind: 'edge', edge: '^' }
    if (c === 'z') return { kind: 'edge', edge: '$' }
    return { kind: 'take', test: classOf(c) ?? this.#literal(escaped(c)) }
  }

  #set(): Test {
    const inverted = this.#eat('^')
    const tests: Test[] = []
    let first = true
    while (first || this.#peek() !== ']') {
      first = false
      tests.push(this.#member())
    }
    this.#at++
    return inverted ? (x) => !tests.some((test) => test(x)) : (x) => tests.some((test) => test(x))
  }

  #member(): Test {
    const from = this.#next()
    if (from === '[' && this.#peek() === ':') throw new PatternError('has a named class, which is not known here')
    let low = from
    if (from === '\\') {
      const c = this.#next()
      const known = classOf(c)
      if (known !== undefined) return known
      low = escaped(c)
    }
    if (this.#peek() !== '-' || this.#characters[this.#at + 1] === ']') return this.#literal(low)
    this.#at++
    const to = this.#next()
    const [a, b] = [codeOf(low), codeOf(to === '\\' ? escaped(this.#next()) : to)]
    if (b < a) throw new PatternError('has a range that ends before it begins')
    if (!this.#foldCase) return (x) => x >= a && x <= b
    return (x) => variants(x).some((one) => one >= a && one <= b)
  }

  #literal(character: string): Test {
    const code = codeOf(character)
    return this.#foldCase ? (x) => variants(x).includes(code) : (x) => x === code
  }

  #emit(node: Node): void {
    // What repeats nothing many times adds no steps.
    if (++this.#emitted > MAX_STEPS * 4) throw new PatternError('is too large')
    switch (node.kind) {
      case 'take':
      case 'edge':
        this.#add(node)
        break
      case 'all':
        for (const part of node.parts) this.#emit(part)
        break
      case 'any':
        this.#emitAny(node.parts)
        break
      case 'times':
        this.#emitTimes(node.part, node.least, node.most)
        break
    }
  }

  #emitAny(parts: readonly Node[]): void {
    const ends: { to: number }[] = []
    for (const [index, part] of parts.entries()) {
      if (index === parts.length - 1) {
        this.#emit(part)
        break
      }
      const fork = this.#add({ kind: 'fork', to: this.#steps.length + 1, or: 0 })
      this.#emit(part)
      ends.push(this.#add({ kind: 'jump', to: 0 }))
      fork.or = this.#steps.length
    }
    for (const end of ends) end.to = this.#steps.length
  }

  #emitTimes(part: Node, least: number, most: number): void {
    for (let i = 0; i < least; i++) this.#emit(part)
    if (most === Infinity) {
      const fork = this.#add({ kind: 'fork', to: this.#steps.length + 1, or: 0 })
      const start = this.#steps.length - 1
      this.#emit(part)
      this.#add({ kind: 'jump', to: start })
      fork.or = this.#steps.length
      return
    }
    const forks: { or: number }[] = []
    for (let i = least; i < most; i++) {
      forks.push(this.#add({ kind: 'fork', to: this.#steps.length + 1, or: 0 }))
      this.#emit(part)
    }
    for (const fork of forks) fork.or = this.#steps.length
  }

  #add<S extends Step>(step: S): S {
    if (this.#steps.length >= MAX_STEPS) throw new PatternError('is too large')
    this.#steps.push(step)
    return step
  }

  #peek(): string | undefined {
    return this.#characters[this.#at]
  }

  #next(): string {
    const c = this.#characters[this.#at++]
    if (c === undefined) throw new PatternError('ends too early')
    return c
  }

  #eat(c: string): boolean {
    if (this.#characters[this.#at] !== c) return false
    this.#at++
    return true
  }
}

/** All ways through the program at once, a character at a time. A match may begin anywhere. */
function run(program: readonly Step[], text: string): boolean {
  const codes = [...text].map(codeOf)
  let here = new Set<number>()
  for (let at = 0; at <= codes.length; at++) {
    if (enter(program, here, 0, codes, at)) return true
    const code = codes[at]
    if (code === undefined) break
    const after = new Set<number>()
    for (const place of here) {
      const step = program[place]
      if (step?.kind === 'take' && step.test(code) && enter(program, after, place + 1, codes, at + 1)) return true
    }
    here = after
  }
  return false
}

/** Adds what can be reached from `from` without taking a character; whether that is the end. */
function enter(
  program: readonly Step[],
  into: Set<number>,
  from: number,
  codes: readonly number[],
  at: number,
): boolean {
  const todo = [from]
  for (let place = todo.pop(); place !== undefined; place = todo.pop()) {
    if (into.has(place)) continue
    into.add(place)
    const step = program[place]
    if (step?.kind === 'match') return true
    if (step?.kind === 'jump') todo.push(step.to)
    else if (step?.kind === 'fork') todo.push(step.or, step.to)
    else if (step?.kind === 'edge' && holds(step.edge, codes, at)) todo.push(place + 1)
  }
  return false
}

function holds(edge: '^' | '$' | 'b' | 'B', codes: readonly number[], at: number): boolean {
  if (edge === '^') return at === 0
  if (edge === '$') return at === codes.length
  const between = isWord(codes[at - 1]) !== isWord(codes[at])
  return edge === 'b' ? between : !between
}

function isWord(code: number | undefined): boolean {
  return code !== undefined && /\w/u.test(String.fromCodePoint(code))
}

const isDigit: Test = (x) => x >= 0x30 && x <= 0x39
const isSpace: Test = (x) => x === 0x20 || (x >= 0x09 && x <= 0x0d && x !== 0x0b)

function classOf(c: string): Test | undefined {
  switch (c) {
    case 'd':
      return isDigit
    case 'D':
      return (x) => !isDigit(x)
    case 'w':
      return isWord
    case 'W':
      return (x) => !isWord(x)
    case 's':
      return isSpace
    case 'S':
      return (x) => !isSpace(x)
    default:
      return undefined
  }
}

function escaped(c: string): string {
  const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
  const control = controls[c]
  if (control !== undefined) return control
  if (/[\p{L}\p{N}]/u.test(c)) throw new PatternError(`has an escape that is not known, "\\${c}"`)
  return c
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}

function variants(code: number): readonly number[] {
  const character = String.fromCodePoint(code)
  return [code, codeOf(character.toLowerCase()), codeOf(character.toUpperCase())]
}
