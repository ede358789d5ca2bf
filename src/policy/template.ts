/**
 * `{{identity.…}}` in rule paths. Parsed when the policy is written, filled in for each caller; what is filled in is data and can never act
 * as a separator, a glob, a segment wildcard or another template.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/policies#templated-policies
 */
import { pathProblem } from '../lib/path.ts'

export interface TemplateContext {
  readonly entity: TemplateEntity | undefined
  readonly groups: readonly TemplateGroup[]
}

export interface TemplateEntity {
  readonly id: string
  readonly name: string
  readonly metadata: ReadonlyMap<string, string>
  readonly aliases: readonly TemplateAlias[]
}

export interface TemplateAlias {
  readonly mountAccessor: string
  readonly id: string
  readonly name: string
  readonly metadata: ReadonlyMap<string, string>
  readonly customMetadata: ReadonlyMap<string, string>
}

export interface TemplateGroup {
  readonly id: string
  readonly name: string
  readonly namespaceId: string
  readonly metadata: ReadonlyMap<string, string>
}

/** Text and selectors in turn: texts[0] selectors[0] texts[1] … */
export interface Template {
  readonly texts: readonly string[]
  readonly selectors: readonly string[]
}

/** Undefined for unbalanced braces. A path without braces is a template of one text. */
export function parseTemplate(path: string): Template | undefined {
  const [first = '', ...rest] = path.split('{{')
  if (first.includes('}}')) return undefined
  const texts = [first]
  const selectors: string[] = []
  for (const part of rest) {
    const pieces = part.split('}}')
    if (pieces.length !== 2) return undefined
    selectors.push((pieces[0] ?? '').trim())
    texts.push(pieces[1] ?? '')
  }
  return Object.freeze({ texts: Object.freeze(texts), selectors: Object.freeze(selectors) })
}

const SELECTORS = [
  /^identity\.entity\.(?:id|name)$/,
  /^identity\.entity\.metadata\../,
  /^identity\.entity\.aliases\.[^.]+\.(?:id|name|metadata\..+|custom_metadata\..+)$/,
  /^identity\.groups\.(?:ids|names)\.[^.]+\.(?:id|name|metadata\..+)$/,
]

export function isKnownSelector(selector: string): boolean {
  return SELECTORS.some((pattern) => pattern.test(selector))
}

export type Rendered =
  | { readonly kind: 'path'; readonly path: string }
  /** The caller has no such value. */
  | { readonly kind: 'absent'; readonly selector: string }
  /** The caller's value would act as syntax. */
  | { readonly kind: 'unsafe'; readonly selector: string }

/** The path for one caller in one namespace. Never throws. */
export function renderTemplate(template: Template, context: TemplateContext, namespaceId: string): Rendered {
  let path = template.texts[0] ?? ''
  for (const [index, selector] of template.selectors.entries()) {
    const value = select(selector, context, namespaceId)
    if (value === undefined) return { kind: 'absent', selector }
    if (!isSafe(value)) return { kind: 'unsafe', selector }
    path += value + (template.texts[index + 1] ?? '')
  }
  // Two harmless values may meet: "{{a}}{{b}}" with "." and ".".
  return pathProblem(path) === undefined
    ? { kind: 'path', path }
    : { kind: 'unsafe', selector: template.selectors.join(', ') }
}

/** One segment's worth of plain text. */
function isSafe(value: string): boolean {
  return (
    value !== '' && value !== '.' && value !== '..' && !/[/\\*+%{}]/.test(value) && pathProblem(value) === undefined
  )
}

function select(selector: string, { entity, groups }: TemplateContext, namespaceId: string): string | undefined {
  const [identity, noun, ...rest] = selector.split('.')
  if (identity !== 'identity') return undefined
  if (noun === 'groups') return selectGroup(rest, groups, namespaceId)
  if (noun !== 'entity' || entity === undefined) return undefined
  const [field, accessor, aliasField, ...key] = rest
  if (field !== 'aliases') return member(rest, entity.id, entity.name, entity.metadata)
  const aliases = entity.aliases.filter((alias) => alias.mountAccessor === accessor)
  const [alias] = aliases
  // Which of two is meant nobody can say; neither then.
  if (alias === undefined || aliases.length > 1 || aliasField === undefined) return undefined
  if (aliasField === 'custom_metadata') return alias.customMetadata.get(key.join('.'))
  return member([aliasField, ...key], alias.id, alias.name, alias.metadata)
}

function selectGroup(
  words: readonly string[],
  groups: readonly TemplateGroup[],
  namespaceId: string,
): string | undefined {
  const [by, which, ...rest] = words
  // Names are unique within a namespace only.
  const group = groups.find((one) =>
    by === 'ids' ? one.id === which : by === 'names' && one.name === which && one.namespaceId === namespaceId,
  )
  return group === undefined ? undefined : member(rest, group.id, group.name, group.metadata)
}

function member(
  words: readonly string[],
  id: string,
  name: string,
  metadata: ReadonlyMap<string, string>,
): string | undefined {
  const [field, ...key] = words
  if (field === 'metadata') return key.length === 0 ? undefined : metadata.get(key.join('.'))
  if (key.length > 0) return undefined
  return field === 'id' ? id : field === 'name' ? name : undefined
}
