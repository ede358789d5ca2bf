/** What several rules for the same path grant together. The order in which they come makes no difference. */
import type { CapabilitySet } from './capability.ts'
import { capabilityBit, capabilityNames, DENY } from './capability.ts'
import { mergeParameters } from './parameter-rules.ts'
import type { ControlGroup, ParameterRules, Permissions, Policy } from './policy.ts'

export interface GrantingPolicy {
  readonly name: string
  readonly namespaceId: string
  readonly type: 'acl'
}

/** The groups it names are those of its policy's namespace. */
export interface OwnControlGroup extends ControlGroup {
  readonly namespaceId: string
}

export interface Merged {
  readonly capabilities: CapabilitySet
  readonly minWrappingTtl: number | undefined
  readonly maxWrappingTtl: number | undefined
  readonly allowedParameters: ParameterRules
  readonly deniedParameters: ParameterRules
  readonly requiredParameters: readonly string[]
  readonly paginationLimit: number | undefined
  readonly mfaMethods: readonly string[]
  /** All of them have to be satisfied. */
  readonly controlGroups: readonly OwnControlGroup[]
  readonly subscribeEventTypes: readonly string[]
  /** By capability, who grants it. */
  readonly granting: ReadonlyMap<CapabilitySet, readonly GrantingPolicy[]>
}

export function grantOf(policy: Policy, permissions: Permissions): Merged {
  const { controlGroup, ...rest } = permissions
  const granter: GrantingPolicy = Object.freeze({ name: policy.name, namespaceId: policy.namespace.id, type: 'acl' })
  const granting = new Map<CapabilitySet, readonly GrantingPolicy[]>()
  for (const name of capabilityNames) {
    const bit = capabilityBit(name)
    if ((permissions.capabilities & bit) !== 0) granting.set(bit, [granter])
  }
  const controlGroups = controlGroup === undefined ? [] : [{ ...controlGroup, namespaceId: policy.namespace.id }]
  return { ...rest, controlGroups, granting }
}

/** Deny wins. Capabilities and lists add up; of two limits the lower counts. */
export function merge(a: Merged, b: Merged): Merged {
  if ((a.capabilities & DENY) !== 0) return a
  if ((b.capabilities & DENY) !== 0) return b
  return {
    capabilities: a.capabilities | b.capabilities,
    minWrappingTtl: lower(a.minWrappingTtl, b.minWrappingTtl),
    maxWrappingTtl: lower(a.maxWrappingTtl, b.maxWrappingTtl),
    allowedParameters: mergeParameters(a.allowedParameters, b.allowedParameters),
    deniedParameters: mergeParameters(a.deniedParameters, b.deniedParameters),
    requiredParameters: union(a.requiredParameters, b.requiredParameters),
    paginationLimit: lower(a.paginationLimit, b.paginationLimit),
    mfaMethods: union(a.mfaMethods, b.mfaMethods),
    controlGroups: [...a.controlGroups, ...b.controlGroups],
    subscribeEventTypes: union(a.subscribeEventTypes, b.subscribeEventTypes),
    granting: mergeGranting(a.granting, b.granting),
  }
}

function lower(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return b.length === 0 ? a : [...new Set([...a, ...b])]
}

function mergeGranting(a: Merged['granting'], b: Merged['granting']): Merged['granting'] {
  const out = new Map(a)
  for (const [bit, policies] of b) {
    const existing = out.get(bit) ?? []
    const added = policies.filter(
      (one) => !existing.some((other) => other.name === one.name && other.namespaceId === one.namespaceId),
    )
    out.set(bit, [...existing, ...added])
  }
  return out
}
