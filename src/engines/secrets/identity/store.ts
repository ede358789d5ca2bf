/**
 * Where identities stand in the mount's storage: entities with their aliases in them, groups with theirs, and the ways to find them. Who
 * is a member of what stands in both directions, an entry for each pair, so that a log-in never rewrites a large group.
 */
import { collection, f, type Collection, type Infer, type ReadView } from '#framework'

const alias = {
  id: f.string(),
  name: f.string(),
  mount_accessor: f.string(),
  metadata: f.pairs(),
  custom_metadata: f.pairs(),
  local: f.bool(),
  merged_from: f.list(),
  created: f.string(),
  updated: f.string(),
}

const entity = {
  id: f.string(),
  namespace: f.string(),
  name: f.string(),
  metadata: f.pairs(),
  policies: f.list(),
  disabled: f.bool(),
  /** Ids of the entities that were merged into this one. */
  merged: f.list(),
  /** At most one for each mount. */
  aliases: f.array(f.object(alias)),
  created: f.string(),
  updated: f.string(),
}

const group = {
  id: f.string(),
  namespace: f.string(),
  name: f.string(),
  type: f.enum(['internal', 'external']),
  metadata: f.pairs(),
  policies: f.list(),
  /** Only of an external one. */
  alias: f.object(alias).optional(),
  modify_index: f.int(),
  created: f.string(),
  updated: f.string(),
}

export type StoredAlias = Infer<typeof alias>
export type StoredEntity = Infer<typeof entity>
export type StoredGroup = Infer<typeof group>

const reference = { id: f.string() }
const nothing = {}

export const entities = collection('entity/{id}', entity)
/** By `storedName`. */
export const entityNames = collection('entity-name/{namespace}/{name}', reference)
/** The entity of an alias's id. */
export const aliasIds = collection('alias/{id}', reference)
/** The entity of a name at a mount, by `aliasKey`. */
export const aliasFactors = collection('alias-factor/{accessor}/{key}', reference)
/** The entity that one which is no more was merged into. */
export const mergedEntities = collection('merged/{id}', reference)

export const groups = collection('group/{id}', group)
export const groupNames = collection('group-name/{namespace}/{name}', reference)
export const groupAliasIds = collection('group-alias/{id}', reference)
export const groupFactors = collection('group-factor/{accessor}/{key}', reference)

/** By an id as a client sent it, which may be no key at all. */
export async function recordOf<V>(all: Collection<'{id}', V>, view: ReadView, id: string): Promise<V | undefined> {
  return id === '' || id.includes('/') ? undefined : all.get(view, { id })
}

/** The entities in a group, and the groups of an entity. */
export const members = collection('member/{group}/{entity}', nothing)
export const memberships = collection('member-of/{entity}/{group}', nothing)
/** The groups in a group, and the groups that a group is in. */
export const children = collection('child/{group}/{member}', nothing)
export const parents = collection('parent/{member}/{group}', nothing)

/** What a change of a storage key, relative to the mount, can change of what follows from an entity. */
export type Touched = { readonly entity: string } | 'groups' | 'nothing'

export function touchedBy(key: string): Touched {
  const [folder, id = ''] = key.split('/', 2)
  if (folder === 'entity' || folder === 'merged' || folder === 'member-of') return { entity: id }
  return folder === 'group' || folder === 'parent' ? 'groups' : 'nothing'
}
