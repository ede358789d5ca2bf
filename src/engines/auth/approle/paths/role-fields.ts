/** Each parameter of a role by itself: `role/:role_name/policies` and so on, from one table. */
import {
  absent,
  definePath,
  done,
  f,
  none,
  okData,
  replySchema,
  type CallContext,
  type JsonOut,
  type PathDefinition,
} from '#framework'
import { policyNames } from '../../../../lib/policy-names.ts'
import { approleErrors } from '../errors.ts'
import { orNull } from '../replies.ts'
import { assertPeriod, changedRole, roleFields, type RoleInput } from '../role-input.ts'
import { putRole } from '../roles.ts'
import { roles, type Role } from '../store.ts'

type FieldName = keyof typeof roleFields

interface RoleField {
  readonly segment: string
  readonly what: string
  /** The first that is given counts; where none is, `missing` is named. */
  readonly names: readonly FieldName[]
  readonly show: (role: Role) => { readonly [name: string]: JsonOut }
  /** Undefined: what is not given is left as it is. */
  readonly missing?: string
  readonly reset: RoleInput
  /** What the change must hold to besides. */
  readonly check?: (c: CallContext, input: RoleInput, role: Role) => void
}

const DEPRECATED =
  'The "bound_cidr_list" field is deprecated and will be removed. Please use "secret_id_bound_cidrs" instead.'

const FIELDS: readonly RoleField[] = [
  {
    segment: 'bind-secret-id',
    what: 'whether a log-in needs a secret id',
    names: ['bind_secret_id'],
    missing: 'bind_secret_id',
    show: (role) => ({ bind_secret_id: role.bind_secret_id }),
    reset: { bind_secret_id: true },
  },
  {
    segment: 'bound-cidr-list',
    what: 'the addresses from which one can log in, by an older name',
    names: ['bound_cidr_list'],
    show: (role) => ({ bound_cidr_list: orNull(role.secret_id_bound_cidrs) }),
    reset: { secret_id_bound_cidrs: [] },
    check: (_, input) => assertNotEmpty(input.bound_cidr_list, 'bound_cidr_list'),
  },
  {
    segment: 'period',
    what: 'the period within which a token must be renewed',
    names: ['token_period', 'period'],
    missing: 'period',
    show: (role) => ({
      token_period: role.token_period,
      ...(role.older.includes('period') && { period: role.token_period }),
    }),
    reset: { token_period: 0 },
    check: (c, input) => assertPeriod(input.token_period ?? input.period ?? 0, c.limits.maxTtl),
  },
  {
    segment: 'policies',
    what: 'the policies of its tokens',
    names: ['token_policies', 'policies'],
    missing: 'token_policies',
    show: (role) => ({
      token_policies: role.token_policies,
      ...(role.older.includes('policies') && { policies: role.token_policies }),
    }),
    reset: { token_policies: [] },
  },
  {
    segment: 'secret-id-bound-cidrs',
    what: 'the addresses from which one can log in',
    names: ['secret_id_bound_cidrs'],
    show: (role) => ({ secret_id_bound_cidrs: orNull(role.secret_id_bound_cidrs) }),
    reset: { secret_id_bound_cidrs: [] },
    check: (_, input) => assertNotEmpty(input.secret_id_bound_cidrs, 'bound_cidr_list'),
  },
  {
    segment: 'secret-id-num-uses',
    what: 'how often a secret id can be used',
    names: ['secret_id_num_uses'],
    missing: 'secret_id_num_uses',
    show: (role) => ({ secret_id_num_uses: role.secret_id_num_uses }),
    reset: { secret_id_num_uses: 0 },
  },
  {
    segment: 'secret-id-ttl',
    what: 'how long a secret id is good',
    names: ['secret_id_ttl'],
    missing: 'secret_id_ttl',
    show: (role) => ({ secret_id_ttl: role.secret_id_ttl }),
    reset: { secret_id_ttl: 0 },
  },
  {
    segment: 'token-bound-cidrs',
    what: 'the addresses its tokens are good from',
    names: ['token_bound_cidrs'],
    show: (role) => ({ token_bound_cidrs: orNull(role.token_bound_cidrs) }),
    reset: { token_bound_cidrs: [] },
  },
  {
    segment: 'token-max-ttl',
    what: 'how long its tokens may live at most',
    names: ['token_max_ttl'],
    missing: 'token_max_ttl',
    show: (role) => ({ token_max_ttl: role.token_max_ttl }),
    reset: { token_max_ttl: 0 },
    check: (_, { token_max_ttl: max = 0 }, role) => {
      if (max > 0 && role.token_ttl > max) throw approleErrors.MAX_UNDER_TTL()
    },
  },
  {
    segment: 'token-num-uses',
    what: 'how often its tokens can be used',
    names: ['token_num_uses'],
    missing: 'token_num_uses',
    show: (role) => ({ token_num_uses: role.token_num_uses }),
    reset: { token_num_uses: 0 },
  },
  {
    segment: 'token-ttl',
    what: 'how long its tokens live unless they are renewed',
    names: ['token_ttl'],
    missing: 'token_ttl',
    show: (role) => ({ token_ttl: role.token_ttl }),
    reset: { token_ttl: 0 },
    check: (_, { token_ttl: ttl = 0 }, role) => {
      if (role.token_max_ttl > 0 && ttl > role.token_max_ttl) throw approleErrors.TTL_OVER_MAX()
    },
  },
]

