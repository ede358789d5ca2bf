/** Which log-ins have to show second factors. Views are those of the mount. */
import type { ReadView } from '#framework'
import type { Mount } from '../../../../request/mount.ts'
import { entityOrHeir } from '../entities.ts'
import { groupsOf } from '../holders.ts'
import { enforcements, type StoredEnforcement } from './store.ts'

export interface LoginWho {
  /** Empty for one without an entity. */
  readonly entityId: string
  readonly mount: Mount
}

/** In the order of their names. */
export async function enforcementsOf(view: ReadView, namespace: string): Promise<readonly StoredEnforcement[]> {
  const found: StoredEnforcement[] = []
  for (const name of await enforcements.list(view, `${namespace}/`)) {
    const one = await enforcements.get(view, { namespace, name })
    if (one !== undefined) found.push(one)
  }
  return found
}

/** Those that a log-in has to meet. */
export async function demandedOf(
  view: ReadView,
  namespace: string,
  who: LoginWho,
): Promise<readonly StoredEnforcement[]> {
  const all = await enforcementsOf(view, namespace)
  if (all.length === 0) return all
  const groups = who.entityId === '' ? [] : (await groupsOf(view, who.entityId)).map(({ id }) => id)
  const demanded: StoredEnforcement[] = []
  for (const one of all) if (await isDemanded(view, one, who, groups)) demanded.push(one)
  return demanded
}

async function isDemanded(
  view: ReadView,
  { accessors, types, groups, entities }: StoredEnforcement,
  { mount, entityId }: LoginWho,
  groupsOfEntity: readonly string[],
): Promise<boolean> {
  if (accessors.includes(mount.accessor) || types.includes(mount.type)) return true
  if (entityId === '') return false
  if (groupsOfEntity.some((id) => groups.includes(id))) return true
  if (entities.includes(entityId)) return true
  // Whoever was merged into another is that one.
  for (const id of entities) if ((await entityOrHeir(view, id))?.id === entityId) return true
  return false
}
