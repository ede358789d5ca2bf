import { types } from '../field.ts'
import type { Kind } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import { isMap, type Fields, type Value } from '../value.ts'

const PATH = 'sys/namespaces'
const METADATA = 'custom_metadata'

export const namespace: Kind = {
  block: 'namespace',
  label: 'a name',
  id: (label) => {
    const path = label.replace(/^\/+|\/+$/g, '')
    if (path === '') throw new DeclarationError('a namespace takes a name such as "team"')
    if (path.includes('/'))
      throw new DeclarationError('a namespace inside another is declared with -namespace, in files of its own')
    return path
  },
  subject: async (path, world) => ({
    table: { [METADATA]: { type: types.map } },
    read: () => world.read(`${PATH}/${path}`),
    create: async (fields) => void (await world.write(`${PATH}/${path}`, withMetadata(labelsOf(fields)))),
    update: async (changed) => {
      const before = labelsOf(await world.read(`${PATH}/${path}`))
      const gone = [...before.keys()].map((name): [string, Value] => [name, null])
      await world.write(`${PATH}/${path}`, withMetadata(new Map([...gone, ...labelsOf(changed)])), 'PATCH')
    },
    remove: () => world.remove(`${PATH}/${path}`),
  }),
  list: async (world) => (await world.list(PATH)).map((path) => path.slice(0, -1)),
}

/** Texts: the server takes nothing else. */
function labelsOf(fields: Fields | undefined): ReadonlyMap<string, Value> {
  const given = types.map.normal(fields?.get(METADATA) ?? null)
  return isMap(given) ? given : new Map()
}

function withMetadata(labels: ReadonlyMap<string, Value>): Fields {
  return new Map([[METADATA, labels]])
}
