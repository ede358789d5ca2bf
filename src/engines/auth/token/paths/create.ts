import {
  definePath,
  f,
  replySchema,
  type HandlerCall,
  type PathDefinition,
  type Reply,
  type WriteView,
} from '#framework'
import { matchGlob } from '../../../../lib/glob.ts'
import { foldIdentityName } from '../../../../lib/identity-name.ts'
import { policyNames } from '../../../../lib/policy-names.ts'
import type { TokenDetails, TokenInit } from '../../../../request/token-ports.ts'
import { tokenPathErrors } from '../errors.ts'
import { createFields } from '../fields.ts'
import { assertBatchFields, lifetimeOf } from '../lifetime.ts'
import { tokenPolicies } from '../policies.ts'
import type { TokenEnginePorts } from '../ports.ts'
import { authReply } from '../replies.ts'
import { roles, type TokenRole } from '../roles.ts'

type Call = HandlerCall<string, typeof createFields, WriteView>

const reply = replySchema('The token, in the member `auth`.', {})
const replies = { 200: reply }

export function createPaths(ports: TokenEnginePorts): readonly PathDefinition[] {
  return [
    definePath('create', { help: 'Make a token that lives no longer than the caller’s.', params: {} }).write({
      summary: 'Create a token.',
      fields: createFields,
      replies,
      run: (c) => create(ports, c, { orphan: false, role: undefined }),
    }),
    definePath('create-orphan', { help: 'Make a token that has no parent.', params: {} }).write({
      summary: 'Create an orphan token.',
      fields: createFields,
      replies,
      run: (c) => create(ports, c, { orphan: true, role: undefined }),
    }),
    definePath('create/{role_name}', {
      help: 'Make a token as a token role says.',
      params: { role_name: f.name('Name of the role.') },
    }).write({
      summary: 'Create a token against a role.',
      role: { of: (c) => c.params.role_name },
      fields: createFields,
      replies,
      run: async (c) => {
        const name = c.params.role_name
        const role = await roles.get(c.view, { namespace: c.request.namespace.id, name })
        if (role === undefined) throw tokenPathErrors.UNKNOWN_ROLE({ name })
        return create(ports, c, { orphan: false, role: { ...role, name } })
      },
    }),
  ]
}

interface How {
  readonly orphan: boolean
  readonly role: (TokenRole & { readonly name: string }) | undefined
}

