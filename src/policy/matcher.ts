import type { Pattern } from './pattern.ts'
import { comparePriority, matchesSegments } from './pattern.ts'
import { PrefixTree } from './radix.ts'

export interface Entry {
  readonly pattern: Pattern
  /** The rule is `*` alone, written for everything below its policy's namespace. */
  readonly universal: boolean
  /** Length of what stands before the first wildcard or template: as written by who wrote the policy. */
  readonly reach: number
}

/** Finds the rule nearest to a path among many. Built once, then only read. */
export class Matcher<E extends Entry> {
  readonly #exact = new Map<string, E>()
  readonly #prefixes = new PrefixTree<E>()
  /** Those of the highest priority first: the first that matches is the one. */
  readonly #segments: readonly E[]
  readonly #crossing: boolean
  readonly size: number

  /** `crossing`: rules reach into namespaces below their own whatever their form, as those that deny should. */
  constructor(entries: readonly E[], crossing: boolean) {
    const segments: E[] = []
    for (const entry of entries) {
      const { kind, text } = entry.pattern
      if (kind === 'exact') this.#exact.set(text, entry)
      else if (kind === 'prefix') this.#prefixes.set(text, entry)
      else segments.push(entry)
    }
    this.#segments = segments.toSorted((a, b) => comparePriority(b.pattern, a.pattern))
    this.#crossing = crossing
    this.size = entries.length
  }

  exact(path: string, namespaceLength: number): E | undefined {
    const entry = this.#exact.get(path)
    return entry !== undefined && this.#accepts(entry, namespaceLength) ? entry : undefined
  }

  /** Every rule that takes the path, the nearest first. Looks at all of them: for telling why, not for deciding. */
  all(path: string, namespaceLength: number): readonly E[] {
    const exact = this.exact(path, namespaceLength)
    const parts = path.split('/')
    const others = [
      ...this.#prefixes.prefixesOf(path),
      ...this.#segments.filter((entry) => matchesSegments(entry.pattern, path, parts)),
    ]
    const nearest = others
      .filter((entry) => this.#accepts(entry, namespaceLength))
      .toSorted((a, b) => comparePriority(b.pattern, a.pattern))
    return exact === undefined ? nearest : [exact, ...nearest]
  }

  /** Neither a wildcard nor what a holder is called ever stands for a namespace below the policy's own. */
  #accepts(entry: E, namespaceLength: number): boolean {
    return this.#crossing || entry.universal || entry.reach >= namespaceLength
  }

  /** `namespaceLength` is that of the request's namespace path, with which `path` begins. */
  nonExact(path: string, namespaceLength: number): E | undefined {
    const accept = (entry: E): boolean => this.#accepts(entry, namespaceLength)
    const prefix = this.#prefixes.longest(path, accept)
    if (this.#segments.length === 0) return prefix
    const parts = path.split('/')
    for (const entry of this.#segments) {
      if (prefix !== undefined && comparePriority(prefix.pattern, entry.pattern) > 0) return prefix
      if (matchesSegments(entry.pattern, path, parts) && accept(entry)) return entry
    }
    return prefix
  }
}
