/** How identities are shown. Members in the order of their names, as Vault sends them. */
import { f, replySchema, type JsonOut, type ReadView } from '#framework'
import type { Metadata } from './domain.ts'
import { groupIdsOf } from './holders.ts'
import type { MountLookup } from './ports.ts'
import { children, members, parents, type StoredAlias, type StoredEntity, type StoredGroup } from './store.ts'

export const entityReply = replySchema('An entity.', {
  id: f.string('Its id.'),
  name: f.string('Its name.'),
  aliases: f.json('Its aliases.'),
  creation_time: f.time('When it was made.'),
  last_update_time: f.time('When it was changed last.'),
  direct_group_ids: f.list('Groups it is a member of.'),
  inherited_group_ids: f.list('Groups that those are members of.'),
  group_ids: f.list('Both.'),
  disabled: f.bool('Its tokens are refused.'),
  merged_entity_ids: f.list('Entities that were merged into it.'),
  metadata: f.pairs('Metadata.'),
  namespace_id: f.string('Its namespace.'),
  policies: f.list('Policies of its own.'),
})

export const createdEntityReply = replySchema('The new entity.', {
  id: f.string('Its id.'),
  name: f.string('Its name.'),
  aliases: f.json('Its aliases: none yet.'),
})

export const aliasReply = replySchema('An alias.', {
  id: f.string('Its id.'),
  canonical_id: f.string('The entity, or the group, that it is an alias of.'),
  name: f.string('The name at the mount.'),
  mount_accessor: f.string('The mount.'),
  mount_path: f.string('Where the mount is.').optional(),
  mount_type: f.string('Type of the mount.').optional(),
  metadata: f.pairs('What the auth method said at the last log-in.'),
  custom_metadata: f.pairs('What operators wrote.'),
  local: f.bool('Its mount is local.'),
  merged_from_canonical_ids: f.list('Entities it came from by merging.'),
  namespace_id: f.string('Its namespace.'),
  creation_time: f.time('When it was made.'),
  last_update_time: f.time('When it was changed last.'),
})

export const writtenAliasReply = replySchema('The alias.', {
  id: f.string('Its id.'),
  canonical_id: f.string('The entity, or the group, that it is an alias of.'),
})

export const groupReply = replySchema('A group.', {
  id: f.string('Its id.'),
  name: f.string('Its name.'),
  type: f.string('"internal" or "external".'),
  alias: f.json('The alias of an external group.'),
  member_entity_ids: f.list('Entities in it.'),
  member_group_ids: f.list('Groups in it.'),
  parent_group_ids: f.list('Groups it is in.'),
  metadata: f.pairs('Metadata.'),
  policies: f.list('Policies of its members.'),
  modify_index: f.int('How often it was changed.'),
  namespace_id: f.string('Its namespace.'),
  creation_time: f.time('When it was made.'),
  last_update_time: f.time('When it was changed last.'),
})

export const createdGroupReply = replySchema('The new group.', {
  id: f.string('Its id.'),
  name: f.string('Its name.'),
})

export const keysReply = replySchema('What there is.', {
  keys: f.list('Ids or names.'),
  key_info: f.map('More about each, by its id.').optional(),
})

type Members = readonly (readonly [string, JsonOut | undefined])[]