const params = { role_name: f.lowerName('Name of the role.') }

const localSecretIds = definePath('role/{role_name}/local-secret-ids', {
  help: 'Whether the secret ids of a role belong to this cluster alone.',
  params,
}).read({
  summary: 'Read whether its secret ids belong to this cluster alone.',
  replies: { 200: replySchema('As it was made.', { local_secret_ids: f.bool('They do.') }) },
  operationId: 'app-role-read-local-secret-ids',
  run: async (c) => {
    const role = await roles.get(c.view, { name: c.params.role_name })
    return role === undefined ? absent() : okData({ local_secret_ids: role.local_secret_ids })
  },
})

export const roleFieldPaths: readonly PathDefinition[] = [...FIELDS.map(pathOf), localSecretIds]

function pathOf(field: RoleField): PathDefinition {
  const { segment, what, names } = field
  const fields = Object.fromEntries(names.map((name) => [name, roleFields[name]]))
  return definePath(`role/{role_name}/${segment}`, { help: `Of a role: ${what}.`, params })
    .read({
      summary: `Read ${what}.`,
      replies: { 200: replySchema('As the role says.', fields) },
      operationId: `app-role-read-${segment}`,
      run: async (c) => {
        const role = await roles.get(c.view, { name: c.params.role_name })
        if (role === undefined) return absent()
        if (segment === 'bound-cidr-list') c.warn(DEPRECATED)
        return okData(field.show(role))
      },
    })
    .write({
      summary: `Change ${what}.`,
      fields,
      replies: { 204: none },
      operationId: `app-role-write-${segment}`,
      run: async (c) => {
        const name = c.params.role_name
        const role = await roles.get(c.view, { name })
        if (role === undefined) throw approleErrors.NO_ROLE()
        const input: RoleInput = c.in
        const given = names.some((one) => input[one] !== undefined)
        if (!given && field.missing !== undefined) throw approleErrors.MISSING({ field: field.missing })
        field.check?.(c, input, role)
        await putRole(c.view, { mountUuid: c.mount.uuid, name }, changedRole(role, sorted(input)), role)
        return done()
      },
    })
    .delete({
      summary: `Put back ${what}.`,
      replies: { 204: none },
      operationId: `app-role-delete-${segment}`,
      run: async (c) => {
        const name = c.params.role_name
        const role = await roles.get(c.view, { name })
        if (role === undefined) return done()
        await putRole(c.view, { mountUuid: c.mount.uuid, name }, changedRole(role, field.reset), role)
        return done()
      },
    })
}

/** Policies, which the role itself keeps in the order they were given. */
function sorted(input: RoleInput): RoleInput {
  const { token_policies: names } = input
  return names === undefined ? input : { ...input, token_policies: policyNames(names) }
}

/** Taken away by a delete, not by nothing. */
function assertNotEmpty(list: readonly string[] | undefined, field: string): void {
  if (list?.length === 0) throw approleErrors.MISSING({ field })
}
