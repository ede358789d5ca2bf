/** Vault's response envelope as the command line uses it. */
import { booleanOf, entriesOf, isAbsent, itemsOf, member, numberOf, readTree, stringOf, stringsOf } from '../tree.ts'
import type { JsonEntries, JsonTree } from '../tree.ts'

export interface Secret {
  readonly requestId: string
  readonly leaseId: string
  /** Seconds. */
  readonly leaseDuration: number
  readonly renewable: boolean
  readonly data: JsonEntries | undefined
  readonly warnings: readonly string[] | undefined
  readonly auth: JsonTree | undefined
  readonly wrapInfo: JsonTree | undefined
}

/** undefined for an empty body. Throws `JsonError` for a body that is not JSON. */
export function parseSecret(body: string): Secret | undefined {
  if (body.trim() === '') return undefined
  return secretOf(readTree(body))
}

export function secretOf(root: JsonTree): Secret {
  const auth = member(root, 'auth')
  const wrapInfo = member(root, 'wrap_info')
  return {
    requestId: stringOf(member(root, 'request_id')) ?? '',
    leaseId: stringOf(member(root, 'lease_id')) ?? '',
    leaseDuration: numberOf(member(root, 'lease_duration')) ?? 0,
    renewable: booleanOf(member(root, 'renewable')) ?? false,
    data: entriesOf(member(root, 'data')),
    warnings: stringsOf(member(root, 'warnings')),
    auth: isAbsent(auth) ? undefined : auth,
    wrapInfo: isAbsent(wrapInfo) ? undefined : wrapInfo,
  }
}

/** True where a 404 carries something after all (a deleted version's metadata, warnings). */
export function saysSomething(secret: Secret): boolean {
  return (secret.warnings?.length ?? 0) > 0 || (secret.data?.size ?? 0) > 0
}

export function isWrapped(secret: Secret): boolean {
  return secret.wrapInfo !== undefined && numberOf(member(secret.wrapInfo, 'ttl')) !== 0
}

/** The `keys` of a LIST's reply. */
export function listedKeys(secret: Secret | undefined): readonly JsonTree[] | undefined {
  return itemsOf(secret?.data?.get('keys'))
}
