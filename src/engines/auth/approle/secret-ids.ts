/** Secret ids: made, found, used up, destroyed. Each comes and goes together with its accessor and its place among those that end. */
import type { ReadView, WriteView } from '#framework'
import { uuid } from '../../../lib/secure/random.ts'
import { approleErrors } from './errors.ts'
import { accessors, expiries, expiryPlace, hmacOf, secretIds, type Role, type SecretId } from './store.ts'

export interface Found {
  readonly hmac: string
  readonly entry: SecretId
}

export type SecretIdInit = Pick<SecretId, 'num_uses' | 'ttl' | 'metadata' | 'cidr_list' | 'token_bound_cidrs'>

/** `lifetime` in seconds, 0 for ever. Throws `APPROLE_TAKEN`. */
export async function addSecretId(
  view: WriteView,
  role: Role,
  secretId: string,
  init: SecretIdInit,
  when: { readonly now: number; readonly lifetime: number },
): Promise<SecretId> {
  const key = { role: role.uuid, hmac: hmacOf(role, secretId) }
  if ((await secretIds.get(view, key)) !== undefined) throw approleErrors.TAKEN()
  const { now, lifetime } = when
  const expires = lifetime === 0 ? 0 : now + lifetime * 1000
  const accessor = uuid()
  const accessorHmac = hmacOf(role, accessor)
  const entry: SecretId = { ...init, accessor, accessor_hmac: accessorHmac, created: now, updated: now, expires }
  secretIds.put(view, key, entry)
  accessors.put(view, { role: role.uuid, hmac: accessorHmac }, { accessor, secret: key.hmac })
  if (expires !== 0) expiries.put(view, expiryPlace({ at: expires, ...key }), {})
  return entry
}

/** One that is over is none, whether or not it has been removed. */
export async function findSecretId(
  view: ReadView,
  role: Role,
  secretId: string,
  now: number,
): Promise<Found | undefined> {
  return secretIdAt(view, role, hmacOf(role, secretId), now)
}

export async function findByAccessor(
  view: ReadView,
  role: Role,
  accessor: string,
  now: number,
): Promise<Found | undefined> {
  const index = await accessors.get(view, { role: role.uuid, hmac: hmacOf(role, accessor) })
  return index && secretIdAt(view, role, index.secret, now)
}

/** Takes one use, in the transaction of the log-in. The last one ends it. */
export function useSecretId(view: WriteView, role: Role, { hmac, entry }: Found, now: number): void {
  if (entry.num_uses === 0) return
  if (entry.num_uses === 1) return removeSecretId(view, role.uuid, { hmac, entry })
  secretIds.put(view, { role: role.uuid, hmac }, { ...entry, num_uses: entry.num_uses - 1, updated: now })
}

/** @param role its `uuid`. */
export function removeSecretId(view: WriteView, role: string, { hmac, entry }: Found): void {
  secretIds.delete(view, { role, hmac })
  accessors.delete(view, { role, hmac: entry.accessor_hmac })
  if (entry.expires !== 0) expiries.delete(view, expiryPlace({ at: entry.expires, role, hmac }))
}

/** In an order that says nothing. `after` need not exist. */
export async function accessorsOf(
  view: ReadView,
  role: Role,
  page: { readonly after?: string; readonly limit?: number },
): Promise<string[]> {
  const { after, ...rest } = page
  const at = after === undefined ? rest : { ...rest, after: hmacOf(role, after) }
  const found: string[] = []
  for (const hmac of await accessors.list(view, `${role.uuid}/`, at)) {
    const index = await accessors.get(view, { role: role.uuid, hmac })
    if (index !== undefined) found.push(index.accessor)
  }
  return found
}

async function secretIdAt(view: ReadView, role: Role, hmac: string, now: number): Promise<Found | undefined> {
  const entry = await secretIds.get(view, { role: role.uuid, hmac })
  return entry === undefined || (entry.expires !== 0 && entry.expires <= now) ? undefined : { hmac, entry }
}
