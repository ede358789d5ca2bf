/** Which policies a new token gets: nobody gives what he does not have, except with sudo or through a role. */
import { matchGlob } from '../../../lib/glob.ts'
import { policyNameProblem, policyNames, unassignablePolicies } from '../../../lib/policy-names.ts'
import { tokenPathErrors } from './errors.ts'
import type { TokenRole } from './roles.ts'

export interface PolicyWish {
  readonly wanted: readonly string[]
  readonly noDefault: boolean
  readonly parent: readonly string[]
  readonly sudo: boolean
  /** The parent is of another namespace: then only what is asked for counts. */
  readonly foreign: boolean
  readonly role: TokenRole | undefined
}

/** Sorted, each once. `default` is added as Vault adds it, and goes where it is not wanted. */
export function tokenPolicies(wish: PolicyWish): string[] {
  const names = decide(wish).filter((name) => !(wish.noDefault && name === 'default'))
  for (const name of names) {
    const reason = policyNameProblem(name)
    if (reason !== undefined) throw tokenPathErrors.POLICY_NAME({ reason })
    if (unassignablePolicies.has(name)) throw tokenPathErrors.NOT_ASSIGNABLE({ name })
  }
  return names
}

function decide(wish: PolicyWish): string[] {
  const { wanted, parent, role } = wish
  if (role !== undefined && hasRules(role)) return byRole(wish, role)
  if (wish.foreign) return withDefault(wanted, !wish.noDefault)
  if (wanted.length === 0) return policyNames(parent)
  if (wish.sudo) return withDefault(wanted, !wish.noDefault)
  const own = new Set(policyNames(parent))
  if (!policyNames(wanted).every((name) => own.has(name))) throw tokenPathErrors.NOT_SUBSET()
  return withDefault(wanted, !wish.noDefault && own.has('default'))
}

function hasRules(role: TokenRole): boolean {
  const lists = [
    role.allowed_policies,
    role.allowed_policies_glob,
    role.disallowed_policies,
    role.disallowed_policies_glob,
  ]
  return lists.some((list) => list.length > 0)
}

function byRole(wish: PolicyWish, role: TokenRole): string[] {
  const byGlob = (globs: readonly string[], name: string) => globs.some((glob) => matchGlob(glob, name))
  const refusesDefault =
    role.disallowed_policies.includes('default') || byGlob(role.disallowed_policies_glob, 'default')
  const addDefault = !wish.noDefault && !role.token_no_default_policy && !refusesDefault
  const allowed = withDefault(role.allowed_policies, addDefault)
  const restricted = role.allowed_policies.length > 0 || role.allowed_policies_glob.length > 0
  let names = wish.wanted.length > 0 ? withDefault(wish.wanted, addDefault) : []
  if (names.length === 0) names = restricted ? allowed : withDefault(wish.parent, addDefault)
  else if (restricted) {
    const globs = policyNames(role.allowed_policies_glob)
    const refused = names.some((name) => !allowed.includes(name) && !byGlob(globs, name))
    if (refused) throw tokenPathErrors.NOT_ALLOWED({ wanted: names, allowed, globs })
  }
  for (const name of names) {
    const refused = role.disallowed_policies.includes(name) || byGlob(role.disallowed_policies_glob, name)
    if (refused) throw tokenPathErrors.DISALLOWED({ name })
  }
  return names
}

/** Root has everything: nothing is added to it, and what else is named beside it does not matter. */
function withDefault(names: readonly string[], add: boolean): string[] {
  const clean = policyNames(names)
  if (clean.includes('root')) return ['root']
  return add ? policyNames([...clean, 'default']) : clean
}
