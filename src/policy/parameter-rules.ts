import type { Constraint, ParameterRules } from './policy.ts'

/** An empty list, which takes any value, swallows others. */
export function mergeConstraints(
  into: Map<string, readonly Constraint[]>,
  name: string,
  list: readonly Constraint[],
): void {
  const existing = into.get(name)
  into.set(name, Object.freeze(list.length === 0 || existing?.length === 0 ? [] : [...(existing ?? []), ...list]))
}

export function mergeParameters(a: ParameterRules, b: ParameterRules): ParameterRules {
  if (a.size === 0 || b.size === 0) return a.size === 0 ? b : a
  const out = new Map(a)
  for (const [name, list] of b) mergeConstraints(out, name, list)
  return out
}
