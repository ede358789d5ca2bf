/**
 * Who has authorized a request, as they are now: whoever is disabled, deleted, or turned out to be the requester himself does not count,
 * and two who were merged into one count once.
 */
import type { Authorization, Person } from '../request/approval-ports.ts'
import type { IdentityReader } from '../request/identity-ports.ts'
import type { ReadView } from '../storage/view.ts'
import type { Authorizer } from './factors.ts'

/** Undefined where the namespace has no identities any more. */
export type IdentitiesOf = (namespaceId: string) => IdentityReader | undefined

export interface Standing extends Authorizer {
  readonly authorization: Authorization
}

/** The entity's id now: that of the one it was merged into. Undefined where it is gone or disabled. */
export async function presentId(view: ReadView, person: Person, of: IdentitiesOf): Promise<string | undefined> {
  const entity = await of(person.namespaceId)?.entity(view, person.entityId)
  return entity === undefined || entity.disabled ? undefined : entity.id
}

export async function standing(
  view: ReadView,
  requester: Person,
  authorizations: readonly Authorization[],
  of: IdentitiesOf,
): Promise<readonly Standing[]> {
  const own = (await presentId(view, requester, of)) ?? requester.entityId
  const found = new Map<string, Standing>()
  for (const authorization of authorizations) {
    const id = await presentId(view, authorization, of)
    if (id === undefined || id === own || found.has(id)) continue
    const groups = (await of(authorization.namespaceId)?.groupsOf(view, id)) ?? []
    found.set(id, { entityId: id, groups, authorization })
  }
  return [...found.values()]
}
