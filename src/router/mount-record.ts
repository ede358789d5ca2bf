/** How a mount stands in storage. One entry a mount: ten thousand mounts are not one huge entry that grows past a limit. */
import { collection, f, type Infer } from '../framework/index.ts'
import { homeOf } from '../request/namespace-home.ts'
import type { Mount, MountTuning } from '../request/mount.ts'

const lockout = { threshold: f.int(), duration: f.int(), counter_reset: f.int(), disable: f.bool() }

const fields = {
  kind: f.enum(['secret', 'auth', 'system']),
  path: f.string(),
  type: f.string(),
  uuid: f.string(),
  accessor: f.string(),
  description: f.string(),
  options: f.pairs(),
  local: f.bool(),
  seal_wrap: f.bool(),
  external_entropy_access: f.bool(),
  namespace_id: f.string(),
  tainted: f.bool(),
  default_lease_ttl: f.int(),
  max_lease_ttl: f.int(),
  force_no_cache: f.bool(),
  listing_visibility: f.enum(['', 'hidden', 'unauth']),
  audit_non_hmac_request_keys: f.list(),
  audit_non_hmac_response_keys: f.list(),
  passthrough_request_headers: f.list(),
  allowed_response_headers: f.list(),
  token_type: f.enum(['', 'default-service', 'default-batch', 'service', 'batch']),
  user_lockout: f.object(lockout).optional(),
  delegated_auth_accessors: f.list(),
  identity_token_key: f.string(),
  plugin_version: f.string(),
}

type MountRecord = Infer<typeof fields>

export const mountRecords = collection('core/mounts/{uuid}', fields)
/** Disabled mounts whose leases and storage are still to be removed. */
export const removalRecords = collection('core/removals/{uuid}', fields)

export function toRecord(mount: Mount): MountRecord {
  const t = mount.tuning
  return {
    kind: mount.kind,
    path: mount.path,
    type: mount.type,
    uuid: mount.uuid,
    accessor: mount.accessor,
    description: mount.description,
    options: mount.options,
    local: mount.local,
    seal_wrap: mount.sealWrap,
    external_entropy_access: mount.externalEntropyAccess,
    namespace_id: mount.namespaceId,
    tainted: mount.tainted,
    default_lease_ttl: t.defaultLeaseTtl,
    max_lease_ttl: t.maxLeaseTtl,
    force_no_cache: t.forceNoCache,
    listing_visibility: t.listingVisibility,
    audit_non_hmac_request_keys: t.auditNonHmacRequestKeys,
    audit_non_hmac_response_keys: t.auditNonHmacResponseKeys,
    passthrough_request_headers: t.passthroughRequestHeaders,
    allowed_response_headers: t.allowedResponseHeaders,
    token_type: t.tokenType,
    user_lockout: t.userLockout && {
      threshold: t.userLockout.threshold,
      duration: t.userLockout.duration,
      counter_reset: t.userLockout.counterReset,
      disable: t.userLockout.disable,
    },
    delegated_auth_accessors: t.delegatedAuthAccessors,
    identity_token_key: t.identityTokenKey,
    plugin_version: t.pluginVersion,
  }
}

export function fromRecord(record: MountRecord): Mount {
  const lock = record.user_lockout
  const tuning: MountTuning = {
    defaultLeaseTtl: record.default_lease_ttl,
    maxLeaseTtl: record.max_lease_ttl,
    forceNoCache: record.force_no_cache,
    listingVisibility: record.listing_visibility,
    auditNonHmacRequestKeys: record.audit_non_hmac_request_keys,
    auditNonHmacResponseKeys: record.audit_non_hmac_response_keys,
    passthroughRequestHeaders: record.passthrough_request_headers,
    allowedResponseHeaders: record.allowed_response_headers,
    tokenType: record.token_type,
    userLockout: lock && {
      threshold: lock.threshold,
      duration: lock.duration,
      counterReset: lock.counter_reset,
      disable: lock.disable,
    },
    delegatedAuthAccessors: record.delegated_auth_accessors,
    identityTokenKey: record.identity_token_key,
    pluginVersion: record.plugin_version,
  }
  return Object.freeze({
    kind: record.kind,
    path: record.path,
    type: record.type,
    uuid: record.uuid,
    accessor: record.accessor,
    description: record.description,
    options: record.options,
    local: record.local,
    sealWrap: record.seal_wrap,
    externalEntropyAccess: record.external_entropy_access,
    tuning: Object.freeze(tuning),
    namespaceId: record.namespace_id,
    tainted: record.tainted,
  })
}

/** Under which key the mount itself is stored. */
export function mountKey({ namespaceId, uuid }: Mount): string {
  return homeOf(namespaceId) + mountRecords.key({ uuid })
}

/** Where a mount's own entries lie. */
export function mountStorage(mount: Mount): string {
  const home = homeOf(mount.namespaceId)
  return mount.kind === 'auth' ? `${home}auth/${mount.uuid}/` : `${home}logical/${mount.uuid}/`
}
