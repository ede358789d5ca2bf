/**
 * `control_group = { ttl = "4h", factor "ops" { identity { group_names = ["managers"], approvals = 1 } } }`.
 * Source: https://developer.hashicorp.com/vault/docs/enterprise/control-groups
 */
import type { Item, Value } from '../lib/hcl/index.ts'
import { blocks } from '../lib/hcl/index.ts'
import { findCapability } from './capability.ts'
import type { ControlGroup, ControlGroupFactor } from './policy.ts'
import type { Problems } from './problems.ts'

export function parseControlGroup(value: Value, problems: Problems): ControlGroup | undefined {
  if (value.kind !== 'object') return problems.add(value.at, 'invalid control_group', 'it takes an object')
  let ttl: number | undefined
  let maxTtl: number | undefined
  for (const {
    keys: [key],
    value: given,
  } of value.items) {
    if (key.name === 'ttl') ttl = problems.duration(given, 'ttl')
    else if (key.name === 'max_ttl') maxTtl = problems.duration(given, 'max_ttl')
    else if (key.name !== 'factor') problems.add(key.at, `control_group: invalid key "${key.name}"`)
  }
  const { found, misfits } = blocks(value.items, 'factor', 1)
  for (const item of misfits) problems.add(item.at, 'control_group: invalid factor', 'it takes one name and an object')
  const factors = found.map((block) => parseFactor(block.labels[0]?.name ?? '', block.value.items, problems))
  if (factors.length === 0) problems.add(value.at, 'invalid control_group', 'it takes at least one factor')
  return Object.freeze({ ttl, maxTtl, factors: Object.freeze(factors) })
}

function parseFactor(name: string, items: readonly Item[], problems: Problems): ControlGroupFactor {
  let controlledCapabilities = 0
  for (const {
    keys: [key],
    value,
  } of items) {
    if (key.name === 'controlled_capabilities') {
      for (const capability of problems.strings(value, key.name)) {
        const bit = findCapability(capability)
        if (bit === undefined) problems.add(value.at, `invalid capability "${capability}"`)
        else controlledCapabilities |= bit
      }
    } else if (key.name !== 'identity') problems.add(key.at, `factor "${name}": invalid key "${key.name}"`)
  }
  const factor = {
    name,
    groupNames: [] as readonly string[],
    groupIds: [] as readonly string[],
    approvals: 0,
    controlledCapabilities,
  }
  for (const { value } of blocks(items, 'identity', 0).found) {
    for (const {
      keys: [key],
      value: given,
    } of value.items) {
      if (key.name === 'group_names') factor.groupNames = problems.strings(given, key.name)
      else if (key.name === 'group_ids') factor.groupIds = problems.strings(given, key.name)
      else if (key.name === 'approvals') factor.approvals = problems.count(given, key.name) ?? 0
      else problems.add(key.at, `factor "${name}": invalid key "${key.name}"`)
    }
  }
  return Object.freeze(factor)
}
