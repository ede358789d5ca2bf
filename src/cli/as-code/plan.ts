/** What has to be done so that a server is as declared, and in which order. Nothing is changed here. */
import { nearest } from '../../lib/nearest.ts'
import type { Declaration, Given } from './declaration.ts'
import { sameValue, shapeOf, types, type FieldSpec } from './field.ts'
import type { Kind, Subject } from './kind.ts'
import { DeclarationError, type Problems } from './problem.ts'
import { kinds } from './registry.ts'
import type { Fields, Value } from './value.ts'
import type { World } from './world.ts'

export type Action = 'add' | 'change' | 'remove'

export interface FieldChange {
  readonly name: string
  /** Undefined of a thing that is still to be made. */
  readonly old: Value | undefined
  readonly new: Value
  /** Where the new value comes from, which is shown instead of it. */
  readonly from: string | undefined
  readonly secret: boolean
  /** Both are numbers of seconds. */
  readonly seconds: boolean
}

export interface Change {
  readonly action: Action
  readonly kind: Kind
  readonly id: string
  readonly fields: readonly FieldChange[]
  /** Does it. */
  run(): Promise<void>
}

export interface Named {
  readonly kind: Kind
  readonly id: string
}

export interface Plan {
  readonly changes: readonly Change[]
  /** What is there of the kinds that are declared, but is not declared. */
  readonly undeclared: readonly Named[]
}

export interface PlanOptions {
  /** Remove what is not declared. */
  readonly prune: boolean
  /** Send secrets again to what is there. */
  readonly resendSecrets: boolean
}

interface Target {
  readonly declaration: Declaration
  /** The one that counts. */
  readonly id: string
}

/** What is wrong is added to `problems`: then the plan is not to be used. */
export async function makePlan(
  declarations: readonly Declaration[],
  world: World,
  options: PlanOptions,
  problems: Problems,
): Promise<Plan> {
  announceMounts(declarations, world)
  const changes: Change[] = []
  const undeclared: Named[] = []
  const removals: Change[][] = []
  const targets = await resolved(declarations, world, problems)
  const isDeclared = (block: string, id: string): boolean =>
    targets.some((target) => target.declaration.kind.block === block && target.id === id)
  for (const kind of kinds) {
    const own = targets.filter(({ declaration }) => declaration.kind === kind)
    if (own.length === 0) continue
    const found = await concurrently(await ordered(kind, own, world, problems), async (target) =>
      problems.during(placeIn(target), () => changeOf(target, world, options, problems)),
    )
    changes.push(...found.filter((change) => change !== undefined))
    const place = own.map(placeIn)[0] ?? kind.block
    const others = await problems.during(place, () => undeclaredOf(kind, own, world, isDeclared))
    undeclared.push(...(others ?? []).map((id) => ({ kind, id })))
    if (options.prune) removals.unshift(await removalsOf(kind, others ?? [], world))
  }
  return { changes: [...changes, ...removals.flat()], undeclared: options.prune ? [] : undeclared }
}

function placeIn({ declaration: { place, kind, id } }: Target): string {
  return `${place}: ${kind.block} "${id}"`
}

/** What is declared in a mount is planned with the mount, though it isn't there yet. */
function announceMounts(declarations: readonly Declaration[], world: World): void {
  for (const { kind, id, fields } of declarations) {
    const type = fields.get('type')?.value()
    if (typeof type !== 'string') continue
    if (kind.block === 'mount') world.willMount('mounts', `${id}/`, type)
    if (kind.block === 'auth') world.willMount('auth', `${id}/`, type)
  }
}

