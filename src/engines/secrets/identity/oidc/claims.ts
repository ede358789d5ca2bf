/** Claims that a template adds to a token, beside those that are the protocol's own. */
import { badRequest, type JsonOut } from '#framework'
import {
  parseIdentityTemplate,
  renderIdentityTemplate,
  type IdentityFacts,
  type IdentityTemplate,
} from '../../../../lib/identity-template.ts'
import { defaultJsonLimits, JsonError, parseObject, type RawJson } from '../../../../lib/json/index.ts'

/** No template sets these: they say who vouches for whom, to whom, and for how long. */
export const RESERVED: readonly string[] = [
  'iat',
  'aud',
  'exp',
  'iss',
  'sub',
  'namespace',
  'nonce',
  'auth_time',
  'at_hash',
  'c_hash',
]

export type Claims = ReadonlyMap<string, RawJson>

/** An entity of which nothing is known: what a template makes of it shows whether it can be JSON at all. */
const NOBODY: IdentityFacts = {
  entity: { id: '', name: '', metadata: new Map(), aliases: [] },
  groups: [],
}

/** The template to keep, which may come in base64. Throws where it can make no claims. */
export function checkedTemplate(given: string): string {
  const text = decoded(given)
  if (text === '') return ''
  for (const name of sampleClaims(text).keys()) {
    if (RESERVED.includes(name))
      badRequest(`top level key "${name}" not allowed. Restricted keys: ${RESERVED.join(', ')}`)
  }
  return text
}

/** The names of the claims that a template makes, with empty values. Throws where it makes none. */
export function sampleClaims(text: string): Claims {
  if (text === '') return new Map()
  const parsed = parseIdentityTemplate(text)
  if (parsed === undefined) return badRequest('error parsing template: unbalanced templating characters')
  const claims = rendered(parsed, NOBODY, 0)
  if (claims.kind === 'absent')
    return badRequest('error parsing template: no value could be found for one of the template directives')
  if (claims.kind === 'not JSON') return badRequest(`error parsing template JSON: ${claims.reason}`)
  return claims.claims
}

export type Rendered =
  | { readonly kind: 'claims'; readonly claims: Claims }
  | { readonly kind: 'absent' }
  | { readonly kind: 'not JSON'; readonly reason: string }

/** Never throws: a template that does not fit a holder must not keep him from his token. */
export function renderClaims(text: string, facts: IdentityFacts, now: number): Rendered {
  const parsed = text === '' ? undefined : parseIdentityTemplate(text)
  return parsed === undefined ? { kind: 'claims', claims: new Map() } : rendered(parsed, facts, now)
}

function rendered(template: IdentityTemplate, facts: IdentityFacts, now: number): Rendered {
  const result = renderIdentityTemplate(template, facts, { mode: 'json', now })
  if (result.kind !== 'text') return { kind: 'absent' }
  try {
    return { kind: 'claims', claims: parseObject(result.text, defaultJsonLimits) }
  } catch (error) {
    if (error instanceof JsonError) return { kind: 'not JSON', reason: error.reason }
    throw error
  }
}

/** The protocol's own claims, which nothing replaces, and then the others. */
export function withClaims(
  own: ReadonlyMap<string, JsonOut>,
  ...added: readonly Claims[]
): ReadonlyMap<string, JsonOut> {
  const out = new Map<string, JsonOut>(own)
  for (const claims of added) {
    for (const [name, value] of claims) if (!RESERVED.includes(name)) out.set(name, value)
  }
  return out
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function decoded(given: string): string {
  const text = given.replace(/[\r\n]/g, '')
  return BASE64.test(text) ? Buffer.from(text, 'base64').toString() : given
}
