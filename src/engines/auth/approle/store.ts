/**
 * Roles and secret ids in storage. Of a secret id, and of its accessor, there is nothing but an HMAC under a key of the role, so that
 * each can be found below the role it belongs to and nowhere else.
 */
import { createHash, createHmac } from 'node:crypto'
import { collection, f, tokenRecord, type Infer } from '#framework'

const roleFields = {
  ...tokenRecord,
  /** Names the role in the keys of its secret ids: one that is made anew under its name has none of them. */
  uuid: f.string(),
  role_id: f.string(),
  /** Hex. */
  hmac_key: f.string(),
  bind_secret_id: f.bool(),
  secret_id_bound_cidrs: f.list(),
  secret_id_num_uses: f.int(),
  /** Seconds; 0 for ever. */
  secret_id_ttl: f.int(),
  local_secret_ids: f.bool(),
}

const secretIdFields = {
  accessor: f.string(),
  /** HMAC of the accessor, to remove both together where the role's key is not at hand. */
  accessor_hmac: f.string(),
  /** Uses left; 0 for no limit. */
  num_uses: f.int(),
  /** Seconds, as asked for. */
  ttl: f.int(),
  /** Wall clock, ms. */
  created: f.int(),
  updated: f.int(),
  /** 0: never. */
  expires: f.int(),
  metadata: f.pairs(),
  cidr_list: f.list(),
  token_bound_cidrs: f.list(),
}

export type Role = Infer<typeof roleFields>
export type SecretId = Infer<typeof secretIdFields>

export const roles = collection('role/{name}', roleFields)
/** The way from a role id to its role. */
export const roleIds = collection('role-id/{hash}', { name: f.string() })
export const secretIds = collection('secret-id/{role}/{hmac}', secretIdFields)
export const accessors = collection('secret-id-accessor/{role}/{hmac}', {
  accessor: f.string(),
  /** HMAC of its secret id. */
  secret: f.string(),
})
/** Secret ids in the order of their end. */
export const expiries = collection('secret-id-expiry/{place}', {})
/** Roles that were deleted and whose secret ids, which nobody finds any more, are still to be removed. */
export const goneRoles = collection('gone-role/{uuid}', {})

/** Not a secret: only so that role ids need not fit into a key. */
export function roleIdKey(mountUuid: string, roleId: string): { readonly hash: string } {
  return { hash: createHash('sha256').update(`${mountUuid}\0${roleId}`).digest('hex') }
}

/** The most bytes of what is hashed, as in Vault. */
export const MAX_HASHED = 4096

/** Of a secret id or an accessor. */
export function hmacOf(role: Role, value: string): string {
  return createHmac('sha256', Buffer.from(role.hmac_key, 'hex')).update(value).digest('hex')
}

export interface Expiry {
  /** Wall clock, ms. */
  readonly at: number
  readonly role: string
  readonly hmac: string
}

export function expiryPlace({ at, role, hmac }: Expiry): { readonly place: string } {
  return { place: `${String(at).padStart(16, '0')}.${role}.${hmac}` }
}

export function expiryAt(place: string): Expiry {
  const [at, role = '', hmac = ''] = place.split('.')
  return { at: Number(at), role, hmac }
}