async function create(ports: TokenEnginePorts, c: Call, { orphan, role }: How): Promise<Reply> {
  const parent = await parentOf(ports, c)
  const batch = typeOf(c, role) === 'batch'
  if (batch) assertBatchFields(c.in)
  if (c.in.num_uses < 0) throw tokenPathErrors.NEGATIVE_USES()
  const entityFromAlias = await entityOf(ports, c, role)
  if (c.in.id !== '' && !c.sudo) throw tokenPathErrors.SUDO_ID()
  if (c.in.id !== '' && c.request.namespace.id !== 'root') throw tokenPathErrors.ID_NAMESPACE()
  const policies = policiesOf(c, parent, role)
  const root = policies.includes('root')
  if (root && !parent.policies.includes('root')) throw tokenPathErrors.ROOT_PARENT()
  if (root && batch) throw tokenPathErrors.BATCH_ROOT()
  const isOrphan = orphanOf(c, orphan, role)
  const isForeign = parent.namespaceId !== c.request.namespace.id
  const { ttl, period, explicitMaxTtl } = lifetimeOf({
    input: c.in,
    role,
    batch,
    root,
    sudo: c.sudo,
    limits: c.limits,
    now: c.clock.now(),
    warn: (sentence) => c.warn(sentence),
  })
  if (ttl === 0 && parent.ttl !== 0) throw tokenPathErrors.EXPIRING_ROOT()
  const init: TokenInit = {
    id: c.in.id === '' ? undefined : c.in.id,
    type: batch ? 'batch' : 'service',
    parent: isOrphan ? undefined : parent.key,
    policies,
    path: pathOf(c, role),
    meta: c.in.meta && new Map([...c.in.meta].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    displayName: displayNameOf(c.in.display_name),
    numUses: batch ? 0 : fewer(c.in.num_uses, role?.token_num_uses ?? 0),
    ttl,
    explicitMaxTtl,
    period,
    role: role?.name ?? '',
    // Entities are of one namespace: who his maker is follows from the parent alone.
    entityId: entityFromAlias || (isOrphan || isForeign ? '' : parent.entityId),
    boundCidrs: ttl === 0 ? [] : boundCidrsOf(parent, role),
    renewable: ttl > 0 && !batch && c.in.renewable && role?.renewable !== false,
    namespaceId: c.request.namespace.id,
  }
  return make(ports, c, init)
}

async function make(ports: TokenEnginePorts, c: Call, init: TokenInit): Promise<Reply> {
  if (init.id !== undefined) c.warn('A token of your own choice is only as hard to guess as you made it.')
  const made = await ports.tokens().make(c.view, init)
  if (ports.policies !== undefined) {
    for (const name of init.policies) {
      if (name !== 'root' && (await ports.policies.get(c.view, c.request.namespace, name)) === undefined)
        c.warn(`Policy "${name}" does not exist`)
    }
  }
  const { policies, meta, ttl, renewable, entityId, type, parent, numUses, namespaceId } = init
  return authReply(ports, c.view, {
    ...made,
    policies,
    meta,
    ttl,
    renewable,
    entityId,
    type,
    orphan: parent === undefined,
    numUses,
    namespaceId,
  })
}

async function parentOf(ports: TokenEnginePorts, c: Call): Promise<TokenDetails> {
  const { caller, request } = c
  const parent = caller && (await ports.tokens().find(c.view, caller.token))
  if (parent === undefined) throw tokenPathErrors.NO_PARENT()
  if (parent.type === 'batch') throw tokenPathErrors.BATCH_CREATE()
  // Also one whose last use this is: it would escape its limit through a child.
  if (parent.numUses !== 0) throw tokenPathErrors.LIMITED_PARENT()
  if (parent.namespaceId !== request.namespace.id) {
    if (!c.sudo) throw tokenPathErrors.SUDO_NAMESPACE()
    if (policyNames(c.in.policies).includes('root')) throw tokenPathErrors.ROOT_NAMESPACE()
  }
  return parent
}

function typeOf(c: Call, role: TokenRole | undefined): 'service' | 'batch' {
  const fixed = role?.token_type
  if (fixed === 'service' || fixed === 'batch') return fixed
  const asked = c.in.type === '' && fixed === 'default-batch' ? 'batch' : c.in.type
  if (asked === 'batch') return 'batch'
  if (asked === '' || asked === 'service') return 'service'
  throw tokenPathErrors.TYPE()
}

function policiesOf(c: Call, parent: TokenDetails, role: TokenRole | undefined): string[] {
  return tokenPolicies({
    wanted: c.in.policies,
    noDefault: c.in.no_default_policy,
    parent: parent.policies,
    sudo: c.sudo,
    foreign: parent.namespaceId !== c.request.namespace.id,
    role,
  })
}

function orphanOf(c: Call, orphan: boolean, role: TokenRole | undefined): boolean {
  if (role !== undefined) return role.orphan
  if (c.in.no_parent && !c.sudo) throw tokenPathErrors.SUDO_ORPHAN()
  return orphan || c.in.no_parent
}

async function entityOf(ports: TokenEnginePorts, c: Call, role: TokenRole | undefined): Promise<string> {
  const name = c.in.entity_alias
  if (name === '') return ''
  if (role === undefined) throw tokenPathErrors.ALIAS_WITHOUT_ROLE()
  const folded = foldIdentityName(name)
  if (!(role.allowed_entity_aliases ?? []).some((allowed) => matchGlob(allowed, folded))) throw tokenPathErrors.ALIAS()
  if (ports.entities === undefined) throw tokenPathErrors.NO_IDENTITY()
  const entities = ports.entities()
  const entityId = await entities.entityOf(c.view, { name, mount: c.mount, metadata: undefined })
  if ((await entities.holderOf(entityId, c.view, c.request.namespace.id)) === undefined)
    throw tokenPathErrors.ENTITY_DISABLED()
  return entityId
}

function pathOf(c: Call, role: TokenRole | undefined): string {
  const suffix = role === undefined || role.path_suffix === '' ? '' : `/${role.path_suffix}`
  return `${c.mount.path}${c.path}${suffix}`
}

/** Who may use his token from some addresses only gives no token that is good from others, unless a role says which. */
function boundCidrsOf(parent: TokenDetails, role: TokenRole | undefined): readonly string[] {
  return role !== undefined && role.token_bound_cidrs.length > 0 ? role.token_bound_cidrs : parent.boundCidrs
}

/** 0 means no limit, so 1 is fewer. */
function fewer(a: number, b: number): number {
  return a === 0 || b === 0 ? a || b : Math.min(a, b)
}

function displayNameOf(name: string): string {
  return name === '' ? 'token' : `token-${name}`.replace(/[^a-zA-Z0-9-]/gu, '-').replace(/-$/, '')
}
