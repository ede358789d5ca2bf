/** What is told of a mount. Members that are not set are left out, as Vault does. */
import type { JsonOut } from '#framework'
import type { Mount, MountTuning } from '../../request/mount.ts'
import { rootNamespace } from '../../request/request.ts'
import type { MountsPort } from '../../request/system-ports.ts'

type Members = { readonly [name: string]: JsonOut | undefined }

/** One of each is always there; they come from no plugin. */
const OWN = new Set(['system', 'cubbyhole', 'identity', 'token'])

export function mountInfo(mounts: MountsPort, mount: Mount): Members {
  const own = OWN.has(mount.type)
  return {
    accessor: mount.accessor,
    config: configOf(mount),
    deprecation_status: own ? undefined : 'supported',
    description: mount.description,
    external_entropy_access: mount.externalEntropyAccess,
    local: mount.local,
    options: own && mount.options.size === 0 ? null : mount.options,
    plugin_version: mount.tuning.pluginVersion,
    running_plugin_version: mounts.versionOf(mount),
    running_sha256: '',
    seal_wrap: mount.sealWrap,
    type: shownType(mount),
    uuid: mount.uuid,
  }
}

/** What is told to those who may only know that there is such a mount. */
export function publicInfo(mount: Mount): Members {
  const options = OWN.has(mount.type) && mount.options.size === 0 ? null : mount.options
  return { description: mount.description, options, type: shownType(mount) }
}

/** `0` for a TTL is the system's. */
function configOf(mount: Mount): Members {
  const { tuning } = mount
  const lockout = tuning.userLockout && lockoutOf(tuning)
  return {
    default_lease_ttl: tuning.defaultLeaseTtl,
    max_lease_ttl: tuning.maxLeaseTtl,
    force_no_cache: tuning.forceNoCache,
    ...tunedMembers(mount),
    user_lockout_config: lockout,
  }
}

/** Of a mount's `tune` path: the TTLs in force. */
export function tuneInfo(mounts: MountsPort, mount: Mount): Members {
  const { defaultTtl, maxTtl } = mounts.limitsOf(mount)
  const { tuning } = mount
  return {
    default_lease_ttl: defaultTtl,
    max_lease_ttl: maxTtl,
    description: mount.description,
    force_no_cache: tuning.forceNoCache,
    external_entropy_access: mount.externalEntropyAccess || undefined,
    options: mount.options.size === 0 ? undefined : mount.options,
    plugin_version: tuning.pluginVersion || undefined,
    ...tunedMembers(mount),
    ...(tuning.userLockout && lockoutOf(tuning)),
  }
}

function tunedMembers({ kind, tuning }: Mount): Members {
  return {
    audit_non_hmac_request_keys: unlessEmpty(tuning.auditNonHmacRequestKeys),
    audit_non_hmac_response_keys: unlessEmpty(tuning.auditNonHmacResponseKeys),
    listing_visibility: tuning.listingVisibility || undefined,
    passthrough_request_headers: unlessEmpty(tuning.passthroughRequestHeaders),
    allowed_response_headers: unlessEmpty(tuning.allowedResponseHeaders),
    token_type: kind === 'auth' ? tuning.tokenType || 'default-service' : undefined,
    identity_token_key: tuning.identityTokenKey || undefined,
    delegated_auth_accessors: unlessEmpty(tuning.delegatedAuthAccessors),
  }
}

function unlessEmpty(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list
}

function lockoutOf({ userLockout }: MountTuning): Members {
  return {
    user_lockout_counter_reset_duration: userLockout?.counterReset,
    user_lockout_disable: userLockout?.disable,
    user_lockout_duration: userLockout?.duration,
    user_lockout_threshold: userLockout?.threshold,
  }
}

/** In namespaces but the root one Vault marks what each has itself. */
function shownType({ type, namespaceId }: Mount): string {
  return OWN.has(type) && namespaceId !== rootNamespace.id ? `ns_${type}` : type
}
