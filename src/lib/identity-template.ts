/**
 * `{{identity.…}}` in the paths of policies and in the claims of identity tokens. Parsed once, rendered for each holder. What is filled in
 * is data: in a path it can never act as a separator, a glob, a segment wildcard or another template; in JSON it is a JSON value.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/policies#templated-policies,
 * https://developer.hashicorp.com/vault/docs/concepts/oidc-provider#scopes
 */
import { parseDuration } from './duration.ts'
import { stringify } from './json/index.ts'
import { pathProblem } from './path.ts'

/** Of whom a template speaks. */
export interface IdentityFacts {
  readonly entity: IdentityEntity | undefined
  /** Those the entity is a member of, directly or through other groups. */
  readonly groups: readonly IdentityGroup[]
}

export interface IdentityEntity {
  readonly id: string
  readonly name: string
  readonly metadata: ReadonlyMap<string, string>
  readonly aliases: readonly IdentityAlias[]
}

export interface IdentityAlias {
  readonly mountAccessor: string
  readonly id: string
  readonly name: string
  readonly metadata: ReadonlyMap<string, string>
  readonly customMetadata: ReadonlyMap<string, string>
}

export interface IdentityGroup {
  readonly id: string
  readonly name: string
  readonly namespaceId: string
  readonly metadata: ReadonlyMap<string, string>
}

/** Text and selectors in turn: texts[0] selectors[0] texts[1] … */
export interface IdentityTemplate {
  readonly texts: readonly string[]
  readonly selectors: readonly Selector[]
}

export interface Selector {
  /** As written, without the braces and the blanks inside them. */
  readonly text: string
  /** The words between the dots. */
  readonly words: readonly string[]
}

/**
 * `acl`: into a path of a policy; one plain segment's worth of text, or the whole is unsafe. `json`: into a JSON document, where each
 * selector stands for a whole value (`{"name": {{identity.entity.name}}}`) and what a holder has not is empty.
 */
export type RenderMode =
  | { readonly mode: 'acl'; readonly namespaceId: string }
  /** `now`: wall clock, ms, for `{{time.now}}`. */
  | { readonly mode: 'json'; readonly now: number }

export type Rendered =
  | { readonly kind: 'text'; readonly text: string }
  /** There is no such value. */
  | { readonly kind: 'absent'; readonly selector: string }
  /** The value would act as syntax. */
  | { readonly kind: 'unsafe'; readonly selector: string }

/** Undefined for unbalanced braces. A text without braces is a template of one text. */
export function parseIdentityTemplate(text: string): IdentityTemplate | undefined {
  const [first = '', ...rest] = text.split('{{')
  if (first.includes('}}')) return undefined
  const texts = [first]
  const selectors: Selector[] = []
  for (const part of rest) {
    const pieces = part.split('}}')
    if (pieces.length !== 2) return undefined
    const selector = (pieces[0] ?? '').trim()
    selectors.push(Object.freeze({ text: selector, words: Object.freeze(selector.split('.')) }))
    texts.push(pieces[1] ?? '')
  }
  return Object.freeze({ texts: Object.freeze(texts), selectors: Object.freeze(selectors) })
}

/** The text for one holder. Never throws. */
export function renderIdentityTemplate(template: IdentityTemplate, facts: IdentityFacts, how: RenderMode): Rendered {
  let text = template.texts[0] ?? ''
  for (const [index, selector] of template.selectors.entries()) {
    const value =
      how.mode === 'acl' ? plainValue(selector, facts, how.namespaceId) : jsonValue(selector, facts, how.now)
    if (value === undefined) return { kind: 'absent', selector: selector.text }
    if (how.mode === 'acl' && !isSafe(value)) return { kind: 'unsafe', selector: selector.text }
    text += value + (template.texts[index + 1] ?? '')
  }
  // Two harmless values may meet: "{{a}}{{b}}" with "." and ".".
  if (how.mode === 'acl' && pathProblem(text) !== undefined)
    return { kind: 'unsafe', selector: template.selectors.map((selector) => selector.text).join(', ') }
  return { kind: 'text', text }
}

const SELECTORS = [
  /^identity\.entity\.(?:id|name)$/,
  /^identity\.entity\.metadata\../,
  /^identity\.entity\.aliases\.[^.]+\.(?:id|name|metadata\..+|custom_metadata\..+)$/,
  /^identity\.groups\.(?:ids|names)\.[^.]+\.(?:id|name|metadata\..+)$/,
]

