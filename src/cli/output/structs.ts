/** Order and defaults of the members that Vault's command line prints of known replies, as JSON. */
import { member, nullTree, readTree, tree } from '../tree.ts'
import type { JsonTree } from '../tree.ts'
import { sorted } from './json.ts'

/** A member and what stands for it when the server does not send it: JSON text, or nothing at all for `undefined`. */
export type Shape = readonly (readonly [name: string, absent: string | undefined, inner?: Shape])[]

const mountConfig: Shape = [
  ['default_lease_ttl', '0'],
  ['max_lease_ttl', '0'],
  ['force_no_cache', 'false'],
  ['audit_non_hmac_request_keys', undefined],
  ['audit_non_hmac_response_keys', undefined],
  ['listing_visibility', undefined],
  ['passthrough_request_headers', undefined],
  ['allowed_response_headers', undefined],
  ['token_type', undefined],
  ['allowed_managed_keys', undefined],
  ['delegated_auth_accessors', undefined],
  ['identity_token_key', undefined],
  ['user_lockout_config', undefined],
]

export const mountShape: Shape = [
  ['uuid', '""'],
  ['type', '""'],
  ['description', '""'],
  ['accessor', '""'],
  ['config', '{}', mountConfig],
  ['options', 'null'],
  ['local', 'false'],
  ['seal_wrap', 'false'],
  ['external_entropy_access', 'false'],
  ['plugin_version', '""'],
  ['running_plugin_version', '""'],
  ['running_sha256', '""'],
  ['deprecation_status', '""'],
]

export const auditShape: Shape = [
  ['type', '""'],
  ['description', '""'],
  ['options', 'null'],
  ['local', 'false'],
  ['path', '""'],
]

export const authShape: Shape = [
  ['client_token', '""'],
  ['accessor', '""'],
  ['policies', 'null'],
  ['token_policies', 'null'],
  ['identity_policies', 'null'],
  ['metadata', 'null'],
  ['orphan', 'false'],
  ['entity_id', '""'],
  ['lease_duration', '0'],
  ['renewable', 'false'],
  ['mfa_requirement', 'null'],
]

export const wrapInfoShape: Shape = [
  ['token', '""'],
  ['accessor', '""'],
  ['ttl', '0'],
  ['creation_time', '""'],
  ['creation_path', '""'],
  ['wrapped_accessor', '""'],
]

export const sealStatusShape: Shape = [
  ['type', '""'],
  ['initialized', 'false'],
  ['sealed', 'false'],
  ['t', '0'],
  ['n', '0'],
  ['progress', '0'],
  ['nonce', '""'],
  ['version', '""'],
  ['build_date', '""'],
  ['migration', 'false'],
  ['cluster_name', undefined],
  ['cluster_id', undefined],
  ['recovery_seal', 'false'],
  ['recovery_seal_type', undefined],
  ['storage_type', undefined],
  ['ha_enabled', 'false'],
  ['is_self', undefined],
  ['active_time', undefined],
  ['leader_address', undefined],
  ['leader_cluster_address', undefined],
  ['raft_committed_index', undefined],
  ['raft_applied_index', undefined],
]

export const keyStatusShape: Shape = [
  ['term', '0'],
  ['install_time', '""'],
  ['encryptions', '0'],
]

/** The members of `shape`, in its order; whatever else `node` has is left out. */
export function shaped(node: JsonTree | undefined, shape: Shape): JsonTree {
  const entries = new Map<string, JsonTree>()
  for (const [name, absent, inner] of shape) {
    const value = member(node, name)
    const given = value === undefined || (absent === undefined && isEmpty(value)) ? undefined : value
    const text = given ?? (absent === undefined ? undefined : readTree(absent))
    if (text !== undefined) entries.set(name, inner === undefined ? sorted(text) : shaped(text, inner))
  }
  return { kind: 'object', entries }
}

// What Go calls omitempty.
function isEmpty(node: JsonTree): boolean {
  if (node.kind === 'array') return node.items.length === 0
  if (node.kind === 'object') return false
  return node.kind === 'null' || node.text === '""' || node.text === '0' || node.text === 'false'
}

/** Each member of a map, shaped, in the order of their names. */
export function shapedMap(node: JsonTree, shape: Shape): JsonTree {
  const outer = sorted(node)
  if (outer.kind !== 'object') return outer
  return tree(
    new Map([...outer.entries].map(([name, value]) => [name, value.kind === 'null' ? nullTree : shaped(value, shape)])),
  )
}