function sorted(shown: Members): ReadonlyMap<string, JsonOut> {
  const out = new Map<string, JsonOut>()
  for (const [name, value] of shown.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    if (value !== undefined) out.set(name, value)
  return out
}

/** Vault shows what is empty as null. */
const orNull = (metadata: Metadata): JsonOut => (metadata.size === 0 ? null : metadata)
const listOrNull = (list: readonly string[]): JsonOut => (list.length === 0 ? null : list)

function mountOf(mounts: MountLookup, { mount_accessor: accessor }: StoredAlias): Members {
  const mount = mounts.byAccessor(accessor)
  return [
    ['mount_accessor', accessor],
    ['mount_path', mount?.path],
    ['mount_type', mount?.type],
  ]
}

function aliasMembers(mounts: MountLookup, canonical: string, alias: StoredAlias): Members {
  return [
    ...mountOf(mounts, alias),
    ['canonical_id', canonical],
    ['creation_time', alias.created],
    ['id', alias.id],
    ['last_update_time', alias.updated],
    ['merged_from_canonical_ids', listOrNull(alias.merged_from)],
    ['metadata', orNull(alias.metadata)],
    ['name', alias.name],
  ]
}

export function shownAlias(
  mounts: MountLookup,
  owner: { readonly id: string; readonly namespace: string },
  alias: StoredAlias,
  customMetadata: JsonOut,
): ReadonlyMap<string, JsonOut> {
  return sorted([
    ...aliasMembers(mounts, owner.id, alias),
    ['custom_metadata', customMetadata],
    ['local', alias.local],
    ['namespace_id', owner.namespace],
  ])
}

/** In a list of aliases. */
export function aliasInfo(
  mounts: MountLookup,
  canonical: string,
  alias: StoredAlias,
  customMetadata: JsonOut,
): ReadonlyMap<string, JsonOut> {
  return sorted([
    ...mountOf(mounts, alias),
    ['canonical_id', canonical],
    ['custom_metadata', customMetadata],
    ['local', alias.local],
    ['metadata', orNull(alias.metadata)],
    ['name', alias.name],
  ])
}

export async function shownEntity(
  view: ReadView,
  mounts: MountLookup,
  entity: StoredEntity,
): Promise<ReadonlyMap<string, JsonOut>> {
  const { direct, inherited } = await groupIdsOf(view, entity.id)
  return sorted([
    [
      'aliases',
      entity.aliases.map((alias) =>
        sorted([
          ...aliasMembers(mounts, entity.id, alias),
          ['custom_metadata', alias.custom_metadata],
          ['local', alias.local],
        ]),
      ),
    ],
    ['creation_time', entity.created],
    ['direct_group_ids', direct],
    ['disabled', entity.disabled],
    ['group_ids', [...direct, ...inherited]],
    ['id', entity.id],
    ['inherited_group_ids', inherited],
    ['last_update_time', entity.updated],
    ['merged_entity_ids', listOrNull(entity.merged)],
    ['metadata', orNull(entity.metadata)],
    ['name', entity.name],
    ['namespace_id', entity.namespace],
    ['policies', entity.policies],
  ])
}

/** In a list of entities. */
export function entityInfo(mounts: MountLookup, { name, aliases }: StoredEntity): ReadonlyMap<string, JsonOut> {
  return sorted([
    ['aliases', aliases.length === 0 ? undefined : aliases.map((alias) => briefAlias(mounts, alias))],
    ['name', name],
  ])
}

function briefAlias(mounts: MountLookup, alias: StoredAlias): JsonOut {
  return sorted([...mountOf(mounts, alias), ['id', alias.id], ['name', alias.name]])
}

export async function shownGroup(
  view: ReadView,
  mounts: MountLookup,
  group: StoredGroup,
): Promise<ReadonlyMap<string, JsonOut>> {
  const { id, alias } = group
  return sorted([
    ['alias', alias === undefined ? {} : sorted(aliasMembers(mounts, id, alias))],
    ['creation_time', group.created],
    ['id', id],
    ['last_update_time', group.updated],
    ['member_entity_ids', listOrNull(await members.scan(view, `${id}/`))],
    ['member_group_ids', listOrNull(await children.scan(view, `${id}/`))],
    ['metadata', orNull(group.metadata)],
    ['modify_index', group.modify_index],
    ['name', group.name],
    ['namespace_id', group.namespace],
    ['parent_group_ids', listOrNull(await parents.scan(view, `${id}/`))],
    ['policies', listOrNull(group.policies)],
    ['type', group.type],
  ])
}

/** In a list of groups. */
export async function groupInfo(
  view: ReadView,
  mounts: MountLookup,
  { id, name, alias }: StoredGroup,
): Promise<ReadonlyMap<string, JsonOut>> {
  return sorted([
    ['alias', alias && briefAlias(mounts, alias)],
    ['name', name],
    ['num_member_entities', (await members.scan(view, `${id}/`)).length],
    ['num_parent_groups', (await parents.scan(view, `${id}/`)).length],
  ])
}
