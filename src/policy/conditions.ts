/** What a rule asks of a request beyond the capability: wrapping, parameters, the size of a page. */
import { matchGlob } from '../lib/glob.ts'
import type { RawJson } from '../lib/json/index.ts'
import type { AclOperation } from './capability.ts'
import { fold, isAllowed, isDenied } from './constraint.ts'
import type { ParameterValue } from './constraint.ts'
import type { Merged } from './merge.ts'

export interface Conditions {
  readonly operation: AclOperation
  /** Query and body, as pairs: a name may come twice, and each time counts. A Map will do. */
  readonly parameters?: Iterable<readonly [string, ParameterValue]>
  readonly wrapTtl?: number | undefined
  /** Of an event that somebody may subscribe to. */
  readonly eventType?: string
}

/** Why the rule does not take the request; undefined if it does. Names parameters, never their values. */
export function unmetCondition(rule: Merged, request: Conditions): string | undefined {
  const wrapping = unmetWrapping(rule, request.wrapTtl)
  if (wrapping !== undefined) return wrapping
  switch (request.operation) {
    case 'read':
    case 'create':
    case 'update':
    case 'patch':
      return unmetParameters(rule, request.parameters ?? [])
    case 'list':
    case 'scan':
      return unmetLimit(rule, request.parameters ?? [])
    case 'subscribe':
      return unmetType(rule, request.eventType)
    default:
      return undefined
  }
}

function unmetType({ subscribeEventTypes: types }: Merged, type: string | undefined): string | undefined {
  if (type === undefined || types.some((pattern) => matchGlob(pattern, type))) return undefined
  return 'subscribe_event_types: the type is not among them'
}

function unmetWrapping(
  { minWrappingTtl: min, maxWrappingTtl: max }: Merged,
  ttl: number | undefined,
): string | undefined {
  if (min === undefined && max === undefined) return undefined
  if (ttl === undefined) return 'the rule requires response wrapping'
  if (max !== undefined && ttl > max) return 'the wrapping TTL is above max_wrapping_ttl'
  if (min !== undefined && ttl < min) return 'the wrapping TTL is below min_wrapping_ttl'
  return undefined
}

function unmetParameters(rule: Merged, parameters: Iterable<readonly [string, ParameterValue]>): string | undefined {
  const { allowedParameters: allowed, deniedParameters: denied, requiredParameters: required } = rule
  if (allowed.size === 0 && denied.size === 0 && required.length === 0) return undefined
  const given = [...parameters].map(([name, value]) => [name.toLowerCase(), value] as const)
  const missing = required.find((name) => !given.some(([other]) => other === name))
  if (missing !== undefined) return `required_parameters: "${missing}" is missing`
  if (given.length > 0 && denied.has('*')) return 'denied_parameters: the rule takes no parameters'
  for (const [name, value] of given) {
    const list = denied.size === 0 ? undefined : (denied.get(name) ?? denied.get(fold(name)))
    if (list !== undefined && isDenied(value, list)) return `denied_parameters: "${name}"`
  }
  if (allowed.size === 0 || (allowed.size === 1 && allowed.has('*'))) return undefined
  for (const [name, value] of given) {
    const list = allowed.get(name)
    if (list === undefined ? !allowed.has('*') : !isAllowed(value, list)) return `allowed_parameters: "${name}"`
  }
  return undefined
}

function unmetLimit(rule: Merged, parameters: Iterable<readonly [string, ParameterValue]>): string | undefined {
  const { paginationLimit: most, requiredParameters: required } = rule
  if (most === undefined) return undefined
  const limits = [...parameters].filter(([name]) => name.toLowerCase() === 'limit').map(([, value]) => value)
  if (limits.length === 0) return required.includes('limit') ? 'required_parameters: "limit" is missing' : undefined
  return limits.every((value) => fitsLimit(value, most))
    ? undefined
    : `pagination_limit: "limit" takes a number from 0 to ${most}`
}

/** 0 and "max" ask for as many as the rule lets. */
function fitsLimit(value: ParameterValue, most: number): boolean {
  const text = typeof value === 'string' ? value : limitText(value)
  return text === 'max' || (/^\d{1,9}$/.test(text) && Number(text) <= most)
}

function limitText(value: RawJson): string {
  const parsed = value.value()
  return typeof parsed === 'string' ? parsed : value.text
}
