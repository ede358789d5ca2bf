/** Several entities become one. Views are those of the mount. */
import type { WriteView } from '#framework'
import { deleteEntity, entityById, joinGroup, putEntity } from './entities.ts'
import { identityErrors } from './errors.ts'
import { memberships, mergedEntities, type StoredAlias, type StoredEntity } from './store.ts'

export interface MergeRequest {
  readonly to: string
  readonly from: readonly string[]
  /** Of two aliases at one mount, those that stay. */
  readonly keep: readonly string[]
}

/** Two aliases at one mount, of which the request does not say which is to stay. */
export interface Clash {
  readonly to: { readonly entity: StoredEntity; readonly alias: StoredAlias }
  readonly from: { readonly entity: StoredEntity; readonly alias: StoredAlias }
}

/**
 * What `from` has of aliases and memberships goes to `to`, whose name, metadata and policies stay as they are; tokens of `from` are
 * those of `to` then. Gives the clashes for which nothing was done.
 */
export async function merge(
  view: WriteView,
  namespace: string,
  request: MergeRequest,
  now: string,
): Promise<readonly Clash[]> {
  const to = await entityById(view, namespace, request.to)
  if (to === undefined) throw identityErrors.MERGE_TO_INVALID()
  const from = await sourcesOf(view, to, request)
  const clashes = clashesOf(to, from)
  if (clashes.length > 0 && request.keep.length === 0) return clashes
  const { kept, lost } = decided(clashes, request.keep)
  const merged = [...to.merged]
  const aliases = to.aliases.filter((alias) => !lost.has(alias.id))
  for (const entity of from) {
    const groups = await memberships.scan(view, `${entity.id}/`)
    await deleteEntity(view, entity)
    for (const group of groups) joinGroup(view, to.id, group)
    for (const alias of entity.aliases)
      if (kept(alias)) aliases.push({ ...alias, merged_from: [...alias.merged_from, entity.id], updated: now })
    for (const id of [...entity.merged, entity.id]) {
      mergedEntities.put(view, { id }, { id: to.id })
      merged.push(id)
    }
  }
  putEntity(view, { ...to, aliases, merged, updated: now }, to)
  return []
}

async function sourcesOf(view: WriteView, to: StoredEntity, { from, keep }: MergeRequest): Promise<StoredEntity[]> {
  if (from.length > 1 && keep.length > 1) throw identityErrors.MERGE_ONE_AT_A_TIME()
  const found: StoredEntity[] = []
  const accessors = new Set<string>()
  for (const id of new Set(from)) {
    if (id === to.id) throw identityErrors.MERGE_SELF()
    const entity = await entityById(view, to.namespace, id)
    if (entity === undefined) throw identityErrors.MERGE_FROM_INVALID()
    for (const { mount_accessor: accessor } of entity.aliases) {
      if (accessors.has(accessor)) throw identityErrors.MERGE_SHARED_MOUNT({ accessor })
    }
    for (const { mount_accessor: accessor } of entity.aliases) accessors.add(accessor)
    found.push(entity)
  }
  return found
}

function clashesOf(to: StoredEntity, from: readonly StoredEntity[]): Clash[] {
  return from.flatMap((entity) =>
    entity.aliases.flatMap((alias) =>
      to.aliases
        .filter((one) => one.mount_accessor === alias.mount_accessor)
        .map((one) => ({ to: { entity: to, alias: one }, from: { entity, alias } })),
    ),
  )
}

function decided(clashes: readonly Clash[], keep: readonly string[]) {
  const lost = new Set<string>()
  for (const { to, from } of clashes) {
    if (keep.includes(to.alias.id)) lost.add(from.alias.id)
    else if (keep.includes(from.alias.id)) lost.add(to.alias.id)
    else throw identityErrors.MERGE_UNRESOLVED({ from: from.alias.id, to: to.alias.id })
  }
  return { lost, kept: (alias: StoredAlias) => !lost.has(alias.id) }
}
