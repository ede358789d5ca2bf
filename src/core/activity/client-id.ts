/** Who counts as a client: an entity, or whoever has a token with the same policies in the same namespace and no entity. As in Vault. */
import { createHash } from 'node:crypto'
import type { Caller } from '../../request/caller.ts'

export interface ClientId {
  readonly id: string
  readonly isEntity: boolean
}

/** Undefined for those who are nobody's client: the root token, and a token that only unwraps. */
export function clientIdOf(caller: Caller): ClientId | undefined {
  const { entityId, tokenPolicies, namespaceId } = caller
  if (entityId !== '') return { id: entityId, isEntity: true }
  if (tokenPolicies.includes('root')) return undefined
  if (tokenPolicies.length === 1 && tokenPolicies[0] === 'response-wrapping') return undefined
  const text = `${tokenPolicies.toSorted().join('\x7f')}\0${namespaceId}`
  return { id: createHash('sha256').update(text).digest('base64'), isEntity: false }
}
