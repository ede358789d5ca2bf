/**
 * What every way to log in says of the tokens it ends in: the `token_…` parameters of roles and users. An auth engine spreads
 * `tokenFields` into the fields of its role, `tokenRecord` into the record it stores, and grants by `grantBy`.
 *
 * Some methods know parameters by older names too (`policies`, `ttl`, …); such an engine adds those of `olderTokenFields` that it has.
 * What was given by its older name is shown by it as well, until the newer one is used.
 */
import { normalCidr } from '../lib/cidr.ts'
import { policyName, policyNameProblem, policyNames } from '../lib/policy-names.ts'
import type { JsonOut } from '../lib/json/index.ts'
import type { AuthGrant } from '../request/reply.ts'
import { defineErrors } from '../errors/coffer-error.ts'
import { f } from './f.ts'
import type { Infer } from './field.ts'

export const tokenParamErrors = defineErrors('TOKEN_PARAM', {
  CIDR: {
    status: 400,
    message: (p: { field: string }) => `field "${p.field}" takes IP addresses and CIDR blocks`,
  },
  TYPE: { status: 400, message: 'invalid \'token_type\' value: it takes "default", "service" or "batch"' },
  NEGATIVE_USES: { status: 400, message: "'token_num_uses' cannot be negative" },
  TTL_ORDER: { status: 400, message: "'token_ttl' cannot be greater than 'token_max_ttl'" },
  BATCH_PERIOD: {
    status: 400,
    message: "'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens",
  },
  BATCH_USES: {
    status: 400,
    message: "'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count",
  },
  ROOT: { status: 400, message: 'auth methods cannot create root tokens' },
  POLICY_NAME: { status: 400, message: (p: { reason: string }) => p.reason },
})

/** Fields of the request that makes or changes a role. */
export const tokenFields = {
  token_bound_cidrs: f.strings('Addresses the tokens are good from, and the log-in with them.').optional(),
  token_explicit_max_ttl: f.duration('The tokens never live longer, however they are renewed.').optional(),
  token_max_ttl: f.duration('How long the tokens may live at most.').optional(),
  token_no_default_policy: f.bool('Leave out the policy "default".').optional(),
  token_num_uses: f.int('How often a token can be used; 0 for no limit.').optional(),
  token_period: f.duration('The tokens live as long as they are renewed within each period.').optional(),
  token_policies: f.strings('Policies of the tokens.').optional(),
  token_ttl: f.duration('How long the tokens live unless they are renewed.').optional(),
  token_type: f.string('"service", "batch", or "default" for what the mount says.').optional(),
}

/** The same parameters by names that some methods knew first. */
export const olderTokenFields = {
  bound_cidrs: f.strings('An older name of `token_bound_cidrs`.').optional().deprecated(),
  max_ttl: f.duration('An older name of `token_max_ttl`.').optional().deprecated(),
  num_uses: f.int('An older name of `token_num_uses`.').optional().deprecated(),
  period: f.duration('An older name of `token_period`.').optional().deprecated(),
  policies: f.strings('An older name of `token_policies`.').optional().deprecated(),
  ttl: f.duration('An older name of `token_ttl`.').optional().deprecated(),
}

/** The parameters in storage. */
export const tokenRecord = {
  token_bound_cidrs: f.list(),
  token_explicit_max_ttl: f.int(),
  token_max_ttl: f.int(),
  token_no_default_policy: f.bool(),
  token_num_uses: f.int(),
  token_period: f.int(),
  token_policies: f.list(),
  token_ttl: f.int(),
  token_type: f.enum(['default', 'service', 'batch']),
  /** Older names that are shown besides. */
  older: f.list(),
}

export type TokenParams = Infer<typeof tokenRecord>
export type TokenParamInput = Partial<Infer<typeof tokenFields> & Infer<typeof olderTokenFields>>

const OLDER = {
  bound_cidrs: 'token_bound_cidrs',
  max_ttl: 'token_max_ttl',
  num_uses: 'token_num_uses',
  period: 'token_period',
  policies: 'token_policies',
  ttl: 'token_ttl',
} as const
type OlderName = keyof typeof OLDER
// Object.keys forgets that these are all the names there are.
const OLDER_NAMES = Object.keys(OLDER) as OlderName[]

export const noTokenParams: TokenParams = Object.freeze({
  token_bound_cidrs: [],
  token_explicit_max_ttl: 0,
  token_max_ttl: 0,
  token_no_default_policy: false,
  token_num_uses: 0,
  token_period: 0,
  token_policies: [],
  token_ttl: 0,
  token_type: 'default',
  older: [],
})

