/** What a server is like now, as declarations that plan to nothing. */
import { formatDurationShort } from '../../lib/duration.ts'
import { sameValue, shapeOf, types, type FieldSpec } from './field.ts'
import { blockText } from './hcl-text.ts'
import type { Kind, Subject } from './kind.ts'
import { DeclarationError } from './problem.ts'
import { kinds } from './registry.ts'
import { isEmpty, type Fields, type Value } from './value.ts'
import type { World } from './world.ts'

export interface Exported {
  readonly kind: Kind
  /** Empty where there is none of the kind. */
  readonly text: string
}

/** Kinds that the server does not have are left out. */
export async function exportAll(world: World, only: readonly string[]): Promise<readonly Exported[]> {
  const out: Exported[] = []
  for (const kind of kinds) {
    if (only.length > 0 && !only.includes(kind.block)) continue
    out.push({ kind, text: await textOfKind(kind, world) })
  }
  return out
}

async function textOfKind(kind: Kind, world: World): Promise<string> {
  const blocks: string[] = []
  for (const id of await idsOf(kind, world)) {
    const subject = await kind.subject(id, world, new Map())
    const fields = await subject.read()
    // Gone since it was listed.
    if (fields === undefined) continue
    blocks.push(blockText(kind.block, id, worthSaying(subject, fields), secretsOf(subject)))
  }
  return blocks.join('\n')
}

async function idsOf(kind: Kind, world: World): Promise<readonly string[]> {
  try {
    return await kind.list(world)
  } catch (error) {
    if (error instanceof DeclarationError) return []
    throw error
  }
}

/** In the order of the table, then of the names; without what is as it would be anyway. */
function worthSaying(subject: Subject, fields: Fields): Fields {
  const { table, settable } = subject
  const known = Object.keys(table).filter((name) => fields.has(name))
  const others =
    subject.open === true ? [...fields.keys()].filter((name) => !Object.hasOwn(table, name)).toSorted() : []
  const out = new Map<string, Value>()
  for (const name of [...known, ...others]) {
    const spec = Object.hasOwn(table, name) ? table[name] : undefined
    if (spec?.secret === true || (settable !== undefined && !settable.includes(name))) continue
    const value = fields.get(name) ?? null
    if (spec?.needed !== true && isInitial(value, spec)) continue
    out.set(name, normal(value, spec))
  }
  return out
}

function isInitial(value: Value, spec: FieldSpec | undefined): boolean {
  if (spec?.initial === undefined) return isEmpty(spec?.type.normal(value) ?? value)
  return value === null || sameValue(spec.type, value, spec.initial)
}

function normal(value: Value, spec: FieldSpec | undefined): Value {
  const type = spec?.type ?? shapeOf(value, value)
  if (type === types.document) return value
  const plain = type.normal(value) ?? value
  return type === types.seconds && typeof plain === 'number' ? formatDurationShort(plain) : plain
}

/** A reminder of what a server doesn't tell. */
function secretsOf({ table }: Subject): readonly string[] {
  const needed = Object.entries(table).filter(([, spec]) => spec.secret === true && spec.needed === true)
  return needed.map(([name]) => `${name} = env("…") is needed to make it anew`)
}
