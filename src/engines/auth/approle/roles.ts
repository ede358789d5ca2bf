/** A role with the way to it by its role id: both change together. */
import type { ReadView, WriteView } from '#framework'
import { approleErrors } from './errors.ts'
import { assertConstrained } from './role-input.ts'
import { goneRoles, roleIdKey, roleIds, roles, type Role } from './store.ts'

/** `before` is the role as it was. */
export async function putRole(
  view: WriteView,
  key: { readonly mountUuid: string; readonly name: string },
  role: Role,
  before: Role | undefined,
): Promise<void> {
  const { mountUuid, name } = key
  assertConstrained(role)
  if (role.role_id !== before?.role_id) {
    const index = roleIdKey(mountUuid, role.role_id)
    if (await roleIds.has(view, index)) throw approleErrors.ROLE_ID_IN_USE()
    if (before !== undefined) roleIds.delete(view, roleIdKey(mountUuid, before.role_id))
    roleIds.put(view, index, { name })
  }
  roles.put(view, { name }, role)
}

/** Its secret ids are not found from now on; they are removed in the background, however many. */
export async function deleteRole(view: WriteView, mountUuid: string, name: string): Promise<void> {
  const role = await roles.get(view, { name })
  if (role === undefined) return
  roles.delete(view, { name })
  roleIds.delete(view, roleIdKey(mountUuid, role.role_id))
  goneRoles.put(view, { uuid: role.uuid }, {})
}

export interface NamedRole {
  readonly name: string
  readonly role: Role
}

export async function roleById(view: ReadView, mountUuid: string, roleId: string): Promise<NamedRole | undefined> {
  const index = await roleIds.get(view, roleIdKey(mountUuid, roleId))
  const role = index && (await roles.get(view, index))
  return index && role && { name: index.name, role }
}
