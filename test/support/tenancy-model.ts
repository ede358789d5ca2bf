/**
 * Who may do what in which namespace, told a second time and in another way: every rule is tried on every path, and of those that match
 * the nearest counts. Source: Vault documentation, "Policies", "Namespaces".
 */

export interface ModelRule {
  /** Relative to the namespace of its token. */
  readonly path: string
  readonly capabilities: readonly string[]
}

export interface ModelToken {
  /** Path of the namespace: empty, or ends with `/`. */
  readonly namespace: string
  readonly rules: readonly ModelRule[]
  readonly isRoot: boolean
}

interface Found {
  readonly rule: ModelRule
  readonly full: string
}

export function mayDo(token: ModelToken, namespace: string, path: string, capability: string): boolean {
  if (!namespace.startsWith(token.namespace)) return false
  if (token.isRoot) return true
  const nearest = nearestRule(token, namespace, path)
  return nearest !== undefined && nearest.rule.capabilities.includes(capability)
}

function nearestRule(token: ModelToken, namespace: string, path: string): Found | undefined {
  const isList = path.endsWith('/')
  const asked = isList ? [namespace + path, namespace + path.slice(0, -1)] : [namespace + path]
  const rules = token.rules.map((rule) => ({ rule, full: token.namespace + rule.path }))
  const exact = asked.flatMap((one) => rules.filter(({ full }) => full === one))
  if (exact.length > 0) return exact.find(({ rule }) => isDeny(rule)) ?? exact[0]
  for (const one of asked) {
    const matching = rules.filter(({ rule, full }) => matches(full, one) && crosses(rule, full, namespace.length))
    const [nearest] = matching.toSorted(nearer)
    if (nearest !== undefined) return nearest
  }
  return undefined
}

function isDeny({ capabilities }: ModelRule): boolean {
  return capabilities.includes('deny')
}

function matches(full: string, path: string): boolean {
  if (!/[*+]/.test(full)) return false
  const open = full.endsWith('*')
  const body = (open ? full.slice(0, -1) : full)
    .split('/')
    .map((part) => (part === '+' ? '[^/]*' : part.replace(/[.$^()|[\]\\{}?]/g, '\\$&')))
    .join('/')
  return new RegExp(`^${body}${open ? '' : '$'}`).test(path)
}

/** A wildcard never stands for the name of a namespace, but where the rule is for everything, or denies. */
function crosses(rule: ModelRule, full: string, length: number): boolean {
  return rule.path === '*' || isDeny(rule) || firstWildcard(full) >= length
}

function firstWildcard(full: string): number {
  const found = full.search(/\+|\*$/)
  return found === -1 ? full.length : found
}

function nearer(a: Found, b: Found): number {
  return (
    firstWildcard(b.full) - firstWildcard(a.full) ||
    Number(a.full.endsWith('*')) - Number(b.full.endsWith('*')) ||
    a.full.split('+').length - b.full.split('+').length ||
    b.full.length - a.full.length
  )
}
