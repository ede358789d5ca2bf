import {
  definePath,
  done,
  f,
  none,
  okData,
  type HandlerCall,
  type PathDefinition,
  type Reply,
  type WriteView,
} from '#framework'
import { rfc3339 } from '../../../../lib/rfc3339.ts'
import { checkedName } from '../domain.ts'
import { newAlias } from '../entities.ts'
import { identityErrors } from '../errors.ts'
import {
  clearMembers,
  groupAliasById,
  groupByFactors,
  groupById,
  newGroup,
  putGroup,
  type AliasOfGroup,
} from '../groups.ts'
import type { IdentityPorts, MountLookup } from '../ports.ts'
import { aliasInfo, aliasReply, shownAlias, writtenAliasReply } from '../replies.ts'
import { groupAliasIds, type StoredGroup } from '../store.ts'
import { deleteById, listById, readById, type Kind } from './handles.ts'

const fields = {
  name: f.string('Name of the group at the auth method.').default(''),
  mount_accessor: f.string('Accessor of the mount of the auth method.').default(''),
  canonical_id: f.string('Id of the external group; a new one is made if absent.').default(''),
}
const allFields = { id: f.string('Id of the alias that is changed.').optional(), ...fields }
type Call = HandlerCall<string, typeof allFields, WriteView>

const replies = { 200: writtenAliasReply, 204: none }

export function groupAliasPaths({ mounts }: IdentityPorts): readonly PathDefinition[] {
  const kind: Kind<AliasOfGroup> = {
    one: 'an alias of a group',
    many: 'the aliases of groups',
    deleting: 'Delete an alias of a group, and with it who is in the group.',
    reply: aliasReply,
    ids: groupAliasIds,
    byId: groupAliasById,
    shown: (_, { group, alias }) => shownAlias(mounts, group, alias, null),
    info: (_, { group, alias }) => aliasInfo(mounts, group.id, alias, null),
    delete: (view, { group }, now) => takeAlias(view, group, now),
  }
  return [
    definePath('group-alias', { help: 'The name of an external group at an auth method.', params: {} }).write({
      summary: 'Create an alias of a group, or change the one with the id.',
      fields: allFields,
      replies,
      operationId: 'group-create-alias',
      run: (c) => (c.in.id === undefined ? write(mounts, c, undefined) : changeById(mounts, c, c.in.id)),
    }),
    definePath('group-alias/id', { help: 'The aliases of groups by their ids.', params: {} }).list(
      listById(kind, 'group-list-aliases-by-id'),
    ),
    definePath('group-alias/id/{id}', { help: 'An alias of a group by its id.', params: { id: 'Id of the alias.' } })
      .read(readById(kind, 'group-read-alias-by-id'))
      .write({
        summary: 'Change an alias of a group.',
        fields,
        replies,
        operationId: 'group-update-alias-by-id',
        run: (c) => changeById(mounts, { ...c, in: { ...c.in, id: c.params.id } }, c.params.id),
      })
      .delete(deleteById(kind, 'group-delete-alias-by-id')),
  ]
}

async function changeById(mounts: MountLookup, c: Call, id: string): Promise<Reply> {
  if (id === '') throw identityErrors.GROUP_ALIAS_ID_EMPTY()
  const found = await groupAliasById(c.view, c.request.namespace.id, id)
  if (found === undefined) throw identityErrors.GROUP_ALIAS_ID()
  return write(mounts, c, found)
}

async function write(mounts: MountLookup, c: Call, present: AliasOfGroup | undefined): Promise<Reply> {
  const { name, mount_accessor: accessor, canonical_id: canonicalId } = c.in
  const namespace = c.request.namespace.id
  if (name === '') throw identityErrors.ALIAS_NAME()
  if (accessor === '') throw identityErrors.GROUP_ALIAS_ACCESSOR()
  const stays = canonicalId === '' || canonicalId === present?.group.id
  if (present?.alias.name === name && present.alias.mount_accessor === accessor && stays) return done()
  const target = canonicalId === '' ? present?.group : await targetOf(c, canonicalId)
  const mount = mounts.byAccessor(accessor)
  if (mount?.namespaceId !== namespace) throw identityErrors.ACCESSOR({ accessor })
  if (mount.local) throw identityErrors.GROUP_ALIAS_LOCAL({ accessor })
  const taken = await groupByFactors(c.view, accessor, checkedName(name))
  if (taken !== undefined && taken.alias?.id !== present?.alias.id) throw identityErrors.GROUP_ALIAS_TAKEN()
  const now = rfc3339(c.clock.now())
  const alias =
    present === undefined
      ? newAlias({ name, mount_accessor: accessor, local: false }, now)
      : { ...present.alias, name, mount_accessor: accessor, updated: now }
  if (present !== undefined && !stays) await takeAlias(c.view, present.group, now)
  // A group has one alias: another takes the place of that which is there, and begins with nobody.
  if (target?.alias !== undefined && target.alias.id !== alias.id) await clearMembers(c.view, target.id)
  const base = target ?? (await newGroup(c.view, namespace, now, { type: 'external' }))
  putGroup(c.view, { ...base, alias, updated: now }, target)
  return okData({ canonical_id: base.id, id: alias.id })
}

async function targetOf(c: Call, id: string): Promise<StoredGroup> {
  const group = await groupById(c.view, c.request.namespace.id, id)
  if (group === undefined) throw identityErrors.GROUP_ALIAS_GROUP()
  if (group.type !== 'external') throw identityErrors.GROUP_ALIAS_INTERNAL()
  return group
}

/** Without its alias nothing says any more who is in the group. */
async function takeAlias(view: WriteView, group: StoredGroup, now: string): Promise<void> {
  await clearMembers(view, group.id)
  putGroup(view, { ...group, alias: undefined, updated: now }, group)
}