async function resolved(
  declarations: readonly Declaration[],
  world: World,
  problems: Problems,
): Promise<readonly Target[]> {
  const out: Target[] = []
  const places = new Map<string, string>()
  for (const declaration of declarations) {
    const { kind, place } = declaration
    const id = await problems.during(placeIn({ declaration, id: '' }), async () =>
      kind.canonical === undefined ? declaration.id : kind.canonical(declaration.id, world, plainFields(declaration)),
    )
    if (id === undefined) continue
    const key = `${kind.block} "${id}"`
    const before = places.get(key)
    if (before !== undefined) problems.add(place, `${key} is declared already, at ${before}`)
    else out.push({ declaration, id })
    places.set(key, place)
  }
  return out
}

async function ordered(
  kind: Kind,
  targets: readonly Target[],
  world: World,
  problems: Problems,
): Promise<readonly Target[]> {
  const ranks = new Map<Target, number>()
  for (const target of targets) ranks.set(target, (await kind.rank?.(target.id, world)) ?? 0)
  const byRank = targets.toSorted((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0))
  return kind.after === undefined ? byRank : afterOthers(kind, byRank, problems)
}

/** Each behind those of the same kind that it needs. */
function afterOthers(kind: Kind, targets: readonly Target[], problems: Problems): readonly Target[] {
  const out = new Set<Target>()
  const visiting = new Set<Target>()
  const byId = new Map(targets.map((target) => [target.id, target]))
  const visit = (target: Target): void => {
    if (out.has(target)) return
    if (visiting.has(target)) return problems.add(placeIn(target), `it needs itself`)
    visiting.add(target)
    for (const id of kind.after?.(plainFields(target.declaration)) ?? []) {
      const other = byId.get(id)
      if (other !== undefined) visit(other)
    }
    out.add(target)
  }
  for (const target of targets) visit(target)
  return [...out]
}

/** Those that stand in the file itself. */
function plainFields({ fields }: Declaration): Fields {
  return new Map(
    [...fields].filter(([, given]) => given.from === undefined).map(([name, given]) => [name, given.value()]),
  )
}

async function changeOf(
  target: Target,
  world: World,
  options: PlanOptions,
  problems: Problems,
): Promise<Change | undefined> {
  const { declaration, id } = target
  const { kind } = declaration
  const subject = await kind.subject(id, world, plainFields(declaration))
  const fields = readFields(declaration, subject, target, problems)
  const actual = await subject.read()
  if (actual === undefined) return addition(kind, id, subject, fields)
  return alteration(kind, id, subject, fields, actual, options)
}

interface Wanted {
  readonly name: string
  readonly given: Given
  readonly spec: FieldSpec | undefined
}

/** The fields of a declaration that the kind takes; complains of the others. */
function readFields({ fields }: Declaration, subject: Subject, target: Target, problems: Problems): readonly Wanted[] {
  const out: Wanted[] = []
  for (const [name, given] of fields) {
    const spec = Object.hasOwn(subject.table, name) ? subject.table[name] : undefined
    const where = `${given.place}: ${target.declaration.kind.block} "${target.declaration.id}"`
    if (spec === undefined && subject.open !== true) {
      const meant = nearest(name, Object.keys(subject.table))
      problems.add(where, `it has no field "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`)
    } else if (spec?.secret === true && given.from === undefined) {
      problems.add(where, `"${name}" is secret: it takes env("NAME") or file("path"), not the value itself`)
    } else if (spec !== undefined && given.from === undefined && spec.type.normal(given.value()) === undefined) {
      problems.add(where, `"${name}" takes ${spec.type.takes}`)
    } else out.push({ name, given, spec })
  }
  return out
}

function addition(kind: Kind, id: string, subject: Subject, wanted: readonly Wanted[]): Change {
  for (const [name, { needed }] of Object.entries(subject.table)) {
    if (needed === true && !wanted.some((one) => one.name === name) && !replaces(name, wanted))
      throw new DeclarationError(`it isn't there yet, and to be made it needs "${name}"`)
  }
  const fields = new Map(wanted.map(({ name, given }) => [name, given.value()]))
  return {
    action: 'add',
    kind,
    id,
    fields: wanted.map((one) => ({ ...shown(one), old: undefined, new: fields.get(one.name) ?? null })),
    run: () => subject.create(fields),
  }
}

