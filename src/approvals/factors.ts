/** N of M: who counts for which factor. Pure. */
import { foldIdentityName } from '../lib/identity-name.ts'
import type { HoldFactor } from '../request/approval-ports.ts'

/** Somebody who has authorized a request, as he is now. */
export interface Authorizer {
  readonly entityId: string
  readonly groups: readonly { readonly id: string; readonly name: string; readonly namespaceId: string }[]
}

/** A group's name is one of the policy's namespace; its id is the same wherever it is. */
export function isMember({ groups }: Authorizer, factor: HoldFactor): boolean {
  return groups.some(
    (group) =>
      factor.groupIds.includes(group.id) ||
      (group.namespaceId === factor.namespaceId &&
        factor.groupNames.some((name) => foldIdentityName(name) === foldIdentityName(group.name))),
  )
}

/** Each factor by itself: one who is in groups of several factors counts for each of them, and for none of them twice. */
export function areMet(factors: readonly HoldFactor[], authorizers: readonly Authorizer[]): boolean {
  return factors.every((factor) => {
    const members = new Set(authorizers.filter((one) => isMember(one, factor)).map(({ entityId }) => entityId))
    return members.size >= Math.max(1, factor.approvals)
  })
}
