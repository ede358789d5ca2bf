/** Reading the keys of one object by a schema. */
import type { Item, Key, Position, Value } from '../lib/hcl/index.ts'
import { nearest } from '../lib/nearest.ts'
import type { ConfigOf, Environment, InertField, Schema } from './field.ts'
import { camel } from './field.ts'
import type { Findings } from './problem.ts'

/** What a file gives, before files are merged and defaults filled in. */
export type Given = ReadonlyMap<string, unknown>

/** `other` names keys that the caller reads itself. `where` is for sentences: "in listener "tcp"". */
export function readSection(
  items: readonly Item[],
  schema: Schema,
  where: string,
  findings: Findings,
  other: readonly string[] = [],
): Given {
  const given = new Map<string, unknown>()
  for (const { keys, value } of items) {
    const [key, label] = keys
    if (other.includes(key.name)) continue
    const field = Object.hasOwn(schema, key.name) ? schema[key.name] : undefined
    if (field === undefined) {
      const near = nearest(key.name, [...Object.keys(schema), ...other])
      findings.problem(
        key.at,
        `unknown key "${key.name}"${where}${near === undefined ? '' : `; did you mean "${near}"?`}`,
      )
    } else if (field.status !== 'active') readInert(key, value, field, where, findings)
    else if (label !== undefined) findings.problem(label.at, `${key.name} takes no label`)
    else {
      const read = field.read(value, findings, key.name)
      if (read !== undefined) given.set(key.name, read)
    }
  }
  return given
}

function readInert(key: Key, value: Value, field: InertField, where: string, findings: Findings): void {
  if (field.status === 'ignored') findings.warn(key.at, `${key.name}${where} has no effect here: ${field.help}`)
  // What is switched off need not be supported.
  else if (value.kind !== 'boolean' || value.value)
    findings.problem(key.at, `${key.name}${where} is not supported: ${field.help}`)
}

export interface EnvironmentPlace {
  /** For problems: the stanza. */
  readonly at: Position
  readonly where: string
  readonly findings: Findings
  /** Keys that were complained of already, perhaps. */
  readonly faulty?: ReadonlySet<string>
  /** The file counts over the environment throughout. */
  readonly yields: boolean
}

/** What the environment gives besides, and problems for what is needed and given by neither. */
export function withEnvironment(
  schema: Schema,
  given: Given,
  environment: Environment,
  { at, where, findings, faulty = new Set(), yields }: EnvironmentPlace,
): Given {
  const out = new Map([...given].filter(([, value]) => value !== ''))
  for (const [key, field] of Object.entries(schema)) {
    if (field.status !== 'active') continue
    const sources = field.environment ?? []
    const counting = sources.filter(({ over }) => !out.has(key) || (over === 'file' && !yields))
    const text = counting.flatMap(({ names }) => names.map(environment)).find((value) => value !== undefined)
    if (text !== undefined) {
      const read = field.read({ kind: 'string', at, value: text, text, heredoc: false }, findings, key)
      if (read !== undefined) out.set(key, read)
    } else if (field.needed === true && !out.has(key) && !faulty.has(key)) {
      const names = sources.flatMap((source) => source.names)
      const or = names.length === 0 ? '' : `, or ${names.join(' or ')} in the environment`
      findings.problem(at, `${where} needs ${key}${or}`)
    }
  }
  return out
}

/** Keys of `later` over those of `earlier`, each as its field says. */
export function mergeGiven(schema: Schema, earlier: Given, later: Given): Given {
  const out = new Map(earlier)
  for (const [key, value] of later) {
    const field = schema[key]
    const before = out.get(key)
    if (field?.status !== 'active' || before === undefined || field.merge === 'last') out.set(key, value)
    else if (field.merge === 'either') out.set(key, before === true || value === true)
    else out.set(key, Math.max(Number(before), Number(value)))
  }
  return out
}

/** The frozen result, with defaults for what was not given. */
export function complete<S extends Schema>(schema: S, given: Given): ConfigOf<S> {
  const out: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(schema)) {
    if (field.status === 'active') out[camel(key)] = given.get(key) ?? field.default
  }
  // The schema says what each member is: a field's `read` and `default` have the type that ConfigOf derives from it.
  return Object.freeze(out) as ConfigOf<S>
}
