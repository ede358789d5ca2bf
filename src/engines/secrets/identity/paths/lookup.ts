import { definePath, done, f, none, okData, type PathDefinition, type ReadView } from '#framework'
import { aliasByFactors, aliasById, entityById, entityByName } from '../entities.ts'
import { identityErrors } from '../errors.ts'
import { groupAliasById, groupByFactors, groupById, groupByName } from '../groups.ts'
import type { IdentityPorts } from '../ports.ts'
import { entityReply, groupReply, shownEntity, shownGroup } from '../replies.ts'
import type { StoredEntity, StoredGroup } from '../store.ts'

function fieldsOf(what: string) {
  return {
    id: f.string(`Id of the ${what}.`).optional(),
    name: f.string(`Name of the ${what}.`).optional(),
    alias_id: f.string('Id of an alias of it.').optional(),
    alias_name: f.string('Name of an alias of it; with `alias_mount_accessor`.').optional(),
    alias_mount_accessor: f.string('Mount of that alias.').optional(),
  }
}

interface Wish {
  readonly id: string | undefined
  readonly name: string | undefined
  readonly alias_id: string | undefined
  readonly alias_name: string | undefined
  readonly alias_mount_accessor: string | undefined
}

export function lookupPaths({ mounts }: IdentityPorts): readonly PathDefinition[] {
  return [
    definePath('lookup/entity', {
      help: 'Find an entity by what is known of it.',
      params: {},
      flags: { place: 'anywhere' },
    }).compute({
      summary: 'Find an entity by its id, its name, or an alias.',
      fields: fieldsOf('entity'),
      replies: { 200: entityReply, 204: none },
      operationId: 'entity-look-up',
      run: async (c) => {
        const entity = await findEntity(c.view, c.request.namespace.id, checked(c.in))
        return entity === undefined ? done() : okData(await shownEntity(c.view, mounts, entity))
      },
    }),
    definePath('lookup/group', {
      help: 'Find a group by what is known of it.',
      params: {},
      flags: { place: 'anywhere' },
    }).compute({
      summary: 'Find a group by its id, its name, or its alias.',
      fields: fieldsOf('group'),
      replies: { 200: groupReply, 204: none },
      operationId: 'group-look-up',
      run: async (c) => {
        const group = await findGroup(c.view, c.request.namespace.id, checked(c.in))
        return group === undefined ? done() : okData(await shownGroup(c.view, mounts, group))
      },
    }),
  ]
}

function checked(wish: Wish): Wish {
  const given = Object.values(wish).filter((value) => value !== undefined).length
  const { alias_name: name, alias_mount_accessor: accessor } = wish
  if (given === 0) throw identityErrors.LOOKUP_NONE()
  const isPair = given === 2 && (name ?? '') !== '' && (accessor ?? '') !== ''
  if (given > 1 && !isPair) throw identityErrors.LOOKUP_CONFLICT()
  if (given === 1 && ((name ?? '') !== '' || (accessor ?? '') !== '')) throw identityErrors.LOOKUP_PAIR()
  return wish
}

async function findEntity(view: ReadView, namespace: string, wish: Wish): Promise<StoredEntity | undefined> {
  const { id, name, alias_id: aliasId, alias_name: aliasName, alias_mount_accessor: accessor } = wish
  if (id !== undefined) return entityById(view, namespace, id)
  if (name !== undefined) return entityByName(view, namespace, name)
  if (aliasId !== undefined) return (await aliasById(view, namespace, aliasId))?.entity
  const found = await aliasByFactors(view, accessor ?? '', aliasName ?? '')
  return found?.entity.namespace === namespace ? found.entity : undefined
}

async function findGroup(view: ReadView, namespace: string, wish: Wish): Promise<StoredGroup | undefined> {
  const { id, name, alias_id: aliasId, alias_name: aliasName, alias_mount_accessor: accessor } = wish
  if (id !== undefined) return groupById(view, namespace, id)
  if (name !== undefined) return groupByName(view, namespace, name)
  if (aliasId !== undefined) return (await groupAliasById(view, namespace, aliasId))?.group
  const found = await groupByFactors(view, accessor ?? '', aliasName ?? '')
  return found?.namespace === namespace ? found : undefined
}
