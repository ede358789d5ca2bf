/**
 * What paths a rule speaks of, and which of two rules is nearer to a path.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/policies#policy-syntax
 */

export interface Pattern {
  readonly kind: 'exact' | 'prefix' | 'segments'
  /** Without the `*` at the end. */
  readonly text: string
  /** `text` cut at slashes, for `+`; empty for other kinds. */
  readonly segments: readonly string[]
  /** Ends with `*`. */
  readonly isPrefix: boolean
  /** Where the first `+` segment or the `*` stands; the length of the text if there is none. */
  readonly firstWildcard: number
  /** Number of `+` segments. */
  readonly wildcards: number
}

export function parsePattern(path: string): Pattern {
  const isPrefix = path.endsWith('*')
  const text = isPrefix ? path.slice(0, -1) : path
  const segments = text.split('/')
  const first = segments.indexOf('+')
  if (first < 0) {
    return {
      kind: isPrefix ? 'prefix' : 'exact',
      text,
      segments: [],
      isPrefix,
      firstWildcard: text.length,
      wildcards: 0,
    }
  }
  const firstWildcard = segments.slice(0, first).reduce((length, segment) => length + segment.length + 1, 0)
  return {
    kind: 'segments',
    text,
    segments,
    isPrefix,
    firstWildcard,
    wildcards: segments.filter((segment) => segment === '+').length,
  }
}

/** Positive if `a` has priority over `b`: Vault's five rules in their order. Zero only for the same pattern. */
export function comparePriority(a: Pattern, b: Pattern): number {
  if (a.firstWildcard !== b.firstWildcard) return a.firstWildcard - b.firstWildcard
  if (a.isPrefix !== b.isPrefix) return a.isPrefix ? -1 : 1
  if (a.wildcards !== b.wildcards) return b.wildcards - a.wildcards
  if (a.text.length !== b.text.length) return a.text.length - b.text.length
  return a.text === b.text ? 0 : a.text < b.text ? -1 : 1
}

/** Whether a pattern of kind `segments` takes a path, given with its segments. */
export function matchesSegments(pattern: Pattern, path: string, parts: readonly string[]): boolean {
  const { segments, isPrefix } = pattern
  const last = segments.length - 1
  if (isPrefix ? parts.length <= last : parts.length !== segments.length) return false
  if (!path.startsWith(pattern.text.slice(0, pattern.firstWildcard))) return false
  for (let i = 0; i <= last; i++) {
    const segment = segments[i]
    const part = parts[i] ?? ''
    if (segment === '+' || segment === part) continue
    if (!(isPrefix && i === last && segment !== undefined && part.startsWith(segment))) return false
  }
  return true
}
