import {
  absent,
  definePath,
  done,
  f,
  listing,
  none,
  okData,
  pageFields,
  pageOf,
  type HandlerCall,
  type JsonOut,
  type PathDefinition,
  type Reply,
  type WriteView,
} from '#framework'
import { rfc3339 } from '../../../../lib/rfc3339.ts'
import { storedName } from '../../../../lib/identity-name.ts'
import { assignedPolicies, checkedMetadata, checkedName } from '../domain.ts'
import { deleteEntity, entityById, entityByName, newEntity, putEntity } from '../entities.ts'
import { identityErrors } from '../errors.ts'
import type { IdentityPorts } from '../ports.ts'
import { createdEntityReply, entityInfo, entityReply, keysReply, shownEntity } from '../replies.ts'
import { sliced } from '../sliced.ts'
import { entities, entityNames } from '../store.ts'

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
  const found = entityReply
  return [
    definePath('entity', { help: 'Somebody who uses this server, by whatever ways he logs in.', params: {} }).write({
      summary: 'Create an entity, or change the one with the id or the name.',
      fields: allFields,
      replies,
      operationId: 'entity-create',
      run: upsertEntity,
    }),
    definePath('entity/id', { help: 'The entities by their ids.', params: {} }).list({
      summary: 'List the entities by their ids.',
      fields: pageFields,
      replies: { 200: keysReply },
      operationId: 'entity-list-by-id',
      run: async (c) => {
        const info = new Map<string, JsonOut>()
        for await (const id of sliced((page) => entities.list(c.view, '', page), pageOf(c.in))) {
          const entity = await entityById(c.view, c.request.namespace.id, id)
          if (entity !== undefined) info.set(id, entityInfo(mounts, entity))
        }
        return listing([...info.keys()], { key_info: info })
      },
    }),
    definePath('entity/id/{id}', { help: 'An entity by its id.', params: { id: 'Id of the entity.' } })
      .read({
        summary: 'Read an entity.',
        replies: { 200: found },
        operationId: 'entity-read-by-id',
        run: async (c) => {
          const entity = await entityById(c.view, c.request.namespace.id, c.params.id)
          return okData(await shownEntity(c.view, mounts, entity ?? absent()))
        },
      })
      .write({
        summary: 'Change an entity; what is left out stays.',
        fields: { name: nameField, ...fields },
        replies,
        operationId: 'entity-update-by-id',
        run: (c) => upsertEntity({ ...c, in: { ...c.in, id: c.params.id } }),
      })
      .delete({
        summary: 'Delete an entity. Its tokens are refused from then on.',
        replies: { 204: none },
        operationId: 'entity-delete-by-id',
        run: async (c) => {
          const entity = await entityById(c.view, c.request.namespace.id, c.params.id)
          if (entity !== undefined) await deleteEntity(c.view, entity)
          return done()
        },
      }),
    definePath('entity/name', { help: 'The entities by their names.', params: {} }).list({
      summary: 'List the entities by their names.',
      fields: pageFields,
      replies: { 200: keysReply },
      operationId: 'entity-list-by-name',
      run: async (c) => {
        const namespace = c.request.namespace.id
        const { after, limit } = c.in
        const keys: string[] = []
        const page = pageOf({ after: after === '' ? '' : storedName(after), limit })
        for await (const name of sliced((part) => entityNames.list(c.view, `${namespace}/`, part), page)) {
          const reference = await entityNames.get(c.view, { namespace, name })
          const entity = reference && (await entityById(c.view, namespace, reference.id))
          if (entity !== undefined) keys.push(entity.name)
        }
        return listing(keys)
      },
    }),
    definePath('entity/name/{name+}', { help: 'An entity by its name.', params: { name: 'Name of the entity.' } })
      .read({
        summary: 'Read an entity.',
        replies: { 200: found },
        operationId: 'entity-read-by-name',
        run: async (c) => {
          const entity = await entityByName(c.view, c.request.namespace.id, c.params.name)
          return okData(await shownEntity(c.view, mounts, entity ?? absent()))
        },
      })
      .write({
        summary: 'Create an entity of the name, or change it; what is left out stays.',
        fields: { id: idField, ...fields },
        replies,
        operationId: 'entity-update-by-name',
        run: (c) => upsertEntity({ ...c, in: { ...c.in, name: c.params.name } }),
      })
      .delete({
        summary: 'Delete an entity. Its tokens are refused from then on.',
        replies: { 204: none },
        operationId: 'entity-delete-by-name',
        run: async (c) => {
          const entity = await entityByName(c.view, c.request.namespace.id, c.params.name)
          if (entity !== undefined) await deleteEntity(c.view, entity)
          return done()
        },
      }),
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
