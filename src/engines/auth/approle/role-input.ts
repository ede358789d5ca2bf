/** What a role may say, and the role that comes of it. */
import { changedTokenParams, f, noTokenParams, olderTokenFields, tokenFields, type Infer } from '#framework'
import { normalCidr } from '../../../lib/cidr.ts'
import { formatDuration } from '../../../lib/duration.ts'
import { freshBytes, uuid } from '../../../lib/secure/random.ts'
import { approleErrors } from './errors.ts'
import { MAX_HASHED, type Role } from './store.ts'

export const roleFields = {
  ...tokenFields,
  bind_secret_id: f.bool('Whether a log-in needs a secret id; true at first.').optional(),
  bound_cidr_list: f.strings('An older name of `secret_id_bound_cidrs`.').optional().deprecated(),
  local_secret_ids: f.bool('The secret ids belong to this cluster alone. Only when the role is made.').optional(),
  period: olderTokenFields.period,
  policies: olderTokenFields.policies,
  role_id: f.string('What the role is called at a log-in, instead of a random UUID.').optional(),
  secret_id_bound_cidrs: f.strings('Addresses from which one can log in.').optional(),
  secret_id_num_uses: f.int('How often a secret id can be used; 0 for no limit.').optional(),
  secret_id_ttl: f.duration('How long a secret id is good; 0 for ever.').optional(),
}

export type RoleInput = Partial<Infer<typeof roleFields>>

export function newRole(): Role {
  return {
    ...noTokenParams,
    uuid: uuid(),
    role_id: uuid(),
    hmac_key: Buffer.from(freshBytes(32)).toString('hex'),
    bind_secret_id: true,
    secret_id_bound_cidrs: [],
    secret_id_num_uses: 0,
    secret_id_ttl: 0,
    local_secret_ids: false,
  }
}

export function changedRole(old: Role, input: RoleInput): Role {
  const role: Role = {
    ...old,
    ...changedTokenParams(old, input),
    bind_secret_id: input.bind_secret_id ?? old.bind_secret_id,
    local_secret_ids: input.local_secret_ids ?? old.local_secret_ids,
    role_id: roleIdOf(input.role_id ?? old.role_id),
    secret_id_bound_cidrs:
      blocks(input.secret_id_bound_cidrs, 'secret_id_bound_cidrs') ??
      blocks(input.bound_cidr_list, 'bound_cidr_list') ??
      old.secret_id_bound_cidrs,
    secret_id_num_uses: input.secret_id_num_uses ?? old.secret_id_num_uses,
    secret_id_ttl: input.secret_id_ttl ?? old.secret_id_ttl,
  }
  if (role.secret_id_num_uses < 0) throw approleErrors.NEGATIVE_ROLE_USES()
  return role
}

/** Who knows the role id alone must not get in from everywhere. */
export function assertConstrained(role: Role): void {
  if (!isConstrained(role)) throw approleErrors.NO_CONSTRAINT()
}

export function isConstrained(role: Role): boolean {
  return role.bind_secret_id || role.secret_id_bound_cidrs.length > 0 || role.token_bound_cidrs.length > 0
}

export function assertPeriod(period: number, max: number): void {
  if (period > max) throw approleErrors.PERIOD({ period: formatDuration(period), max: formatDuration(max) })
}

/** As they were written, but blocks all of them. */
export function blocks(given: readonly string[] | undefined, field: string): readonly string[] | undefined {
  const texts = given?.filter((text) => text !== '')
  for (const text of texts ?? []) {
    if (!text.includes('/') || normalCidr(text) === undefined) throw approleErrors.CIDR({ field })
  }
  return texts
}

function roleIdOf(text: string): string {
  // It is looked up without blanks around it.
  const roleId = text.trim()
  if (roleId === '') throw approleErrors.ROLE_ID()
  if (Buffer.byteLength(roleId) > MAX_HASHED) throw approleErrors.ROLE_ID_LONG({ max: MAX_HASHED })
  return roleId
}
