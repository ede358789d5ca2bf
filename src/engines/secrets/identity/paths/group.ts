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
import type { Namespace } from '../../../../request/request.ts'
import { rfc3339 } from '../../../../lib/rfc3339.ts'
import { assignedPolicies, checkedMetadata, checkedName } from '../domain.ts'
import { identityErrors } from '../errors.ts'
import {
  deleteGroup,
  groupById,
  groupByName,
  newGroup,
  putGroup,
  setMemberEntities,
  setMemberGroups,
} from '../groups.ts'
import type { IdentityPorts } from '../ports.ts'
import { createdGroupReply, groupInfo, groupReply, shownGroup } from '../replies.ts'
import { groupNames, groups, type StoredGroup } from '../store.ts'
import { deleteById, deleteByName, listById, listByName, readById, readByName, type NamedKind } from './handles.ts'

const fields = {
  type: f
    .string('"internal": members are set here. "external": they are those whose log-in names the alias of the group.')
    .optional(),
  metadata: f.pairs('Names with values, for policies and identity tokens. In place of those there are.').optional(),
  policies: f.strings('Policies of the members and of the members of groups in it.').optional(),
  member_entity_ids: f.strings('Ids of the entities in it, in place of those there are.').optional(),
  member_group_ids: f.strings('Ids of the groups in it, in place of those there are.').optional(),
}
const idField = f.string('Id of the group that is changed.').optional()
const nameField = f.string('Name of the group; made up for a new one if absent.').optional()

const allFields = { id: idField, name: nameField, ...fields }
type Call = HandlerCall<string, typeof allFields, WriteView>

const replies = { 200: createdGroupReply, 204: none }

/** Whether another namespace has the entity. */
type IsElsewhere = (id: string, namespace: Namespace) => Promise<boolean>

export function groupPaths({ mounts, hasEntity }: IdentityPorts): readonly PathDefinition[] {
  const isElsewhere: IsElsewhere = (id, namespace) => hasEntity?.(id, namespace) ?? Promise.resolve(false)
  const kind: NamedKind<StoredGroup> = {
    one: 'a group',
    many: 'the groups',
    deleting: 'Delete a group. Groups in it stay.',
    reply: groupReply,
    ids: groups,
    names: groupNames,
    byId: groupById,
    byName: groupByName,
    shown: (view, group) => shownGroup(view, mounts, group),
    info: (view, group) => groupInfo(view, mounts, group),
    delete: deleteGroup,
  }
  return [
    definePath('group', { help: 'A group of entities, and of other groups.', params: {} }).write({
      summary: 'Create a group, or change the one with the id or the name.',
      fields: allFields,
      replies,
      operationId: 'group-create',
      run: (c) => register(c, isElsewhere),
    }),
    definePath('group/id', { help: 'The groups by their ids.', params: {} }).list(listById(kind, 'group-list-by-id')),
    definePath('group/id/{id}', { help: 'A group by its id.', params: { id: 'Id of the group.' } })
      .read(readById(kind, 'group-read-by-id'))
      .write({
        summary: 'Change a group; what is left out stays.',
        fields: { name: nameField, ...fields },
        replies,
        operationId: 'group-update-by-id',
        run: (c) => changeById({ ...c, in: { ...c.in, id: c.params.id } }, c.params.id, isElsewhere),
      })
      .delete(deleteById(kind, 'group-delete-by-id')),
    definePath('group/name', { help: 'The groups by their names.', params: {} }).list(
      listByName(kind, 'group-list-by-name'),
    ),
    definePath('group/name/{name+}', { help: 'A group by its name.', params: { name: 'Name of the group.' } })
      .read(readByName(kind, 'group-read-by-name'))
      .write({
        summary: 'Create a group of the name, or change it; what is left out stays.',
        fields: { id: idField, ...fields },
        replies,
        operationId: 'group-update-by-name',
        run: (c) => changeByName({ ...c, in: { ...c.in, name: c.params.name } }, c.params.name, isElsewhere),
      })
      .delete(deleteByName(kind, 'group-delete-by-name')),
  ]
}

async function register(c: Call, isElsewhere: IsElsewhere): Promise<Reply> {
  const { id, name } = c.in
  if (id !== undefined) return changeById(c, id, isElsewhere)
  return name === undefined ? upsert(c, undefined, isElsewhere) : changeByName(c, name, isElsewhere)
}

async function changeById(c: Call, id: string, isElsewhere: IsElsewhere): Promise<Reply> {
  if (id === '') throw identityErrors.GROUP_ID_EMPTY()
  const group = await groupById(c.view, c.request.namespace.id, id)
  if (group === undefined) throw identityErrors.GROUP_ID()
  return upsert(c, group, isElsewhere)
}

async function changeByName(c: Call, name: string, isElsewhere: IsElsewhere): Promise<Reply> {
  if (name === '') throw identityErrors.GROUP_NAME_EMPTY()
  return upsert(c, await groupByName(c.view, c.request.namespace.id, checkedName(name)), isElsewhere)
}

async function upsert(c: Call, before: StoredGroup | undefined, isElsewhere: IsElsewhere): Promise<Reply> {
  const { metadata, policies, member_entity_ids: entityIds, member_group_ids: groupIds } = c.in
  const namespace = c.request.namespace.id
  const now = rfc3339(c.clock.now())
  const assigned = policies && assignedPolicies(policies)
  const type = typeOf(c.in.type, before)
  const name = await nameOf(c, before)
  if (type === 'external' && entityIds !== undefined) throw identityErrors.EXTERNAL_ENTITIES()
  if (type === 'external' && groupIds !== undefined) throw identityErrors.EXTERNAL_GROUPS()
  const base = before ?? (await newGroup(c.view, namespace, now, name === undefined ? { type } : { type, name }))
  const group = {
    ...base,
    name: name ?? base.name,
    metadata: metadata === undefined ? base.metadata : checkedMetadata(metadata, 'group'),
    policies: assigned ?? base.policies,
    updated: now,
  }
  putGroup(c.view, group, before)
  if (entityIds !== undefined)
    await setMemberEntities(c.view, group, entityIds, (id) => isElsewhere(id, c.request.namespace))
  if (groupIds !== undefined) await setMemberGroups(c.view, group, groupIds)
  return before === undefined ? okData({ id: group.id, name: group.name }) : done()
}

function typeOf(asked: string | undefined, before: StoredGroup | undefined): StoredGroup['type'] {
  const type = asked ?? before?.type ?? 'internal'
  if (before !== undefined && type !== before.type) throw identityErrors.GROUP_TYPE_FIXED()
  if (type === '') return 'internal'
  if (type !== 'internal' && type !== 'external') throw identityErrors.GROUP_TYPE({ type })
  return type
}

/** Undefined where it stays, or is to be made up. */
async function nameOf(c: Call, before: StoredGroup | undefined): Promise<string | undefined> {
  const { name } = c.in
  if (name === undefined || name === '') return undefined
  const found = await groupByName(c.view, c.request.namespace.id, checkedName(name))
  if (found !== undefined && found.id !== before?.id) throw identityErrors.GROUP_NAME_TAKEN()
  return name
}
