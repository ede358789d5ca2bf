/**
 * Path templates: `data/{path+}`. `{x}` is one segment, `{x+}` the rest (at least one character), `{x*}` the rest or nothing.
 * Literal segments may follow a `{x+}`, which then is all that stands before them: `mounts/{path+}/tune`.
 * The more specific template wins, never the order of declaration: a literal segment beats `{x}`, which beats `{x+}` with literals
 * after it (more of them beat fewer), which beats a bare `{x+}`, which beats `{x*}`.
 */

export type ParamNames<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Strip<Name> | ParamNames<Rest>
  : never
type Strip<N extends string> = N extends `${infer S}+` ? S : N extends `${infer S}*` ? S : N

export interface Segment {
  readonly kind: 'literal' | 'one' | 'rest' | 'maybe'
  readonly name: string
}

export function parseTemplate(template: string): readonly Segment[] {
  if (template === '') return []
  const segments = template.split('/').map((part): Segment => {
    const match = /^\{(\w+)([+*]?)\}$/.exec(part)
    if (match === null) {
      if (part === '' || /[{}]/.test(part)) throw new Error(`path template "${template}": bad segment "${part}"`)
      return { kind: 'literal', name: part }
    }
    const name = match[1] ?? ''
    return { kind: match[2] === '+' ? 'rest' : match[2] === '*' ? 'maybe' : 'one', name }
  })
  const rest = segments.findIndex((s) => s.kind === 'rest' || s.kind === 'maybe')
  if (rest !== -1 && rest !== segments.length - 1) {
    const literals = segments.slice(rest + 1).every((s) => s.kind === 'literal')
    if (segments[rest]?.kind !== 'rest' || !literals) {
      throw new Error(`path template "${template}": only literal segments may follow a rest, and only {x+}`)
    }
  }
  return segments
}

export interface Match<T> {
  readonly value: T
  readonly params: ReadonlyMap<string, string>
}

/** What stands after a rest, and whose it is. */
interface Tail<T> {
  readonly name: string
  readonly literals: readonly string[]
  readonly value: T
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>
  one: { readonly name: string; readonly node: Node<T> } | undefined
  /** The longest first. */
  tails: readonly Tail<T>[]
  rest: { readonly name: string; readonly value: T } | undefined
  maybe: { readonly name: string; readonly value: T } | undefined
  value: T | undefined
}

function node<T>(): Node<T> {
  return { literals: new Map(), one: undefined, tails: [], rest: undefined, maybe: undefined, value: undefined }
}

/** Finds the template that a path matches. Two templates that match the same paths are an error at construction. */
export class TemplateIndex<T> {
  readonly #root = node<T>()

  add(template: string, value: T): void {
    const clash = () => new Error(`path template "${template}" is declared twice`)
    let at = this.#root
    const segments = parseTemplate(template)
    for (const [i, segment] of segments.entries()) {
      const { kind, name } = segment
      if (kind === 'rest' || kind === 'maybe') {
        const literals = segments.slice(i + 1).map((s) => s.name)
        if (literals.length > 0) {
          if (at.tails.some((tail) => tail.literals.join('/') === literals.join('/'))) throw clash()
          at.tails = [...at.tails, { name, literals, value }].toSorted((a, b) => b.literals.length - a.literals.length)
          return
        }
        if (at[kind] !== undefined) throw clash()
        at[kind] = { name, value }
        return
      }
      if (kind === 'literal') {
        const next = at.literals.get(name) ?? node<T>()
        at.literals.set(name, next)
        at = next
        continue
      }
      if (at.one !== undefined && at.one.name !== name)
        throw new Error(`path template "${template}": {${name}} is {${at.one.name}} elsewhere`)
      at.one ??= { name, node: node<T>() }
      at = at.one.node
    }
    if (at.value !== undefined) throw clash()
    at.value = value
  }

  /** `path` is relative to the mount. One trailing slash is ignored, as a list's path ends with one. */
  match(path: string): Match<T> | undefined {
    const clean = path.endsWith('/') ? path.slice(0, -1) : path
    return find(this.#root, clean === '' ? [] : clean.split('/'), 0, clean, path)
  }
}

function find<T>(
  at: Node<T>,
  segments: readonly string[],
  i: number,
  clean: string,
  path: string,
): Match<T> | undefined {
  const segment = segments[i]
  if (segment === undefined) {
    if (at.value !== undefined) return { value: at.value, params: new Map() }
    if (at.maybe !== undefined) return { value: at.maybe.value, params: new Map([[at.maybe.name, '']]) }
    return undefined
  }
  const literal = at.literals.get(segment)
  const inLiteral = literal && find(literal, segments, i + 1, clean, path)
  if (inLiteral) return inLiteral
  const inOne = at.one && find(at.one.node, segments, i + 1, clean, path)
  if (at.one && inOne) return { value: inOne.value, params: new Map([[at.one.name, segment], ...inOne.params]) }
  for (const tail of at.tails) {
    const end = segments.length - tail.literals.length
    if (end <= i || tail.literals.some((name, k) => segments[end + k] !== name)) continue
    return { value: tail.value, params: new Map([[tail.name, segments.slice(i, end).join('/')]]) }
  }
  const rest = at.rest ?? at.maybe
  // The rest keeps a trailing slash: an engine tells the folder `a/` from the entry `a`.
  return rest && { value: rest.value, params: new Map([[rest.name, path.slice(offset(segments, i))]]) }
}

function offset(segments: readonly string[], i: number): number {
  let at = 0
  for (let k = 0; k < i; k++) at += (segments[k]?.length ?? 0) + 1
  return at
}
