/** The token of a log-in: what the method granted, within the limits of its mount. */
import { normalCidr } from '../lib/cidr.ts'
import { policyNameProblem, policyNames, unassignablePolicies } from '../lib/policy-names.ts'
import { grantTtl, type TtlLimits } from '../lib/ttl.ts'
import type { TokenType } from '../request/caller.ts'
import { waitingWarning, type LoginGate, type MfaRequirement } from '../request/mfa-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { GrantContext } from '../request/ports.ts'
import type { AuthGrant } from '../request/reply.ts'
import type { EntityPort, IssuedAuth, MadeToken, TokenInit } from '../request/token-ports.ts'
import type { WriteView } from '../storage/view.ts'
import { tokenErrors } from './errors.ts'
import type { LoginFacts } from './token-entry.ts'

export interface LoginDeps {
  readonly clock: { now(): number }
  readonly entities: EntityPort | undefined
  /** Second factors; without it none is demanded. */
  readonly gate: LoginGate | undefined
  limitsOf(mount: Mount): TtlLimits
  create(view: WriteView, init: TokenInit, login: LoginFacts): Promise<MadeToken>
}

export async function loginToken(
  view: WriteView,
  grant: AuthGrant,
  context: GrantContext,
  deps: LoginDeps,
): Promise<IssuedAuth> {
  const now = deps.clock.now()
  const type = typeOf(grant, context.mount)
  const granted = grantTtl({ ...grant, issuedAt: now }, deps.limitsOf(context.mount), now)
  if (granted === undefined) throw tokenErrors.PAST_MAX_TTL()
  const tokenPolicies = loginPolicies(grant)
  const { entityId, identityPolicies } = await identify(view, grant, context, deps)
  const requirement =
    context.met === undefined ? await deps.gate?.demand(view, { grant, context, entityId }) : undefined
  if (requirement !== undefined) return heldBack(requirement)
  const renewable = type === 'service' && grant.renewable !== false
  const numUses = type === 'batch' ? 0 : (grant.numUses ?? 0)
  const made = await deps.create(
    view,
    {
      type,
      parent: undefined,
      policies: tokenPolicies,
      path: context.path,
      meta: grant.meta,
      displayName: displayNameOf(grant, context.mount),
      numUses,
      ttl: granted.ttl,
      explicitMaxTtl: grant.explicitMaxTtl ?? 0,
      period: grant.period ?? 0,
      role: '',
      entityId,
      boundCidrs: boundCidrsOf(grant),
      renewable,
      namespaceId: context.namespace.id,
    },
    {
      mount: context.mount.uuid,
      ttl: grant.ttl ?? 0,
      maxTtl: grant.maxTtl ?? 0,
      internal: grant.internal ?? new Map(),
      ...(grant.role === undefined ? {} : { role: grant.role }),
    },
  )
  return {
    clientToken: made.token,
    accessor: made.accessor,
    policies: policyNames([...tokenPolicies, ...identityPolicies]),
    tokenPolicies,
    identityPolicies,
    metadata: grant.meta,
    leaseDuration: granted.ttl,
    renewable,
    entityId,
    tokenType: type,
    orphan: true,
    mfaRequirement: undefined,
    numUses,
    warnings: granted.warnings,
  }
}

/** In place of a token. */
function heldBack(mfaRequirement: MfaRequirement): IssuedAuth {
  return {
    clientToken: '',
    accessor: '',
    policies: [],
    tokenPolicies: [],
    identityPolicies: [],
    metadata: undefined,
    leaseDuration: 0,
    renewable: false,
    entityId: '',
    tokenType: 'service',
    orphan: false,
    mfaRequirement,
    numUses: 0,
    warnings: [waitingWarning],
  }
}

function loginPolicies(grant: AuthGrant): string[] {
  const names = policyNames(grant.noDefaultPolicy === true ? grant.policies : [...grant.policies, 'default'])
  for (const name of names) {
    const reason = policyNameProblem(name)
    if (reason !== undefined) throw tokenErrors.POLICY_NAME({ reason })
    if (name === 'root') throw tokenErrors.LOGIN_ROOT()
    if (unassignablePolicies.has(name)) throw tokenErrors.POLICY_NOT_ASSIGNABLE({ name })
  }
  return names
}

async function identify(view: WriteView, grant: AuthGrant, context: GrantContext, deps: LoginDeps) {
  const { alias } = grant
  if (alias === undefined || deps.entities === undefined) return { entityId: '', identityPolicies: [] }
  const entityId =
    context.met?.entityId ??
    (await deps.entities.entityOf(view, {
      name: alias.name,
      mount: context.mount,
      metadata: alias.metadata,
      groupAliases: grant.groupAliases ?? [],
    }))
  const holder = await deps.entities.holderOf(entityId, view, context.namespace.id)
  if (holder === undefined) throw tokenErrors.ENTITY_GONE()
  return { entityId, identityPolicies: policyNames(holder.policies).filter((name) => name !== 'root') }
}

/** A mount that is tuned to one type makes only that; one tuned to a default follows the method. */
function typeOf(grant: AuthGrant, mount: Mount): TokenType {
  const tuned = mount.tuning.tokenType
  if (tuned === 'service' || tuned === 'batch') return tuned
  if (grant.type === 'service' || grant.type === 'batch') return grant.type
  return tuned === 'default-batch' ? 'batch' : 'service'
}

/** `userpass-bob`: the mount's path before the method's own name. */
function displayNameOf(grant: AuthGrant, mount: Mount): string {
  const source = mount.path.replace(/^auth\//, '').replaceAll('/', '-')
  return `${source}${grant.displayName}`.replace(/-$/, '')
}

function boundCidrsOf(grant: AuthGrant): string[] {
  return (grant.boundCidrs ?? []).map((text) => {
    const cidr = normalCidr(text)
    if (cidr === undefined) throw new Error('an auth method granted a token bound to an address that is none')
    return cidr
  })
}
