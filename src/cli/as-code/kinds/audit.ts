import { types, type FieldTable } from '../field.ts'
import type { Kind } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import { isMap } from '../value.ts'

/** A device is made and removed, never changed: its place and format are what the records so far rely on. */
const table: FieldTable = {
  type: { type: types.text, fixed: true, needed: true },
  description: { type: types.text, fixed: true },
  options: { type: types.map, fixed: true },
  local: { type: types.flag, fixed: true },
}

export const audit: Kind = {
  block: 'audit',
  label: 'a path',
  id: (label) => {
    const path = label.replace(/^\/+|\/+$/g, '')
    if (path === '') throw new DeclarationError('an audit device takes a path such as "file"')
    return path
  },
  subject: async (path, world) => ({
    table,
    read: async () => {
      const device = (await world.read('sys/audit'))?.get(`${path}/`)
      return isMap(device) ? device : undefined
    },
    create: async (fields) => void (await world.write(`sys/audit/${path}`, fields)),
    update: async () => {
      throw new DeclarationError('an audit device cannot be changed')
    },
    remove: () => world.remove(`sys/audit/${path}`),
  }),
  list: async (world) => [...((await world.read('sys/audit')) ?? new Map()).keys()].map((path) => path.slice(0, -1)),
}
