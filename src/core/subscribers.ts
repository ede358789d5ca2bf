/** Who subscribes to events, and what he may know of: looked up again for every event, in the storage as it is then. */
import { subjectOf, type SubscribersPort } from '../events/index.ts'
import { tokenKeys } from '../auth/token-keys.ts'
import { withinHome } from '../request/namespace-home.ts'
import type { NamespaceLookup } from '../request/namespace-ports.ts'
import type { SubscriberPolicyPort, TokenPort } from '../request/ports.ts'

export interface SubscribersDeps {
  tokens(): Pick<TokenPort, 'lookup'>
  readonly policies: SubscriberPolicyPort
  readonly namespaces: Pick<NamespaceLookup, 'byId' | 'lockedAt' | 'isSealed'>
}

/** Policies, namespaces and what else is the server's own. */
const OWN = 'core/'
const TOKENS = tokenKeys.ids('')

export function subscribers({ tokens, policies, namespaces }: SubscribersDeps): SubscribersPort {
  const denied = { refused: 'permission denied' }
  return {
    admit: async (request, view) => {
      const { clientToken, namespace } = request
      if (namespaces.byId(namespace.id) === undefined) return { refused: 'the namespace is gone' }
      if (namespaces.isSealed(namespace)) return { refused: 'the namespace is sealed' }
      if (namespaces.lockedAt(namespace) !== undefined) return { refused: 'the namespace is locked' }
      const caller = clientToken === undefined ? undefined : await tokens().lookup(clientToken, view)
      if (caller === undefined) return denied
      return (await policies.authorize(caller, request, 'read', view)).allowed ? { caller } : denied
    },
    mayReceive: async (caller, { namespace: own }, event, view) => {
      const { namespace, type } = event
      const path = subjectOf(event)
      if (namespaces.lockedAt(namespace) !== undefined) return false
      if (!(await policies.maySubscribe(caller, { namespace, path, type }, view))) return false
      // Of what happens below, nothing is told that he could not find out by looking.
      return namespace.id === own.id || policies.mayList(caller, namespace, path, view)
    },
    concerns: (storageKey) => {
      const key = withinHome(storageKey)
      return key.startsWith(TOKENS) || key.startsWith(OWN)
    },
  }
}
