import { types, type FieldTable, type FieldType } from '../field.ts'
import type { Kind } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import { textAt, type Fields, type Value } from '../value.ts'
import type { World } from '../world.ts'

const KINDS = ['rate-limit', 'lease-count'] as const
/** With a slash at its end or without, it is the same. */
const place: FieldType = {
  takes: 'a string',
  normal: (value: Value) => {
    const text = types.text.normal(value)
    return typeof text === 'string' ? text.replace(/^\/+|\/+$/g, '') : undefined
  },
}
const common: FieldTable = {
  type: { type: types.text, fixed: true, initial: 'rate-limit' },
  path: { type: place },
  role: { type: types.text },
  inheritable: { type: types.flag },
}
const tables: Readonly<Record<(typeof KINDS)[number], FieldTable>> = {
  'rate-limit': {
    ...common,
    rate: { type: types.number, needed: true },
    interval: { type: types.seconds, initial: 1 },
    block_interval: { type: types.seconds },
    group_by: { type: types.text, initial: 'ip' },
    secondary_rate: { type: types.number },
  },
  'lease-count': { ...common, max_leases: { type: types.whole, needed: true } },
}

export const quota: Kind = {
  block: 'quota',
  label: 'a name',
  id: (label) => {
    if (label === '') throw new DeclarationError('a quota takes a name that is not empty')
    return label
  },
  subject: async (name, world, declared) => {
    const given = textAt(declared, 'type')
    const type = given === '' ? ((await typeOf(name, world)) ?? 'rate-limit') : KINDS.find((one) => one === given)
    if (type === undefined) throw new DeclarationError(`a quota is of type ${KINDS.join(' or ')}, not "${given}"`)
    const path = `sys/quotas/${type}/${name}`
    return {
      table: tables[type],
      read: () => world.read(path),
      create: async (fields) => void (await world.write(path, untyped(fields))),
      update: async (_, fields) => void (await world.write(path, untyped(fields))),
      remove: () => world.remove(path),
    }
  },
  list: async (world) => {
    const limits = await world.list('sys/quotas/rate-limit')
    return [...new Set([...limits, ...(await leaseCounts(world))])]
  },
}

/** The path says it. */
function untyped(fields: Fields): Fields {
  return new Map([...fields].filter(([name]) => name !== 'type'))
}

/** Servers may have none of these. */
async function leaseCounts(world: World): Promise<readonly string[]> {
  try {
    return await world.list('sys/quotas/lease-count')
  } catch (error) {
    if (error instanceof DeclarationError) return []
    throw error
  }
}

async function typeOf(name: string, world: World): Promise<(typeof KINDS)[number] | undefined> {
  if ((await world.list('sys/quotas/rate-limit')).includes(name)) return 'rate-limit'
  return (await leaseCounts(world)).includes(name) ? 'lease-count' : undefined
}
