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
import { checkedCustomMetadata, checkedName, noMetadata, sameMetadata } from '../domain.ts'
import {
  aliasByFactors,
  aliasById,
  entityById,
  newAlias,
  newEntity,
  putEntity,
  type AliasOfEntity,
} from '../entities.ts'
import { identityErrors } from '../errors.ts'
import type { IdentityPorts, MountLookup } from '../ports.ts'
import { aliasInfo, aliasReply, shownAlias, writtenAliasReply } from '../replies.ts'
import { aliasIds, type StoredAlias, type StoredEntity } from '../store.ts'
import { deleteById, listById, readById, type Kind } from './handles.ts'

const fields = {
  name: f.string('Name by which the auth method knows the entity.').default(''),
  mount_accessor: f.string('Accessor of the mount of the auth method.').default(''),
  canonical_id: f.string('Id of the entity.').default(''),
  entity_id: f.string('An older name of `canonical_id`.').default('').deprecated(),
  custom_metadata: f.pairs('Names with values, which log-ins do not change.').optional(),
}
const allFields = { id: f.string('Id of the alias that is changed.').default(''), ...fields }
type Call = HandlerCall<string, typeof allFields, WriteView>

const replies = { 200: writtenAliasReply, 204: none }

/** The paths of aliases below `entity-alias`, and below their older name. */
export function entityAliasPaths(ports: IdentityPorts): readonly PathDefinition[] {
  const names = {
    create: 'entity-create-alias',
    list: 'entity-list-aliases-by-id',
    one: 'entity',
    suffix: 'alias-by-id',
  }
  const older = { create: 'alias-create', list: 'alias-list-by-id', one: 'alias', suffix: 'by-id' }
  return [...pathsAt('entity-alias', names, ports), ...pathsAt('alias', older, ports)]
}

interface Names {
  readonly create: string
  readonly list: string
  readonly one: string
  readonly suffix: string
}

function pathsAt(at: 'entity-alias' | 'alias', names: Names, { mounts }: IdentityPorts): readonly PathDefinition[] {
  const kind = aliasKind(mounts)
  const named = (verb: string): string => `${names.one}-${verb}-${names.suffix}`
  return [
    definePath(at, { help: 'The name of an entity at an auth method.', params: {} }).write({
      summary: 'Create an alias, or change the one of the mount and the name.',
      fields: allFields,
      replies,
      operationId: names.create,
      run: (c) => upsertAlias(mounts, c),
    }),
    aliasList(`${at}/id`, names.list, kind),
    definePath(`${at}/id/{id}`, { help: 'An alias by its id.', params: { id: 'Id of the alias.' } })
      .read(readById(kind, named('read')))
      .write({
        summary: 'Change an alias; what is left out stays.',
        fields,
        replies,
        operationId: named('update'),
        run: (c) => upsertAlias(mounts, { ...c, in: { ...c.in, id: c.params.id } }),
      })
      .delete(deleteById(kind, named('delete'))),
  ]
}

export function aliasKind(mounts: MountLookup): Kind<AliasOfEntity> {
  return {
    one: 'an alias',
    many: 'the aliases',
    deleting: 'Delete an alias. The next log-in of that name is that of a new entity.',
    reply: aliasReply,
    ids: aliasIds,
    byId: aliasById,
    shown: (_, { entity, alias }) => shownAlias(mounts, entity, alias, alias.custom_metadata),
    info: (_, { entity, alias }) => aliasInfo(mounts, entity.id, alias, alias.custom_metadata),
    delete: takeAlias,
  }
}

export function aliasList(path: string, operationId: string, kind: Kind<AliasOfEntity>): PathDefinition {
  return definePath(path, { help: 'The aliases by their ids.', params: {} }).list(listById(kind, operationId))
}

function takeAlias(view: WriteView, { entity, alias }: AliasOfEntity, now: string): void {
  putEntity(view, { ...entity, aliases: entity.aliases.filter((one) => one !== alias), updated: now }, entity)
}

interface Wish {
  readonly name: string
  readonly accessor: string
  readonly canonicalId: string
  /** Undefined: it stays. */
  readonly customMetadata: StoredAlias['custom_metadata'] | undefined
}

