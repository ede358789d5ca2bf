/** What is told of roles and secret ids. */
import { f, replySchema, shownTokenParams, type JsonOut } from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import { roleFields } from './role-input.ts'
import type { Role, SecretId } from './store.ts'

const { role_id: _, bound_cidr_list: __, ...shownFields } = roleFields
export const roleReply = replySchema('The role.', shownFields)

export const madeReply = replySchema('The secret id. It is told once.', {
  secret_id: f.string('The secret id.').sensitive(),
  secret_id_accessor: f.string('Names it, to look it up or to destroy it.'),
  secret_id_num_uses: f.int('How often it can be used; 0 for no limit.'),
  secret_id_ttl: f.int('Seconds it is good; 0 for ever.'),
})

export const secretIdReply = replySchema('What is known of the secret id.', {
  cidr_list: f.list('Addresses it is good from.'),
  creation_time: f.time('When it was made.'),
  expiration_time: f.time('When it ends; the year 1 for never.'),
  last_updated_time: f.time('When a use of it was last counted.'),
  metadata: f.pairs('What was kept with it.'),
  secret_id_accessor: f.string('Its accessor.'),
  secret_id_num_uses: f.int('Uses left; 0 for no limit.'),
  secret_id_ttl: f.int('Seconds it was asked for; 0 for ever.'),
  token_bound_cidrs: f.list('Addresses its tokens are good from.'),
})

/** Go's time that is none. */
const NEVER = '0001-01-01T00:00:00Z'

/** Members in the order of their names, as Vault sends them. */
export function shownRole(role: Role): ReadonlyMap<string, JsonOut> {
  const { uuid: _uuid, role_id: _id, hmac_key: _key, ...shown } = role
  const { bind_secret_id, secret_id_bound_cidrs, secret_id_num_uses, secret_id_ttl, local_secret_ids, ...params } =
    shown
  const members = {
    ...shownTokenParams(params),
    bind_secret_id,
    local_secret_ids,
    secret_id_bound_cidrs: orNull(secret_id_bound_cidrs),
    secret_id_num_uses,
    secret_id_ttl,
  }
  return new Map(Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

export function shownSecretId(entry: SecretId): { readonly [name: string]: JsonOut } {
  return {
    cidr_list: entry.cidr_list,
    creation_time: rfc3339(entry.created),
    expiration_time: entry.expires === 0 ? NEVER : rfc3339(entry.expires),
    last_updated_time: rfc3339(entry.updated),
    metadata: entry.metadata,
    secret_id_accessor: entry.accessor,
    secret_id_num_uses: entry.num_uses,
    secret_id_ttl: entry.ttl,
    token_bound_cidrs: entry.token_bound_cidrs,
  }
}

/** Where Vault tells of an empty list so. */
export function orNull(list: readonly string[]): JsonOut {
  return list.length === 0 ? null : list
}
