import { types } from '../field.ts'
import type { Kind } from '../kind.ts'
import { DeclarationError } from '../problem.ts'

const PATH = 'sys/namespaces'

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
    table: { custom_metadata: { type: types.map } },
    read: () => world.read(`${PATH}/${path}`),
    create: async (fields) => void (await world.write(`${PATH}/${path}`, fields)),
    update: async (changed) => void (await world.write(`${PATH}/${path}`, changed, 'PATCH')),
    remove: () => world.remove(`${PATH}/${path}`),
  }),
  list: async (world) => (await world.list(PATH)).map((path) => path.slice(0, -1)),
}
