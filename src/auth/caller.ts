/** The holder of a token, as later stages see him. */
import { addressBound, type AddressBound } from '../lib/cidr.ts'
import type { Caller } from '../request/caller.ts'
import type { EntityHolder } from '../request/token-ports.ts'
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
    identity: undefined,
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

/** What follows from the entity is looked up at each request: leaving a group counts at once. */
export function withHolder(caller: HeldCaller, { policies: ofEntity, facts }: EntityHolder): HeldCaller {
  // Identity never makes root, whatever it is led to say.
  const granted = ofEntity.filter((name) => name !== 'root').toSorted()
  // Root stands alone, and needs nothing besides.
  const alone = granted.length === 0 || caller.tokenPolicies.includes('root')
  const policies = alone ? caller.policies : [...new Set([...caller.policies, ...granted])].toSorted()
  return Object.freeze({ ...caller, policies, identityPolicies: granted, identity: facts })
}

export function isHeld(caller: Caller): caller is HeldCaller {
  return 'tokenKey' in caller && 'bound' in caller
}
