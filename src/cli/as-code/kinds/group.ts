/** Groups, whose members are declared by their names, where the API has ids. */
import { types, type FieldTable } from '../field.ts'
import type { Kind } from '../kind.ts'
import { isList, textsAt, type Fields, type Value } from '../value.ts'
import type { World } from '../world.ts'
import { named } from './named.ts'

const PATH = 'identity/group/name'

const table: FieldTable = {
  type: { type: types.text, fixed: true, initial: 'internal' },
  policies: { type: types.names },
  metadata: { type: types.map },
  /** Names of entities. */
  members: { type: types.set },
  /** Names of groups. */
  member_groups: { type: types.set },
}

const LISTS = [
  { by: 'members', ids: 'member_entity_ids', what: 'entity' },
  { by: 'member_groups', ids: 'member_group_ids', what: 'group' },
] as const

export const group: Kind = {
  ...named({ block: 'group', path: PATH, table }),
  subject: async (name, world) => ({
    table,
    read: async () => {
      const fields = await world.read(`${PATH}/${name}`)
      return fields === undefined ? undefined : withNames(fields, world)
    },
    create: async (fields) => void (await world.write(`${PATH}/${name}`, await withIds(fields, world))),
    update: async (changed) => void (await world.write(`${PATH}/${name}`, await withIds(changed, world))),
    remove: () => world.remove(`${PATH}/${name}`),
  }),
  after: (fields) => textsAt(fields, 'member_groups'),
}

async function withNames(fields: Fields, world: World): Promise<Fields> {
  const out = new Map(fields)
  for (const { by, ids, what } of LISTS) {
    const found = await Promise.all(textsAt(fields, ids).map((id) => world.nameOf(what, id)))
    out.delete(ids)
    out.set(
      by,
      found.filter((one) => one !== undefined),
    )
  }
  return out
}

async function withIds(fields: Fields, world: World): Promise<Fields> {
  const out = new Map<string, Value>(fields)
  for (const { by, ids, what } of LISTS) {
    const members = fields.get(by)
    if (members === undefined) continue
    const wanted = types.set.normal(members)
    out.delete(by)
    out.set(ids, await Promise.all((isList(wanted) ? wanted : []).map((one) => world.idOf(what, String(one)))))
  }
  return out
}
