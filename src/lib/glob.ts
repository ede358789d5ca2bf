/** Globs without regular expressions: `*` stands for any run of characters, everything else for itself. */

/**
 * `*` anywhere, as in role options (`allowed_policies_glob`, `allowed_domains`). Each piece is looked for once, after the one before it, so
 * a pattern of many stars cannot make it slow.
 */
export function matchGlob(pattern: string, subject: string): boolean {
  const first = pattern.indexOf('*')
  if (first < 0) return pattern === subject
  if (!subject.startsWith(pattern.slice(0, first))) return false
  const last = pattern.lastIndexOf('*')
  const tail = pattern.slice(last + 1)
  let at = first
  for (let from = first + 1; from <= last;) {
    const star = pattern.indexOf('*', from)
    const piece = pattern.slice(from, star)
    if (piece !== '') {
      const found = subject.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    from = star + 1
  }
  return subject.length - at >= tail.length && subject.endsWith(tail)
}

/**
 * A `*` at the start, at the end, or both, as in the parameter lists of policies: "ends with", "starts with", "contains". A lone `*` is
 * literal, and so is one further inside.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/policies#parameter-constraints
 */
export function matchAffixGlob(pattern: string, subject: string): boolean {
  if (pattern.length < 2) return pattern === subject
  const front = pattern.startsWith('*')
  const back = pattern.endsWith('*')
  if (front && back) return subject.includes(pattern.slice(1, -1))
  if (front) return subject.endsWith(pattern.slice(1))
  return back ? subject.startsWith(pattern.slice(0, -1)) : pattern === subject
}
