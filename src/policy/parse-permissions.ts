/** The stanza of one path. */
import type { Item, ObjectValue, Position, Value } from '../lib/hcl/index.ts'
import type { Capability, CapabilitySet } from './capability.ts'
import { capabilityBit, capabilityNames, DENY, findCapability, legacyPolicies } from './capability.ts'
import { constraintOf } from './constraint.ts'
import { mergeConstraints } from './parameter-rules.ts'
import { parseControlGroup } from './parse-control-group.ts'
import type { Constraint, ControlGroup, Permissions } from './policy.ts'
import type { Problems } from './problems.ts'

interface Draft {
  capabilities: CapabilitySet
  minWrappingTtl: number | undefined
  maxWrappingTtl: number | undefined
  readonly allowed: Map<string, readonly Constraint[]>
  readonly denied: Map<string, readonly Constraint[]>
  required: readonly string[]
  paginationLimit: number | undefined
  mfaMethods: readonly string[]
  controlGroup: ControlGroup | undefined
  subscribeEventTypes: readonly string[]
  expiresAt: number | undefined
}

type Reader = (draft: Draft, value: Value, problems: Problems) => void

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['comment', (_, value, problems) => void problems.string(value, 'comment')],
  ['capabilities', readCapabilities],
  ['policy', readLegacy],
  [
    'allowed_parameters',
    (draft, value, problems) => readParameters(draft.allowed, value, 'allowed_parameters', problems),
  ],
  ['denied_parameters', (draft, value, problems) => readParameters(draft.denied, value, 'denied_parameters', problems)],
  [
    'required_parameters',
    (draft, value, problems) => {
      draft.required = problems.strings(value, 'required_parameters').map((name) => name.toLowerCase())
    },
  ],
  [
    'min_wrapping_ttl',
    (draft, value, problems) => void (draft.minWrappingTtl = problems.duration(value, 'min_wrapping_ttl')),
  ],
  [
    'max_wrapping_ttl',
    (draft, value, problems) => void (draft.maxWrappingTtl = problems.duration(value, 'max_wrapping_ttl')),
  ],
  [
    'pagination_limit',
    (draft, value, problems) => void (draft.paginationLimit = problems.count(value, 'pagination_limit')),
  ],
  ['mfa_methods', (draft, value, problems) => void (draft.mfaMethods = problems.strings(value, 'mfa_methods'))],
  ['control_group', (draft, value, problems) => void (draft.controlGroup = parseControlGroup(value, problems))],
  [
    'subscribe_event_types',
    (draft, value, problems) => {
      draft.subscribeEventTypes = problems.strings(value, 'subscribe_event_types')
    },
  ],
  ['expiration', readExpiration],
])

export interface ParsedStanza {
  readonly permissions: Permissions
  readonly expiresAt: number | undefined
}

export function parseStanza(at: Position, body: ObjectValue, problems: Problems): ParsedStanza {
  const draft: Draft = {
    capabilities: 0,
    minWrappingTtl: undefined,
    maxWrappingTtl: undefined,
    allowed: new Map(),
    denied: new Map(),
    required: [],
    paginationLimit: undefined,
    mfaMethods: [],
    controlGroup: undefined,
    subscribeEventTypes: [],
    expiresAt: undefined,
  }
  for (const item of body.items) readItem(draft, item, problems)
  const { minWrappingTtl: min, maxWrappingTtl: max } = draft
  if (min !== undefined && max !== undefined && min !== 0 && max !== 0 && max < min) {
    problems.add(at, 'max_wrapping_ttl cannot be less than min_wrapping_ttl')
  }
  const permissions: Permissions = Object.freeze({
    capabilities: (draft.capabilities & DENY) !== 0 ? DENY : draft.capabilities,
    minWrappingTtl: min === 0 ? undefined : min,
    maxWrappingTtl: max === 0 ? undefined : max,
    allowedParameters: draft.allowed,
    deniedParameters: draft.denied,
    requiredParameters: Object.freeze(draft.required),
    paginationLimit: draft.paginationLimit === 0 ? undefined : draft.paginationLimit,
    mfaMethods: draft.mfaMethods,
    controlGroup: draft.controlGroup,
    subscribeEventTypes: draft.subscribeEventTypes,
  })
  return { permissions, expiresAt: draft.expiresAt }
}

function readItem(draft: Draft, item: Item, problems: Problems): void {
  const [key, label] = item.keys
  const reader = readers.get(key.name)
  if (reader === undefined)
    problems.add(key.at, `invalid key "${key.name}"`, `a path takes ${[...readers.keys()].join(', ')}`)
  else if (label !== undefined) problems.add(label.at, `invalid ${key.name}`, 'it takes no label')
  else reader(draft, item.value, problems)
}

function readCapabilities(draft: Draft, value: Value, problems: Problems): void {
  if (value.kind !== 'list') return void problems.add(value.at, 'invalid capabilities', 'it takes a list of strings')
  for (const { value: element } of value.elements) {
    const bit = element.kind === 'string' ? findCapability(element.value) : undefined
    if (bit !== undefined) draft.capabilities |= bit
    else
      problems.add(
        element.at,
        `invalid capability ${element.kind === 'string' ? `"${element.value}"` : ''}`.trim(),
        `one of ${capabilityNames.join(', ')}`,
      )
  }
}

function readLegacy(draft: Draft, value: Value, problems: Problems): void {
  const granted: readonly Capability[] | undefined =
    value.kind === 'string' ? legacyPolicies.get(value.value) : undefined
  if (granted === undefined) {
    const given = value.kind === 'string' ? ` "${value.value}"` : ''
    return void problems.add(value.at, `invalid policy${given}`, 'one of read, write, sudo, deny')
  }
  for (const name of granted) draft.capabilities |= capabilityBit(name)
}

function readParameters(
  into: Map<string, readonly Constraint[]>,
  value: Value,
  field: string,
  problems: Problems,
): void {
  if (value.kind !== 'object') return void problems.add(value.at, `invalid ${field}`, 'it takes an object of lists')
  for (const { keys, value: list } of value.items) {
    const [name] = keys
    if (list.kind !== 'list' || keys.length > 1)
      problems.add(list.at, `invalid ${field}: "${name.name}"`, 'it takes a list of values')
    else
      mergeConstraints(
        into,
        name.name.toLowerCase(),
        list.elements.map((element) => constraintOf(element.value)),
      )
  }
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

function readExpiration(draft: Draft, value: Value, problems: Problems): void {
  const text = problems.string(value, 'expiration') ?? ''
  const at = RFC3339.test(text) ? Date.parse(text) : /^\d{1,11}$/.test(text) ? Number(text) * 1000 : Number.NaN
  if (Number.isNaN(at))
    return void problems.add(value.at, 'invalid expiration time', 'it takes a time such as "2027-01-31T12:00:00Z"')
  draft.expiresAt = at
}
