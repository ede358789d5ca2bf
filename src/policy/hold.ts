/** What a rule's control groups ask for before a request is carried out. */
import type { Hold } from '../request/approval-ports.ts'
import type { AclOperation, CapabilitySet } from './capability.ts'
import { capabilityNames, neededFor, SUDO } from './capability.ts'
import type { OwnControlGroup } from './merge.ts'

/** Undefined where nobody has to authorize it. */
export function holdOf(
  { controlGroups }: { readonly controlGroups: readonly OwnControlGroup[] },
  request: { readonly operation: AclOperation; readonly needsSudo?: boolean | undefined },
): Hold | undefined {
  // What most rules are: this comes with each request.
  if (controlGroups.length === 0) return undefined
  const used = usedBy(request)
  const factors = controlGroups.flatMap(({ factors: own, namespaceId }) =>
    own
      // A factor without `controlled_capabilities` controls all.
      .filter(({ controlledCapabilities: some }) => some === 0 || (some & used) !== 0)
      .map(({ name, groupNames, groupIds, approvals }) => ({
        name,
        groupNames,
        groupIds,
        // To hold what nobody needs to authorize would be to hold nothing.
        approvals: Math.max(1, approvals),
        namespaceId,
      })),
  )
  return factors.length === 0 ? undefined : { factors, ttl: ttlOf(controlGroups) }
}

/** Capabilities that the request makes use of; all of them for what is none of the policies' operations. */
function usedBy({ operation, needsSudo }: Parameters<typeof holdOf>[1]): CapabilitySet {
  if (operation === 'help' || !capabilityNames.includes(operation)) return ~0
  return neededFor(operation) | (needsSudo === true ? SUDO : 0)
}

/** The shortest time that one of them says. */
function ttlOf(controlGroups: readonly OwnControlGroup[]): number | undefined {
  const times = controlGroups.flatMap(({ ttl, maxTtl }) => [ttl, maxTtl]).filter((one) => one !== undefined && one > 0)
  return times.reduce(
    (least, one) => (least === undefined || (one !== undefined && one < least) ? one : least),
    undefined,
  )
}