/** The parameters with what the input says; throws where that is none. Names that were not given stay as they are. */
export function changedTokenParams(old: TokenParams, input: TokenParamInput): TokenParams {
  const changed: TokenParams = {
    token_bound_cidrs:
      cidrs(input.token_bound_cidrs, 'token_bound_cidrs') ??
      cidrs(input.bound_cidrs, 'bound_cidrs') ??
      old.token_bound_cidrs,
    token_explicit_max_ttl: input.token_explicit_max_ttl ?? old.token_explicit_max_ttl,
    token_max_ttl: input.token_max_ttl ?? input.max_ttl ?? old.token_max_ttl,
    token_no_default_policy: input.token_no_default_policy ?? old.token_no_default_policy,
    token_num_uses: input.token_num_uses ?? input.num_uses ?? old.token_num_uses,
    token_period: input.token_period ?? input.period ?? old.token_period,
    token_policies: policiesOf(input) ?? old.token_policies,
    token_ttl: input.token_ttl ?? input.ttl ?? old.token_ttl,
    token_type: typeOf(input.token_type, old),
    older: OLDER_NAMES.filter((name) =>
      input[name] !== undefined || input[OLDER[name]] !== undefined
        ? input[name] !== undefined
        : old.older.includes(name),
    ),
  }
  assertSound(changed, input)
  return changed
}

/** Members of a reply that shows the role, by their names and the older ones in use. */
export function shownTokenParams(params: TokenParams): { readonly [name: string]: JsonOut } {
  const { older, ...shown } = params
  const members: Record<string, JsonOut> = { ...shown }
  for (const name of OLDER_NAMES)
    if (older.includes(name) && !isNothing(params[OLDER[name]])) members[name] = params[OLDER[name]]
  return members
}

/** What a log-in by the role is granted. */
export function grantBy(params: TokenParams): Omit<AuthGrant, 'displayName'> {
  return {
    policies: params.token_policies,
    noDefaultPolicy: params.token_no_default_policy,
    type: params.token_type,
    renewable: true,
    boundCidrs: params.token_bound_cidrs,
    numUses: params.token_num_uses,
    ...lifetimeBy(params),
    explicitMaxTtl: params.token_explicit_max_ttl,
  }
}

/** What of the parameters a renewal goes by: as they are then, not as they were at the log-in. */
export function lifetimeBy(params: TokenParams): Pick<AuthGrant, 'ttl' | 'maxTtl' | 'period'> {
  return { ttl: params.token_ttl, maxTtl: params.token_max_ttl, period: params.token_period }
}

/** Whether two lists of policies grant the same, whatever their order and whether or not they name "default", which comes by itself. */
export function samePolicies(a: readonly string[], b: readonly string[]): boolean {
  const clean = (names: readonly string[]) =>
    policyNames(names)
      .filter((name) => name !== 'default')
      .join('\n')
  return clean(a) === clean(b)
}

function isNothing(value: TokenParams[keyof TokenParams]): boolean {
  return Array.isArray(value) ? value.length === 0 : value === 0
}

function cidrs(given: readonly string[] | undefined, field: string): readonly string[] | undefined {
  return given
    ?.filter((text) => text !== '')
    .map((text) => {
      const cidr = normalCidr(text)
      if (cidr === undefined) throw tokenParamErrors.CIDR({ field })
      return cidr
    })
}

/** By the newer name in the order given, by the older one sorted, as Vault shows them. */
function policiesOf(input: TokenParamInput): readonly string[] | undefined {
  const { token_policies: given, policies: older } = input
  if (given === undefined && older === undefined) return undefined
  const names =
    given === undefined ? policyNames(older ?? []) : [...new Set(given.map(policyName))].filter((name) => name !== '')
  for (const name of names) {
    if (name === 'root') throw tokenParamErrors.ROOT()
    const reason = policyNameProblem(name)
    if (reason !== undefined) throw tokenParamErrors.POLICY_NAME({ reason })
  }
  return names
}

function typeOf(given: string | undefined, old: TokenParams): TokenParams['token_type'] {
  switch (given) {
    case undefined:
      return old.token_type
    case '':
    case 'default':
      return 'default'
    case 'service':
    case 'batch':
      return given
    default:
      throw tokenParamErrors.TYPE()
  }
}

function assertSound(params: TokenParams, input: TokenParamInput): void {
  if (params.token_num_uses < 0) throw tokenParamErrors.NEGATIVE_USES()
  if (params.token_type === 'batch') {
    if (params.token_period !== 0) throw tokenParamErrors.BATCH_PERIOD()
    if (params.token_num_uses !== 0) throw tokenParamErrors.BATCH_USES()
  }
  // By their older names Vault takes them in any order, and the log-in is cut to the maximum.
  const ordered = input.token_ttl !== undefined || input.token_max_ttl !== undefined
  if (ordered && params.token_max_ttl > 0 && params.token_ttl > params.token_max_ttl) throw tokenParamErrors.TTL_ORDER()
}
