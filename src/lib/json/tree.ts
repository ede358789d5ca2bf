/** JSON as an ordered tree whose leaves keep their source text: for printing what a server sent without changing numbers. */
import { parseRaw, unquote } from './object.ts'
import { defaultJsonLimits, noJsonLimits } from './limits.ts'
import type { JsonLimits } from './limits.ts'
import { StringEnds } from './string-ends.ts'

export type JsonTree =
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, JsonTree> }
  | { readonly kind: 'array'; readonly items: readonly JsonTree[] }
  | JsonLeaf

export interface JsonLeaf {
  readonly kind: 'string' | 'number' | 'boolean' | 'null'
  /** As in the source: a string with its quotes and escapes. `unquote` decodes it. */
  readonly text: string
}

/** Depth a tree may have unless limits are given: whoever walks one may recurse. */
const treeLimits: JsonLimits = Object.freeze({ ...noJsonLimits, maxDepth: defaultJsonLimits.maxDepth * 8 })

type Container =
  | { readonly kind: 'object'; readonly entries: Map<string, JsonTree>; key: string | undefined }
  | { readonly kind: 'array'; readonly items: JsonTree[] }

/** Throws `JsonError` for text that is not JSON or nested deeper than 512 levels. Of a repeated key the last value counts. */
export function parseTree(text: string, limits: JsonLimits = treeLimits): JsonTree {
  const stack: Container[] = []
  for (const part of tokens(parseRaw(text, limits).text)) {
    const top = stack[stack.length - 1]
    if (part === '{') stack.push({ kind: 'object', entries: new Map(), key: undefined })
    else if (part === '[') stack.push({ kind: 'array', items: [] })
    else if (top?.kind === 'object' && top.key === undefined && part !== '}') top.key = unquote(part)
    else {
      const node = part === '}' || part === ']' ? close(stack) : leaf(part)
      const parent = stack[stack.length - 1]
      if (parent === undefined) return node
      add(parent, node)
    }
  }
  throw new Error('unreachable: the text was validated')
}

const between = /[\s,:]+/uy
const scalar = /[^\s,:"{}[\]]+/uy

/** Brackets and scalars of valid JSON; commas, colons and white space are left out. */
function* tokens(text: string): Generator<string> {
  const ends = new StringEnds(text)
  let i = 0
  while (i < text.length) {
    i = skip(between, text, i)
    const first = text[i]
    if (first === undefined) return
    const start = i
    if (first === '"') i = ends.find(i) + 1
    else if ('{}[]'.includes(first)) i++
    else i = skip(scalar, text, i)
    yield text.slice(start, i)
  }
}

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

function add(parent: Container, node: JsonTree): void {
  if (parent.kind === 'array') parent.items.push(node)
  else {
    parent.entries.set(parent.key ?? '', node)
    parent.key = undefined
  }
}

function close(stack: Container[]): JsonTree {
  const top = stack.pop()
  if (top?.kind === 'object') return { kind: 'object', entries: top.entries }
  return { kind: 'array', items: top?.items ?? [] }
}

function leaf(text: string): JsonLeaf {
  if (text.startsWith('"')) return { kind: 'string', text }
  if (text === 'true' || text === 'false') return { kind: 'boolean', text }
  return { kind: text === 'null' ? 'null' : 'number', text }
}
