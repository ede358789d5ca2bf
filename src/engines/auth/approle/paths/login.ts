import { definePath, f, grant, grantBy, loginErrors, replySchema, type WriteView } from '#framework'
import { addressBound } from '../../../../lib/cidr.ts'
import { approleErrors, refusal } from '../errors.ts'
import { roleById, type NamedRole } from '../roles.ts'
import { isWithinRole } from '../secret-id-input.ts'
import { findSecretId, useSecretId } from '../secret-ids.ts'
import type { Role, SecretId } from '../store.ts'

export const login = definePath('login', {
  help: 'Log in with a role id and a secret id.',
  params: {},
  flags: { login: true },
}).write({
  summary: 'Log in.',
  fields: {
    role_id: f.string('The role id.').default(''),
    secret_id: f.string('A secret id of the role, unless it goes without.').default('').sensitive(),
  },
  replies: { 200: replySchema('The token, in the member `auth`.', {}) },
  operationId: 'app-role-login',
  alias: (c) => c.in.role_id.trim() || undefined,
  role: { inBody: true, of: async (c) => (await roleById(c.view, c.mount.uuid, c.in.role_id.trim()))?.name },
  run: async (c) => {
    const roleId = c.in.role_id.trim()
    if (roleId === '') throw approleErrors.MISSING({ field: 'role_id' })
    const found = await roleById(c.view, c.mount.uuid, roleId)
    if (found === undefined) throw loginErrors.UNKNOWN(refusal)
    const { name, role } = found
    const address = c.request.remoteAddress
    const secretId = role.bind_secret_id
      ? await usedSecretId(c.view, found, c.in.secret_id.trim(), { address, now: c.clock.now() })
      : undefined
    if (!addressBound(role.secret_id_bound_cidrs).allows(address)) throw approleErrors.ROLE_ADDRESS({ address })
    const metadata = new Map([...(secretId?.metadata ?? []), ['role_name', name] as const].toSorted(byName))
    const granted = grantBy(role)
    return grant({
      ...granted,
      displayName: '',
      role: name,
      meta: metadata,
      boundCidrs:
        secretId !== undefined && secretId.token_bound_cidrs.length > 0
          ? secretId.token_bound_cidrs
          : role.token_bound_cidrs,
      alias: { name: role.role_id, metadata },
      internal: new Map([['role_name', name]]),
    })
  },
})

/** Takes a use of it. What is found to be wrong afterwards gives it back with all else that this transaction did. */
async function usedSecretId(
  view: WriteView,
  { role }: NamedRole,
  id: string,
  { address, now }: { readonly address: string; readonly now: number },
): Promise<SecretId> {
  if (id === '') throw approleErrors.MISSING({ field: 'secret_id' })
  const found = await findSecretId(view, role, id, now)
  if (found === undefined) throw loginErrors.WRONG(refusal)
  assertAddress(role, found.entry, address)
  useSecretId(view, role, found, now)
  return found.entry
}

function assertAddress(role: Role, { cidr_list: list }: SecretId, address: string): void {
  if (!isWithinRole(list, role.secret_id_bound_cidrs)) throw approleErrors.SUBSET({ field: 'cidr_list' })
  if (!addressBound(list).allows(address)) throw approleErrors.SECRET_ADDRESS({ address })
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}
