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
import { assignedPolicies, checkedMetadata, checkedName } from '../domain.ts'
import { deleteEntity, entityById, entityByName, newEntity, putEntity } from '../entities.ts'
import { identityErrors } from '../errors.ts'
import type { IdentityPorts } from '../ports.ts'
import { createdEntityReply, entityInfo, entityReply, shownEntity } from '../replies.ts'
import { entities, entityNames, type StoredEntity } from '../store.ts'
import { deleteById, deleteByName, listById, listByName, readById, readByName, type NamedKind } from './handles.ts'

const fields = {
  metadata: f.pairs('Names with values, for policies and identity tokens. In place of those there are.').optional(),
  policies: f.strings('Policies of the tokens of the entity, besides their own.').optional(),
  disabled: f.bool('Refuse the tokens of the entity, without revoking them.').optional(),
}
const idField = f.string('Id of the entity that is changed; a new one, or that of the name, if absent.').default('')
const nameField = f.string('Name of the entity; made up for a new one if absent.').default('')

const allFields = { id: idField, name: nameField, ...fields }
type Call = HandlerCall<string, typeof allFields, WriteView>

const replies = { 200: createdEntityReply, 204: none }

export function entityPaths({ mounts }: IdentityPorts): readonly PathDefinition[] {
  const kind: NamedKind<StoredEntity> = {
    one: 'an entity',
    many: 'the entities',
    deleting: 'Delete an entity. Its tokens are refused from then on.',
    reply: entityReply,
    ids: entities,
    names: entityNames,
    byId: entityById,
    byName: entityByName,
    shown: (view, entity) => shownEntity(view, mounts, entity),
    info: (_, entity) => entityInfo(mounts, entity),
    delete: deleteEntity,
  }
  return [
    definePath('entity', { help: 'Somebody who uses this server, by whatever ways he logs in.', params: {} }).write({
      summary: 'Create an entity, or change the one with the id or the name.',
      fields: allFields,
      replies,
      operationId: 'entity-create',
      run: upsertEntity,
    }),
    definePath('entity/id', { help: 'The entities by their ids.', params: {} }).list(
      listById(kind, 'entity-list-by-id'),
    ),
    definePath('entity/id/{id}', { help: 'An entity by its id.', params: { id: 'Id of the entity.' } })
      .read(readById(kind, 'entity-read-by-id'))
      .write({
        summary: 'Change an entity; what is left out stays.',
        fields: { name: nameField, ...fields },
        replies,
        operationId: 'entity-update-by-id',
        run: (c) => upsertEntity({ ...c, in: { ...c.in, id: c.params.id } }),
      })
      .delete(deleteById(kind, 'entity-delete-by-id')),
    definePath('entity/name', { help: 'The entities by their names.', params: {} }).list(
      listByName(kind, 'entity-list-by-name'),
    ),
    definePath('entity/name/{name+}', { help: 'An entity by its name.', params: { name: 'Name of the entity.' } })
      .read(readByName(kind, 'entity-read-by-name'))
      .write({
        summary: 'Create an entity of the name, or change it; what is left out stays.',
        fields: { id: idField, ...fields },
        replies,
        operationId: 'entity-update-by-name',
        run: (c) => upsertEntity({ ...c, in: { ...c.in, name: c.params.name } }),
      })
      .delete(deleteByName(kind, 'entity-delete-by-name')),
    definePath('entity/batch-delete', { help: 'Delete several entities.', params: {} }).write({
      summary: 'Delete several entities, all or none. Ids of none are passed over.',
      fields: { entity_ids: f.strings('Ids of the entities.').default([]) },
      replies: { 204: none },
      operationId: 'entity-batch-delete',
      run: async (c) => {
        if (c.in.entity_ids.length === 0) throw identityErrors.BATCH_EMPTY()
        for (const id of new Set(c.in.entity_ids)) {
          const entity = await entityById(c.view, c.request.namespace.id, id)
          if (entity !== undefined) await deleteEntity(c.view, entity)
        }
        return done()
      },
    }),
  ]
}

export async function upsertEntity(c: Call): Promise<Reply> {
  const namespace = c.request.namespace.id
  const { id, name, metadata, policies, disabled } = c.in
  const byId = id === '' ? undefined : await entityById(c.view, namespace, id)
  if (id !== '' && byId === undefined) throw identityErrors.ENTITY_ID()
  const byName = name === '' ? undefined : await entityByName(c.view, namespace, checkedName(name))
  if (byId !== undefined && byName !== undefined && byName.id !== byId.id) throw identityErrors.ENTITY_NAME_TAKEN()
  const before = byId ?? byName
  const now = rfc3339(c.clock.now())
  const base = before ?? (await newEntity(c.view, namespace, now, name))
  const entity = {
    ...base,
    name: name === '' ? base.name : name,
    metadata: metadata === undefined ? base.metadata : checkedMetadata(metadata, 'entity'),
    policies: policies === undefined ? base.policies : assignedPolicies(policies),
    disabled: disabled ?? base.disabled,
    updated: now,
  }
  putEntity(c.view, entity, before)
  return before === undefined ? okData({ aliases: null, id: entity.id, name: entity.name }) : done()
}
