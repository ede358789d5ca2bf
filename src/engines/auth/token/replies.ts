/** How tokens are shown. */
import { f, okData, replySchema, type JsonOut, type ReadView, type Reply } from '#framework'
import { policyNames } from '../../../lib/policy-names.ts'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import type { Namespace } from '../../../request/request.ts'
import type { TokenDetails } from '../../../request/token-ports.ts'
import type { TokenEnginePorts } from './ports.ts'

export const tokenReply = replySchema('A token.', {
  id: f.string('The token; empty where it was looked up by its accessor.').sensitive(),
  accessor: f.string('Stands for the token without granting anything; empty for a batch token.'),
  policies: f.list('Policies of the token.'),
  path: f.string('Where the token was made.'),
  meta: f.pairs('What was kept with the token at its creation.'),
  display_name: f.string('Name shown with the token.'),
  num_uses: f.int('Uses left; 0 for no limit.'),
  orphan: f.bool('Whether it has no parent.'),
  creation_time: f.int('Unix time of the creation.'),
  creation_ttl: f.int('Seconds it was to live.'),
  expire_time: f.time('When it ends; null for never.'),
  ttl: f.int('Seconds left.'),
  explicit_max_ttl: f.int('Seconds after which it ends, however it is renewed; 0 for none.'),
  entity_id: f.string('Entity it stands for.'),
  type: f.string('"service" or "batch".'),
  role: f.string('Token role it was made with.').optional(),
  period: f.int('Seconds within which it must be renewed.').optional(),
  bound_cidrs: f.list('Addresses it is good from.').optional(),
  namespace_path: f.string('Namespace it belongs to.').optional(),
  last_renewal: f.time('When it was renewed last.').optional(),
  last_renewal_time: f.int('The same as Unix time.').optional(),
  renewable: f.bool('Whether it can be renewed.').optional(),
  issue_time: f.time('When it was made.').optional(),
  identity_policies: f.list('Policies that follow from the entity.').optional(),
  external_namespace_policies: f.map('Those in other namespaces.').optional(),
})

/** Members in the order of their names, as Vault sends them. */
export function shown(
  token: TokenDetails,
  more: {
    readonly id: string
    readonly now: number
    /** The token's. */
    readonly namespace: Namespace | undefined
    readonly identityPolicies: readonly string[]
  },
): Reply {
  const { lease } = token
  const data = new Map<string, JsonOut>([
    ['accessor', token.accessor],
    ['creation_time', Math.floor(token.createdAt / 1000)],
    ['creation_ttl', token.ttl],
    ['display_name', token.displayName],
    ['entity_id', token.entityId],
    ['expire_time', lease?.expiresAt === undefined ? null : rfc3339(lease.expiresAt)],
    ['explicit_max_ttl', token.explicitMaxTtl],
    ['id', more.id],
    ['meta', token.meta ?? null],
    ['num_uses', token.numUses],
    ['orphan', token.orphan],
    ['path', token.path],
    ['policies', token.policies],
    ['ttl', secondsLeft(lease?.expiresAt, more.now)],
    ['type', token.type],
  ])
  if (token.role !== '') data.set('role', token.role)
  if (token.period !== 0) data.set('period', token.period)
  if (token.boundCidrs.length > 0) data.set('bound_cidrs', token.boundCidrs)
  if (more.namespace !== undefined && more.namespace.path !== '') data.set('namespace_path', more.namespace.path)
  if (lease !== undefined) {
    data.set('issue_time', rfc3339(lease.issuedAt)).set('renewable', lease.renewable)
    if (lease.renewedAt !== undefined) {
      data.set('last_renewal', rfc3339(lease.renewedAt)).set('last_renewal_time', Math.floor(lease.renewedAt / 1000))
    }
  }
  if (more.identityPolicies.length > 0)
    data.set('identity_policies', more.identityPolicies).set('external_namespace_policies', {})
  return okData(new Map([...data].toSorted(([a], [b]) => (a < b ? -1 : 1))))
}

/** From the present rounded to a second, as Vault reckons it: a new token shows its whole life. */
function secondsLeft(expiresAt: number | undefined, now: number): number {
  return expiresAt === undefined ? 0 : Math.max(0, Math.trunc((expiresAt - Math.round(now / 1000) * 1000) / 1000))
}

export interface AuthFacts {
  readonly token: string
  readonly accessor: string
  readonly policies: readonly string[]
  readonly meta: ReadonlyMap<string, string> | undefined
  readonly ttl: number
  readonly renewable: boolean
  readonly entityId: string
  readonly type: 'service' | 'batch'
  readonly orphan: boolean
  readonly numUses: number
  readonly namespaceId: string
}

export async function authReply(
  ports: TokenEnginePorts,
  view: ReadView,
  facts: AuthFacts,
  warnings: readonly string[] = [],
): Promise<Reply> {
  const identityPolicies = await identityPoliciesOf(ports, view, facts)
  return {
    warnings,
    auth: {
      clientToken: facts.token,
      accessor: facts.accessor,
      policies: policyNames([...facts.policies, ...identityPolicies]),
      tokenPolicies: facts.policies,
      identityPolicies,
      metadata: facts.meta,
      leaseDuration: facts.ttl,
      renewable: facts.renewable,
      entityId: facts.entityId,
      tokenType: facts.type,
      orphan: facts.orphan,
      mfaRequirement: undefined,
      numUses: facts.numUses,
    },
  }
}

export async function identityPoliciesOf(
  ports: TokenEnginePorts,
  view: ReadView,
  { entityId, namespaceId }: Pick<TokenDetails, 'entityId' | 'namespaceId'>,
): Promise<readonly string[]> {
  if (entityId === '' || ports.entities === undefined) return []
  return policyNames((await ports.entities().holderOf(entityId, view, namespaceId))?.policies ?? []).filter(
    (name) => name !== 'root',
  )
}