async function upsertAlias(mounts: MountLookup, c: Call): Promise<Reply> {
  const { id, name, mount_accessor: accessor } = c.in
  const customMetadata = c.in.custom_metadata && checkedCustomMetadata(c.in.custom_metadata)
  const canonicalId = c.in.canonical_id || c.in.entity_id
  const namespace = c.request.namespace.id
  if (id !== '') {
    const found = await aliasById(c.view, namespace, id)
    if (found === undefined) throw identityErrors.ALIAS_ID()
    return change(mounts, c, found, {
      name: name === '' ? found.alias.name : checkedName(name),
      accessor: accessor === '' ? found.alias.mount_accessor : accessor,
      canonicalId,
      customMetadata,
    })
  }
  if (accessor === '' || name === '') throw identityErrors.ALIAS_FACTORS()
  const mount = mounts.byAccessor(accessor)
  if (mount?.namespaceId !== namespace) throw identityErrors.ACCESSOR({ accessor })
  const wish = { name: checkedName(name), accessor, canonicalId, customMetadata: customMetadata ?? noMetadata }
  const found = await aliasByFactors(c.view, accessor, name)
  return found === undefined ? create(c, wish, mount.local) : change(mounts, c, found, wish)
}

async function create(c: Call, { name, accessor, canonicalId, customMetadata }: Wish, local: boolean): Promise<Reply> {
  const namespace = c.request.namespace.id
  const now = rfc3339(c.clock.now())
  const before = canonicalId === '' ? undefined : await entityById(c.view, namespace, canonicalId)
  if (canonicalId !== '' && before === undefined) throw identityErrors.CANONICAL_ID()
  const entity = before ?? (await newEntity(c.view, namespace, now))
  if (hasAliasAt(entity, accessor)) throw identityErrors.ALIAS_ON_MOUNT()
  const custom = customMetadata ?? noMetadata
  const alias = newAlias({ name, mount_accessor: accessor, local, custom_metadata: custom }, now)
  putEntity(c.view, { ...entity, aliases: [...entity.aliases, alias] }, before)
  return okData({ canonical_id: entity.id, id: alias.id })
}

/** Never joins two entities: an alias that would be another's is refused. */
async function change(mounts: MountLookup, c: Call, { entity, alias }: AliasOfEntity, wish: Wish): Promise<Reply> {
  const { name, accessor, canonicalId } = wish
  const custom = wish.customMetadata ?? alias.custom_metadata
  const moves = canonicalId !== '' && canonicalId !== entity.id
  const changesMount = accessor !== alias.mount_accessor
  if (name === alias.name && !changesMount && !moves && sameMetadata(custom, alias.custom_metadata)) return done()
  if (changesMount && !moves && hasAliasAt(entity, accessor)) throw identityErrors.ALIAS_MOUNT_TAKEN()
  const mount = mounts.byAccessor(accessor)
  if (mount?.namespaceId !== entity.namespace) throw identityErrors.ACCESSOR({ accessor })
  const taken = await aliasByFactors(c.view, accessor, name)
  if (taken !== undefined && taken.alias.id !== alias.id) throw identityErrors.ALIAS_TAKEN()
  if (moves && (mount.local || alias.local)) throw identityErrors.ALIAS_LOCAL()
  const now = rfc3339(c.clock.now())
  const changed = {
    ...alias,
    name,
    mount_accessor: accessor,
    local: mount.local,
    custom_metadata: custom,
    updated: now,
    // What another mount's log-in said of its own user does not speak of this one's.
    metadata: changesMount ? noMetadata : alias.metadata,
  }
  const target = moves ? await entityById(c.view, entity.namespace, canonicalId) : entity
  if (target === undefined) throw identityErrors.ALIAS_TARGET()
  if (!moves) {
    putEntity(c.view, { ...entity, aliases: entity.aliases.map((one) => (one === alias ? changed : one)) }, entity)
  } else {
    if (hasAliasAt(target, accessor)) throw identityErrors.ALIAS_TARGET_TAKEN()
    takeAlias(c.view, { entity, alias }, now)
    putEntity(c.view, { ...target, aliases: [...target.aliases, changed], updated: now }, target)
  }
  return okData({ canonical_id: target.id, id: alias.id })
}

function hasAliasAt(entity: StoredEntity, accessor: string): boolean {
  return entity.aliases.some((alias) => alias.mount_accessor === accessor)
}
