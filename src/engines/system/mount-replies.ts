/** Reply schemas that secrets engines and auth methods share. */
import { f, replySchema } from '#framework'

const tuned = {
  default_lease_ttl: f.int(
    "Seconds leases and tokens live unless something else is asked for; in `config`, 0 is the system's.",
  ),
  max_lease_ttl: f.int('Seconds they may live.'),
  force_no_cache: f.bool('Entries of the mount are not cached.'),
  audit_non_hmac_request_keys: f.list('Members of requests that stand in clear in audit entries.').optional(),
  audit_non_hmac_response_keys: f.list('Members of replies that stand in clear in audit entries.').optional(),
  listing_visibility: f.string('`unauth`: shown to clients without a token.').optional(),
  passthrough_request_headers: f.list('Headers of requests that the engine sees.').optional(),
  allowed_response_headers: f.list('Headers that the engine may set on replies.').optional(),
  token_type: f.string('Kind of tokens that log-ins get.').optional(),
  identity_token_key: f.string('Key that signs identity tokens of the mount.').optional(),
  delegated_auth_accessors: f.list('Auth methods that the engine may send log-ins to.').optional(),
}

const mountFields = {
  accessor: f.string('Names the mount wherever it is moved.'),
  config: f.object(tuned, 'How it is tuned.'),
  deprecation_status: f.string('Whether the engine has a future.').optional(),
  description: f.string('What it is for.'),
  external_entropy_access: f.bool('It may draw on a source of randomness outside.'),
  local: f.bool('It is not replicated.'),
  options: f.pairs('Options of the engine.'),
  plugin_version: f.string('The version that was asked for.'),
  running_plugin_version: f.string('The version that runs.'),
  running_sha256: f.string('Its hash; empty for a built-in engine.'),
  seal_wrap: f.bool('Its entries are to be wrapped by the seal.'),
  type: f.string('Type of the engine.'),
  uuid: f.string('Names it in the storage.'),
}

export const mountReply = replySchema('A mount.', mountFields)
export const mountListReply = replySchema('Each mount by its path.', {}, { members: f.object(mountFields, 'A mount.') })
export const pathReply = replySchema('A mount and its path.', { ...mountFields, path: f.string('Where it is.') })

export const tuneReply = replySchema('How a mount is tuned, with the TTLs in force.', {
  ...tuned,
  description: f.string('What the mount is for.'),
  options: f.pairs('Options of the engine.').optional(),
  external_entropy_access: f.bool('It may draw on a source of randomness outside.').optional(),
  plugin_version: f.string('The version that was asked for.').optional(),
  user_lockout_threshold: f.int('Failed log-ins after which a user is locked out.').optional(),
  user_lockout_duration: f.int('Seconds a user stays locked out.').optional(),
  user_lockout_counter_reset_duration: f.int('Seconds after a failed log-in until the counter starts anew.').optional(),
  user_lockout_disable: f.bool('Nobody is locked out.').optional(),
})
