/** Things that lie at a path of their name, with the same fields for writing as for reading. */
import type { FieldTable } from '../field.ts'
import type { Kind } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import type { World } from '../world.ts'

export interface Named {
  readonly block: string
  /** Path of the list; of one thing with its name behind it. */
  readonly path: string
  readonly table: FieldTable
  /** Names are the same in whatever case. */
  readonly folds?: true
  /** What the server has by itself. */
  readonly builtIn?: (name: string, world: World) => Promise<boolean> | boolean
}

export function named({ block, path, table, folds, builtIn }: Named): Kind {
  return {
    block,
    label: 'a name',
    id: (label) => {
      const name = folds === true ? label.trim().toLowerCase() : label
      if (name === '') throw new DeclarationError(`a ${block} takes a name that is not empty`)
      return name
    },
    subject: async (name, world) => ({
      table,
      read: () => world.read(`${path}/${name}`),
      create: async (fields) => void (await world.write(`${path}/${name}`, fields)),
      update: async (_, fields) => void (await world.write(`${path}/${name}`, fields)),
      remove: () => world.remove(`${path}/${name}`),
    }),
    list: async (world) => {
      const out: string[] = []
      for (const name of await world.list(path)) if ((await builtIn?.(name, world)) !== true) out.push(name)
      return out
    },
  }
}