/** Whether a selector can have a value in a path. */
export function isPathSelector(selector: Selector): boolean {
  return SELECTORS.some((pattern) => pattern.test(selector.text))
}

/** One segment's worth of plain text. */
function isSafe(value: string): boolean {
  return (
    value !== '' && value !== '.' && value !== '..' && !/[/\\*+%{}]/.test(value) && pathProblem(value) === undefined
  )
}

function plainValue({ words }: Selector, facts: IdentityFacts, namespaceId: string): string | undefined {
  const [root, noun, ...rest] = words
  if (root !== 'identity') return undefined
  const value =
    noun === 'groups'
      ? groupValue(rest, facts.groups, namespaceId)
      : noun === 'entity' && facts.entity !== undefined
        ? entityValue(rest, facts.entity)
        : undefined
  return typeof value === 'string' ? value : undefined
}

type Value = string | readonly string[] | ReadonlyMap<string, string>

function entityValue(words: readonly string[], entity: IdentityEntity): Value | undefined {
  const [field, accessor, ...rest] = words
  if (field !== 'aliases') return member(words, entity)
  const aliases = entity.aliases.filter((alias) => alias.mountAccessor === accessor)
  const [alias] = aliases
  // Which of two is meant nobody can say; neither then.
  return alias === undefined || aliases.length > 1 ? undefined : member(rest, alias)
}

function groupValue(
  words: readonly string[],
  groups: readonly IdentityGroup[],
  namespaceId: string,
): Value | undefined {
  const [by, which, ...rest] = words
  // Names are unique within a namespace only.
  const group = groups.find((one) =>
    by === 'ids' ? one.id === which : by === 'names' && one.name === which && one.namespaceId === namespaceId,
  )
  return group === undefined ? undefined : member(rest, group)
}

interface Named {
  readonly id: string
  readonly name: string
  readonly metadata: ReadonlyMap<string, string>
  readonly customMetadata?: ReadonlyMap<string, string>
}

function member(words: readonly string[], of: Named): Value | undefined {
  const [field, ...key] = words
  if (field === 'metadata') return key.length === 0 ? of.metadata : of.metadata.get(key.join('.'))
  if (field === 'custom_metadata') return key.length === 0 ? of.customMetadata : of.customMetadata?.get(key.join('.'))
  if (key.length > 0) return undefined
  return field === 'id' ? of.id : field === 'name' ? of.name : undefined
}

const NO_ALIAS: Named = { id: '', name: '', metadata: new Map(), customMetadata: new Map() }

/** As JSON text. A holder without the alias or the key still has the claim, empty. */
function jsonValue({ words }: Selector, facts: IdentityFacts, now: number): string | undefined {
  const [root, noun, ...rest] = words
  if (root === 'time' && noun === 'now') return timeValue(rest, now)
  if (root !== 'identity' || noun !== 'entity' || facts.entity === undefined) return undefined
  const value = claimValue(rest, facts.entity, facts.groups)
  return value === undefined ? undefined : stringify(value)
}

function claimValue(words: readonly string[], entity: IdentityEntity, groups: readonly IdentityGroup[]) {
  const [field, which, ...rest] = words
  if (field === 'groups') {
    if (rest.length > 0) return undefined
    return which === 'ids' ? groups.map(({ id }) => id) : which === 'names' ? groups.map(({ name }) => name) : undefined
  }
  if (field === 'aliases') {
    const aliases = entity.aliases.filter((alias) => alias.mountAccessor === which)
    const only = aliases.length === 1 ? aliases[0] : undefined
    return claimMember(rest, only ?? NO_ALIAS)
  }
  return field === 'custom_metadata' ? undefined : claimMember(words, entity)
}

function claimMember(words: readonly string[], of: Named): Value | undefined {
  const ofKey = words.length > 1 && (words[0] === 'metadata' || words[0] === 'custom_metadata')
  return member(words, of) ?? (ofKey ? '' : undefined)
}

/** Seconds since 1970: `time.now`, `time.now.plus.1h`, `time.now.minus.30m`. */
function timeValue(words: readonly string[], now: number): string | undefined {
  const [sign, ...duration] = words
  const seconds = Math.floor(now / 1000)
  if (sign === undefined) return String(seconds)
  const shift = parseDuration(duration.join('.'))
  if (shift === undefined || (sign !== 'plus' && sign !== 'minus')) return undefined
  return String(sign === 'plus' ? seconds + shift : seconds - shift)
}