/** A password may come as its hash. */
function replaces(name: string, wanted: readonly Wanted[]): boolean {
  return name === 'password' && wanted.some((one) => one.name === 'password_hash')
}

function shown({ name, given, spec }: Wanted): Pick<FieldChange, 'name' | 'from' | 'secret' | 'seconds'> {
  return { name, from: given.from, secret: spec?.secret === true, seconds: spec?.type === types.seconds }
}

function alteration(
  kind: Kind,
  id: string,
  subject: Subject,
  wanted: readonly Wanted[],
  actual: Fields,
  { resendSecrets }: PlanOptions,
): Change | undefined {
  const differing = wanted.filter((one) =>
    one.spec?.secret === true ? resendSecrets && one.spec.fixed !== true : differs(one, actual),
  )
  if (differing.length === 0) return undefined
  for (const { name, given, spec } of differing) {
    if (spec?.fixed !== true) continue
    const now = given.from === undefined ? ` to ${JSON.stringify(given.value())}` : ''
    throw new DeclarationError(
      `"${name}" is ${JSON.stringify(actual.get(name) ?? spec.initial ?? null)} and cannot be changed${now}: remove the ${kind.block} first, with what is in it, or declare it under another name`,
    )
  }
  const changed = new Map(differing.map(({ name, given }) => [name, given.value()]))
  // Secrets go along only where they are asked for: they may have been changed where they are used.
  const all = wanted.filter((one) => one.spec?.secret !== true || changed.has(one.name))
  const fields = new Map(all.map(({ name, given }) => [name, given.value()]))
  return {
    action: 'change',
    kind,
    id,
    fields: differing.map((one) => ({
      ...shown(one),
      old: presented(one, oldValue(one, actual)),
      new: presented(one, changed.get(one.name) ?? null),
    })),
    run: () => subject.update(changed, fields),
  }
}

function oldValue({ name, spec }: Wanted, actual: Fields): Value {
  const value = actual.get(name)
  return value === undefined || value === null ? (spec?.initial ?? null) : value
}

/** In the normal form, so that old and new are told alike. */
function presented({ spec }: Wanted, value: Value): Value {
  return spec === undefined || spec.type === types.document ? value : (spec.type.normal(value) ?? value)
}

function differs(one: Wanted, actual: Fields): boolean {
  const value = one.given.value()
  const old = oldValue(one, actual)
  return !sameValue(one.spec?.type ?? shapeOf(actual.get(one.name), value), value, old)
}

async function undeclaredOf(
  kind: Kind,
  own: readonly Target[],
  world: World,
  isDeclared: (block: string, id: string) => boolean,
): Promise<readonly string[]> {
  const scopes = new Set<string>()
  for (const { id } of own) scopes.add((await kind.scope?.(id, world)) ?? '')
  const out: string[] = []
  for (const id of await kind.list(world)) {
    if (isDeclared(kind.block, id) || !scopes.has((await kind.scope?.(id, world)) ?? '')) continue
    if ((await kind.mayPrune?.(id, world, isDeclared)) !== false) out.push(id)
  }
  return out
}

/** In the reverse of the order in which they would be made. */
async function removalsOf(kind: Kind, ids: readonly string[], world: World): Promise<Change[]> {
  const ranked: (readonly [number, Change])[] = []
  for (const id of ids) {
    const subject = await kind.subject(id, world, new Map())
    const change: Change = { action: 'remove', kind, id, fields: [], run: () => subject.remove() }
    ranked.push([(await kind.rank?.(id, world)) ?? 0, change])
  }
  return ranked.toSorted(([a], [b]) => b - a).map(([, change]) => change)
}

const AT_ONCE = 8

async function concurrently<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const out: R[] = []
  for (let at = 0; at < items.length; at += AT_ONCE)
    out.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))))
  return out
}
