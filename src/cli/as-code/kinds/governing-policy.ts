/** Policy expressions: `policy "office" { type = "egp" … }`, or by the name alone, `policy "egp/office" { … }`. */
import { reasonOf } from '../../failure.ts'
import { types, type FieldTable } from '../field.ts'
import type { Subject } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import { textAt, type Fields } from '../value.ts'
import type { World } from '../world.ts'

export const governingTypes = ['egp', 'rgp'] as const
export type GoverningType = (typeof governingTypes)[number]

export function governingTypeOf(id: string): GoverningType | undefined {
  return governingTypes.find((type) => id.startsWith(`${type}/`))
}

/** A name of an access policy has no slash. */
export function governingId(id: string, type: GoverningType): string {
  return id.startsWith(`${type}/`) ? id : `${type}/${id}`
}

function tableOf(type: GoverningType): FieldTable {
  const common: FieldTable = {
    type: { type: types.name, fixed: true, initial: type },
    enforcement_level: { type: types.name, needed: true },
    policy: { type: types.document, needed: true },
  }
  return type === 'rgp' ? common : { ...common, paths: { type: types.set, needed: true } }
}

export async function governingSubject(
  id: string,
  type: GoverningType,
  world: World,
  declared: Fields,
): Promise<Subject> {
  const text = textAt(declared, 'policy')
  if (text !== '') await compiled(text)
  const path = `sys/policies/${id}`
  const write = async (fields: Fields): Promise<void> => {
    await world.write(path, new Map([...fields].filter(([name]) => name !== 'type')))
  }
  return {
    table: tableOf(type),
    read: async () => {
      const found = await world.read(path)
      return found && new Map([...found, ['type', type]])
    },
    create: write,
    // It is written whole.
    update: async (changed, fields) => write(new Map([...((await world.read(path)) ?? []), ...fields, ...changed])),
    remove: () => world.remove(path),
  }
}

export async function governingIds(world: World): Promise<readonly string[]> {
  const out: string[] = []
  for (const type of governingTypes)
    for (const name of await world.list(`sys/policies/${type}`)) out.push(governingId(name, type))
  return out
}

/** What cannot be a policy is told before anything is changed. */
async function compiled(text: string): Promise<void> {
  const { compileExpression } = await import('../../../policy/expressions/program.ts')
  try {
    compileExpression(text)
  } catch (error) {
    throw new DeclarationError(reasonOf(error))
  }
}
