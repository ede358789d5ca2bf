/** Groups in storage: their names, aliases and members. Views are those of the mount. */
import type { ReadView, WriteView } from '#framework'
import { aliasKey, storedName } from '../../../lib/identity-name.ts'
import { uuid } from '../../../lib/secure/random.ts'
import { noMetadata } from './domain.ts'
import { entityById, joinGroup, leaveGroup, placeOf } from './entities.ts'
import { identityErrors } from './errors.ts'
import { above } from './graph.ts'
import { freeName } from './free-name.ts'
import {
  children,
  groupAliasIds,
  groupFactors,
  groupNames,
  groups,
  members,
  parents,
  recordOf,
  type StoredAlias,
  type StoredGroup,
} from './store.ts'

export async function groupById(view: ReadView, namespace: string, id: string): Promise<StoredGroup | undefined> {
  const found = await recordOf(groups, view, id)
  return found?.namespace === namespace ? found : undefined
}

export async function groupByName(view: ReadView, namespace: string, name: string): Promise<StoredGroup | undefined> {
  const reference = await groupNames.get(view, { namespace, name: storedName(name) })
  return reference && groupById(view, namespace, reference.id)
}

export interface AliasOfGroup {
  readonly group: StoredGroup
  readonly alias: StoredAlias
}

export async function groupAliasById(view: ReadView, namespace: string, id: string): Promise<AliasOfGroup | undefined> {
  const reference = await recordOf(groupAliasIds, view, id)
  const group = reference && (await groupById(view, namespace, reference.id))
  return group?.alias?.id === id ? { group, alias: group.alias } : undefined
}

export async function groupByFactors(view: ReadView, accessor: string, name: string): Promise<StoredGroup | undefined> {
  const reference = await groupFactors.get(view, { accessor, key: aliasKey(name) })
  return reference && groups.get(view, reference)
}

export async function newGroup(
  view: ReadView,
  namespace: string,
  now: string,
  init: Pick<StoredGroup, 'type'> & Partial<StoredGroup>,
): Promise<StoredGroup> {
  const made = { id: uuid(), namespace, metadata: noMetadata, policies: [], alias: undefined, modify_index: 0 }
  return {
    ...made,
    created: now,
    updated: now,
    ...init,
    name: init.name ?? (await freeName('group', groupNames, view, namespace)),
  }
}

/** Writes a group in place of `before` (undefined for a new one). That its name and alias are free is the caller's to see to. */
export function putGroup(view: WriteView, group: StoredGroup, before: StoredGroup | undefined): void {
  const { id, namespace } = group
  if (before !== undefined) groupNames.delete(view, { namespace, name: storedName(before.name) })
  groupNames.put(view, { namespace, name: storedName(group.name) }, { id })
  if (before?.alias !== undefined) forgetAlias(view, before.alias)
  if (group.alias !== undefined) {
    groupAliasIds.put(view, { id: group.alias.id }, { id })
    groupFactors.put(view, placeOf(group.alias), { id })
  }
  groups.put(view, { id }, { ...group, modify_index: group.modify_index + 1 })
}

function forgetAlias(view: WriteView, alias: StoredAlias): void {
  groupAliasIds.delete(view, { id: alias.id })
  groupFactors.delete(view, placeOf(alias))
}

export async function deleteGroup(view: WriteView, group: StoredGroup): Promise<void> {
  const { id, namespace } = group
  await clearMembers(view, id)
  for (const member of await children.scan(view, `${id}/`)) removeChild(view, id, member)
  for (const parent of await parents.scan(view, `${id}/`)) removeChild(view, parent, id)
  if (group.alias !== undefined) forgetAlias(view, group.alias)
  groupNames.delete(view, { namespace, name: storedName(group.name) })
  groups.delete(view, { id })
}

export async function clearMembers(view: WriteView, group: string): Promise<void> {
  for (const entity of await members.scan(view, `${group}/`)) leaveGroup(view, entity, group)
}

/**
 * In place of those it has. Rejects with `IDENTITY_MEMBER_ENTITY`.
 * @param isElsewhere whether there is such an entity in another namespace.
 */
export async function setMemberEntities(
  view: WriteView,
  group: StoredGroup,
  ids: readonly string[],
  isElsewhere: (id: string) => Promise<boolean>,
): Promise<void> {
  const wanted = new Set(ids)
  const present = new Set(await members.scan(view, `${group.id}/`))
  for (const id of present) if (!wanted.has(id)) leaveGroup(view, id, group.id)
  for (const id of wanted) {
    if (present.has(id)) continue
    const isThere = (await entityById(view, group.namespace, id)) !== undefined || (await isElsewhere(id))
    if (!isThere) throw identityErrors.MEMBER_ENTITY({ id })
    joinGroup(view, id, group.id)
  }
}

/** In place of those it has. Rejects with `IDENTITY_MEMBER_GROUP`, `IDENTITY_MEMBER_SELF` or `IDENTITY_CYCLE`. */
export async function setMemberGroups(view: WriteView, group: StoredGroup, ids: readonly string[]): Promise<void> {
  const wanted = new Set(ids)
  const present = new Set(await children.scan(view, `${group.id}/`))
  for (const id of present) if (!wanted.has(id)) removeChild(view, group.id, id)
  const added = [...wanted].filter((id) => !present.has(id))
  if (added.length === 0) return
  // Whoever is above the group would come below itself.
  const ancestors = new Set(await above([group.id], parentsIn(view)))
  for (const id of added) {
    if ((await groupById(view, group.namespace, id)) === undefined && id !== group.id)
      throw identityErrors.MEMBER_GROUP({ id })
    if (id === group.id) throw identityErrors.MEMBER_SELF({ id })
    if (ancestors.has(id)) throw identityErrors.CYCLE({ id })
    children.put(view, { group: group.id, member: id }, {})
    parents.put(view, { member: id, group: group.id }, {})
  }
}

function removeChild(view: WriteView, group: string, member: string): void {
  children.delete(view, { group, member })
  parents.delete(view, { member, group })
}

/** The groups that a group is directly in. */
export function parentsIn(view: ReadView): (id: string) => Promise<readonly string[]> {
  return (id) => parents.scan(view, `${id}/`)
}
