/** Entities and their aliases in storage, with all the ways to find them kept in step. Views are those of the mount. */
import type { ReadView, WriteView } from '#framework'
import { aliasKey, foldIdentityName, storedName } from '../../../lib/identity-name.ts'
import { uuid } from '../../../lib/secure/random.ts'
import { noMetadata } from './domain.ts'
import { freeName } from './free-name.ts'
import {
  aliasFactors,
  aliasIds,
  entities,
  entityNames,
  members,
  memberships,
  mergedEntities,
  recordOf,
  type StoredAlias,
  type StoredEntity,
} from './store.ts'

/** Of the namespace, or undefined: a handle of another is none. */
export async function entityById(view: ReadView, namespace: string, id: string): Promise<StoredEntity | undefined> {
  const found = await recordOf(entities, view, id)
  return found?.namespace === namespace ? found : undefined
}

export async function entityByName(view: ReadView, namespace: string, name: string): Promise<StoredEntity | undefined> {
  const reference = await entityNames.get(view, { namespace, name: storedName(name) })
  return reference && entityById(view, namespace, reference.id)
}

/** The entity with the id, or the one that it was merged into. Whatever its namespace. */
export async function entityOrHeir(view: ReadView, id: string): Promise<StoredEntity | undefined> {
  const found = await entities.get(view, { id })
  if (found !== undefined) return found
  const heir = await mergedEntities.get(view, { id })
  return heir && entities.get(view, heir)
}

export interface AliasOfEntity {
  readonly entity: StoredEntity
  readonly alias: StoredAlias
}

export async function aliasById(view: ReadView, namespace: string, id: string): Promise<AliasOfEntity | undefined> {
  const reference = await recordOf(aliasIds, view, id)
  const entity = reference && (await entityById(view, namespace, reference.id))
  const alias = entity?.aliases.find((one) => one.id === id)
  return entity === undefined || alias === undefined ? undefined : { entity, alias }
}

export async function aliasByFactors(
  view: ReadView,
  accessor: string,
  name: string,
): Promise<AliasOfEntity | undefined> {
  const reference = await aliasFactors.get(view, { accessor, key: aliasKey(name) })
  const entity = reference && (await entities.get(view, reference))
  const alias = entity?.aliases.find((one) => one.mount_accessor === accessor)
  return entity === undefined || alias === undefined ? undefined : { entity, alias }
}

export async function newEntity(view: ReadView, namespace: string, now: string, name = ''): Promise<StoredEntity> {
  return {
    id: uuid(),
    namespace,
    name: name === '' ? await freeName('entity', entityNames, view, namespace) : name,
    metadata: noMetadata,
    policies: [],
    disabled: false,
    merged: [],
    aliases: [],
    created: now,
    updated: now,
  }
}

export function newAlias(
  init: Pick<StoredAlias, 'name' | 'mount_accessor' | 'local'> & Partial<StoredAlias>,
  now: string,
): StoredAlias {
  const made = { id: uuid(), metadata: noMetadata, custom_metadata: noMetadata, merged_from: [] }
  return { ...made, created: now, updated: now, ...init }
}

/** Writes an entity in place of `before` (undefined for a new one). That its name and aliases are free is the caller's to see to. */
export function putEntity(view: WriteView, entity: StoredEntity, before: StoredEntity | undefined): void {
  const { id, namespace } = entity
  const stays = (alias: StoredAlias, among: StoredEntity | undefined) =>
    among?.aliases.some((one) => one.id === alias.id && hasSamePlace(one, alias)) === true
  const name = storedName(entity.name)
  const nameBefore = before === undefined ? undefined : storedName(before.name)
  if (nameBefore !== name) {
    if (nameBefore !== undefined) entityNames.delete(view, { namespace, name: nameBefore })
    entityNames.put(view, { namespace, name }, { id })
  }
  for (const alias of before?.aliases ?? []) if (!stays(alias, entity)) forgetAlias(view, alias)
  for (const alias of entity.aliases) {
    if (stays(alias, before)) continue
    aliasIds.put(view, { id: alias.id }, { id })
    aliasFactors.put(view, placeOf(alias), { id })
  }
  entities.put(view, { id }, entity)
}

function forgetAlias(view: WriteView, alias: StoredAlias): void {
  aliasIds.delete(view, { id: alias.id })
  aliasFactors.delete(view, placeOf(alias))
}

/** Where `aliasFactors` and `groupFactors` have it. */
export function placeOf(alias: StoredAlias): { readonly accessor: string; readonly key: string } {
  return { accessor: alias.mount_accessor, key: aliasKey(alias.name) }
}

function hasSamePlace(a: StoredAlias, b: StoredAlias): boolean {
  return a.mount_accessor === b.mount_accessor && foldIdentityName(a.name) === foldIdentityName(b.name)
}

/** With its aliases and memberships. Its tokens are refused from then on. */
export async function deleteEntity(view: WriteView, entity: StoredEntity): Promise<void> {
  const { id, namespace } = entity
  for (const group of await memberships.scan(view, `${id}/`)) leaveGroup(view, id, group)
  for (const alias of entity.aliases) forgetAlias(view, alias)
  for (const merged of entity.merged) mergedEntities.delete(view, { id: merged })
  entityNames.delete(view, { namespace, name: storedName(entity.name) })
  entities.delete(view, { id })
}

export function joinGroup(view: WriteView, entity: string, group: string): void {
  members.put(view, { group, entity }, {})
  memberships.put(view, { entity, group }, {})
}

export function leaveGroup(view: WriteView, entity: string, group: string): void {
  members.delete(view, { group, entity })
  memberships.delete(view, { entity, group })
}
