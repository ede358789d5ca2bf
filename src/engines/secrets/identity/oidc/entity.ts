/** Of whom a token speaks, and whether he may have it. */
import type { ReadView } from '#framework'
import type { EntityFacts, GroupFacts } from '../../../../request/identity-ports.ts'
import type { OidcPorts } from './ports.ts'
import { ALLOW_ALL, assignments } from './store.ts'

export interface Holder {
  readonly entity: EntityFacts
  readonly groups: readonly GroupFacts[]
}

type Identity = Pick<OidcPorts, 'identity'>

/** Undefined for an entity that is not there. */
export async function holderOf(view: ReadView, entityId: string, { identity }: Identity): Promise<Holder | undefined> {
  const entity = await identity.entity(view, entityId)
  return entity && { entity, groups: await identity.groupsOf(view, entityId) }
}

/** Whether any of a client's assignments names the entity or a group of it. One that is disabled is nobody's. */
export async function isAssigned(
  view: ReadView,
  { entity, groups }: Holder,
  names: readonly string[],
): Promise<boolean> {
  if (entity.disabled) return false
  if (names.includes(ALLOW_ALL)) return true
  const groupIds = new Set(groups.map(({ id }) => id))
  for (const name of names) {
    const assignment = await assignments.get(view, name)
    if (assignment === undefined) continue
    if (assignment.entityIds.includes(entity.id) || assignment.groupIds.some((id) => groupIds.has(id))) return true
  }
  return false
}
