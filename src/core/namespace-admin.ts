/** The token that those who hold shares of a namespace's seal can make: it may do everything in there, and nothing anywhere else. */
import type { LeaseLimits } from '../request/ports.ts'
import type { Namespace } from '../request/request.ts'
import type { TokenInit } from '../request/token-ports.ts'

const POLICY = 'path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "scan", "sudo"] }'

/** @param ttl seconds; 0 for as long as the system's tokens live. The root namespace alone has tokens without an end. */
export function namespaceAdmin(namespace: Namespace, ttl: number, limits: LeaseLimits): TokenInit {
  const lifetime = ttl === 0 ? limits.defaultTtl : Math.min(ttl, limits.maxTtl)
  return {
    type: 'service',
    parent: undefined,
    policies: [],
    path: 'auth/token/root',
    meta: undefined,
    displayName: 'root',
    numUses: 0,
    ttl: lifetime,
    explicitMaxTtl: lifetime,
    period: 0,
    role: '',
    entityId: '',
    boundCidrs: [],
    renewable: false,
    namespaceId: namespace.id,
    confined: { policy: POLICY, facts: new Map() },
  }
}
