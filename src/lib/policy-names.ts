/** One form for every policy name, used wherever names are compared or stored. */
import { hasControl } from './path.ts'

export const MAX_POLICY_NAME = 255

/** Policies that the server itself puts on tokens, and nobody else may. */
export const unassignablePolicies: ReadonlySet<string> = new Set(['response-wrapping', 'control-group'])

/** Lower case, trimmed, sorted, each once, empty ones dropped: as Vault sanitises lists of policies. */
export function policyNames(names: Iterable<string>): string[] {
  const out = new Set<string>()
  for (const name of names) {
    const clean = policyName(name)
    if (clean !== '') out.add(clean)
  }
  return [...out].toSorted()
}

/** Only ASCII blanks go and only ASCII is folded: `K` (the Kelvin sign) must not become `k`, nor a no-break space vanish. */
export function policyName(name: string): string {
  return name.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Why no policy can have this (clean) name; undefined if one can. */
export function policyNameProblem(name: string): string | undefined {
  if (name.length > MAX_POLICY_NAME) return `policy names take at most ${MAX_POLICY_NAME} characters`
  if (hasControl(name) || !name.isWellFormed()) return 'policy names take no control characters'
  if (name.includes('/') || name === '.' || name === '..') return 'policy names are not paths'
  if (name !== 'root' && looksLikeRoot(name)) return 'a policy name must not be mistaken for "root"'
  return undefined
}

function looksLikeRoot(name: string): boolean {
  return (
    name
      .normalize('NFKC')
      .replace(/[\s\p{Cf}]/gu, '')
      .toLowerCase() === 'root'
  )
}
