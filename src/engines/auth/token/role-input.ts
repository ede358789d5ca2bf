/** What a token role may say, and the role that comes of it. */
import { f, type Infer } from '#framework'
import { normalCidr } from '../../../lib/cidr.ts'
import { policyNameProblem, policyNames } from '../../../lib/policy-names.ts'
import { tokenPathErrors } from './errors.ts'
import type { TokenRole } from './roles.ts'

export const roleFields = {
  allowed_policies: f.strings('Policies its tokens may have. If set, they need not be the caller’s.').optional(),
  allowed_policies_glob: f.strings('The same with "*" for any characters.').optional(),
  disallowed_policies: f.strings('Policies its tokens may not have.').optional(),
  disallowed_policies_glob: f.strings('The same with "*" for any characters.').optional(),
  allowed_entity_aliases: f.strings('Entity aliases its tokens may stand for, "*" for any characters.').optional(),
  orphan: f.bool('Whether its tokens have no parent.').optional(),
  path_suffix: f.string('Added to the path of its tokens, for revocation by prefix.').optional(),
  renewable: f.bool('Whether its tokens can be renewed; true at first.').optional(),
  token_type: f.string('"service", "batch", "default-service" or "default-batch".').optional(),
  token_no_default_policy: f.bool('Leave out the policy "default".').optional(),
  token_num_uses: f.int('How often its tokens can be used; 0 for no limit.').optional(),
  token_period: f.duration('Its tokens live as long as they are renewed within each period.').optional(),
  token_explicit_max_ttl: f.duration('Its tokens never live longer.').optional(),
  token_bound_cidrs: f.strings('Addresses its tokens are good from.').optional(),
  period: f.duration('An older name of `token_period`.').optional().deprecated(),
  explicit_max_ttl: f.duration('An older name of `token_explicit_max_ttl`.').optional().deprecated(),
  bound_cidrs: f.strings('An older name of `token_bound_cidrs`.').optional().deprecated(),
}

export type RoleInput = Infer<typeof roleFields>
type Warn = (sentence: string) => void

/** The role with what the input says; throws where that is no role. */
export function changedRole(old: TokenRole, input: RoleInput, warn: Warn): TokenRole {
  const role: TokenRole = {
    ...old,
    ...policyLists(old, input),
    ...olderNames(old, input, warn),
    allowed_entity_aliases:
      input.allowed_entity_aliases === undefined
        ? old.allowed_entity_aliases
        : policyNames(input.allowed_entity_aliases),
    orphan: input.orphan ?? old.orphan,
    path_suffix: pathSuffix(input.path_suffix ?? old.path_suffix),
    renewable: input.renewable ?? old.renewable,
    token_type: tokenType(input.token_type, old),
    token_no_default_policy: input.token_no_default_policy ?? old.token_no_default_policy,
    token_num_uses: numUses(input.token_num_uses ?? old.token_num_uses),
  }
  assertBatch(role, input)
  return role
}

function policyLists(old: TokenRole, input: RoleInput) {
  const names = (
    field: 'allowed_policies' | 'allowed_policies_glob' | 'disallowed_policies' | 'disallowed_policies_glob',
  ) => {
    const given = input[field]
    return given === undefined ? old[field] : policyNames(given)
  }
  const lists = {
    allowed_policies: names('allowed_policies'),
    allowed_policies_glob: names('allowed_policies_glob'),
    disallowed_policies: names('disallowed_policies'),
    disallowed_policies_glob: names('disallowed_policies_glob'),
  }
  for (const field of ['allowed_policies', 'allowed_policies_glob'] as const) {
    if (lists[field].includes('root')) throw tokenPathErrors.ROLE_ROOT({ field })
    const [reason] = lists[field].flatMap((name) => policyNameProblem(name) ?? [])
    if (reason !== undefined) throw tokenPathErrors.POLICY_NAME({ reason })
  }
  return lists
}

/** What is given by its old name is shown by it, until the new name is used. */
function olderNames(old: TokenRole, input: RoleInput, warn: Warn) {
  const both = (name: string) => {
    warn(`Both 'token_${name}' and deprecated '${name}' value supplied, ignoring the deprecated value`)
  }
  if (input.token_period !== undefined && input.period !== undefined) both('period')
  if (input.token_bound_cidrs !== undefined && input.bound_cidrs !== undefined) both('bound_cidrs')
  if (input.token_explicit_max_ttl !== undefined && input.explicit_max_ttl !== undefined) both('explicit_max_ttl')
  const [token_period, period] = pick(input.token_period, input.period, old.token_period, old.period, 0)
  const [token_explicit_max_ttl, explicit_max_ttl] = pick(
    input.token_explicit_max_ttl,
    input.explicit_max_ttl,
    old.token_explicit_max_ttl,
    old.explicit_max_ttl,
    0,
  )
  const [token_bound_cidrs, bound_cidrs] = pick(
    cidrs(input.token_bound_cidrs, 'token_bound_cidrs'),
    cidrs(input.bound_cidrs, 'bound_cidrs'),
    old.token_bound_cidrs,
    old.bound_cidrs,
    [],
  )
  return { token_period, period, token_explicit_max_ttl, explicit_max_ttl, token_bound_cidrs, bound_cidrs }
}

function pick<T>(token: T | undefined, older: T | undefined, oldToken: T, oldOlder: T, nothing: T): readonly [T, T] {
  if (token !== undefined) return [token, nothing]
  return older === undefined ? [oldToken, oldOlder] : [older, older]
}

function cidrs(given: readonly string[] | undefined, field: string): readonly string[] | undefined {
  return given
    ?.filter((text) => text !== '')
    .map((text) => {
      const cidr = normalCidr(text)
      if (cidr === undefined) throw tokenPathErrors.ROLE_CIDR({ field })
      return cidr
    })
}

function tokenType(given: string | undefined, old: TokenRole): TokenRole['token_type'] {
  switch (given) {
    case undefined:
      return old.token_type
    case 'service':
    case 'batch':
    case 'default-service':
    case 'default-batch':
      return given
    default:
      throw tokenPathErrors.ROLE_TYPE()
  }
}

function numUses(value: number): number {
  if (value < 0) throw tokenPathErrors.ROLE_USES()
  return value
}

function pathSuffix(text: string): string {
  if (text === '') return text
  if (!/\w[\w.-]+\w/.test(text)) throw tokenPathErrors.ROLE_SUFFIX()
  if (text.includes('..')) throw tokenPathErrors.ROLE_SUFFIX_PARENT()
  // The suffix becomes part of lease ids: only what a path may have.
  if (!/^[\w.~!$&'()+,;=:@-]+(?:\/[\w.~!$&'()+,;=:@-]+)*$/.test(text)) throw tokenPathErrors.ROLE_SUFFIX()
  return text
}

function assertBatch(role: TokenRole, input: RoleInput): void {
  if (role.token_type === 'batch' || role.token_type === 'default-batch') {
    if ((input.token_period ?? 0) !== 0) throw tokenPathErrors.ROLE_BATCH_PERIOD()
  }
  if (role.token_type !== 'batch') return
  if (!role.orphan) throw tokenPathErrors.ROLE_BATCH({ what: 'non-orphan tokens' })
  if (role.token_period !== 0) throw tokenPathErrors.ROLE_BATCH({ what: 'periodic tokens' })
  if (role.renewable) throw tokenPathErrors.ROLE_BATCH({ what: 'renewable tokens' })
  if (role.token_explicit_max_ttl !== 0) throw tokenPathErrors.ROLE_BATCH({ what: 'tokens with an explicit max TTL' })
}
