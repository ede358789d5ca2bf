/** The holder of a token, as later stages see him. */
import { addressBound, type AddressBound } from '../lib/cidr.ts'
import type { Caller } from '../request/caller.ts'
import type { TokenEntry } from './token-entry.ts'

/** A caller made by the token store; it alone knows the address bound. */
export interface HeldCaller extends Caller {
  readonly tokenKey: string
  readonly parentKey: string
  readonly bound: AddressBound
}

const NO_META: ReadonlyMap<string, string> = new Map()
const NONE: readonly string[] = Object.freeze([])

export function callerOf(entry: TokenEntry, token: string): HeldCaller {
  return Object.freeze({
    token,
    tokenKey: entry.key,
    parentKey: entry.parent,
    bound: addressBound(entry.boundCidrs),
    accessor: entry.accessor,
    type: entry.type,
    displayName: entry.displayName,
    policies: entry.policies,
    tokenPolicies: entry.policies,
    identityPolicies: NONE,
    entityId: entry.entityId,
    confined: entry.confined,
    meta: entry.meta ?? NO_META,
    path: entry.path,
    orphan: entry.parent === '',
    numUses: entry.numUses,
    ttl: entry.ttl,
    issuedAt: entry.issuedAt,
    expiresAt: entry.expiresAt,
    namespaceId: entry.namespaceId,
  })
}

/** Policies of the entity are looked up at each request: leaving a group counts at once. */
export function withIdentityPolicies(caller: HeldCaller, identityPolicies: readonly string[]): HeldCaller {
  // Identity never makes root, whatever it is led to say.
  const granted = identityPolicies.filter((name) => name !== 'root').toSorted()
  if (granted.length === 0) return caller
  const policies = [...new Set([...caller.tokenPolicies, ...granted])].toSorted()
  return Object.freeze({ ...caller, policies, identityPolicies: granted })
}

export function isHeld(caller: Caller): caller is HeldCaller {
  return 'tokenKey' in caller && 'bound' in caller
}
