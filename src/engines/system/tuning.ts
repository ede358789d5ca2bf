/** How a mount is tuned: the fields of `config` when it is enabled and of its `tune` path, and the rules for both. */
import { f, type Field, type Infer } from '#framework'
import { parseDuration } from '../../lib/duration.ts'
import { mountErrors } from '../../errors/mounts.ts'
import { lockableTypes } from '../../request/lockout-ports.ts'
import type { Mount, MountTuning, UserLockout } from '../../request/mount.ts'
import type { LeaseLimits } from '../../request/ports.ts'
import { systemErrors } from './errors.ts'
import { defined } from './raw.ts'

/** Nothing leaves the value as it is, `system` gives the system's. */
const ttl = (description: string): Field<string | undefined> =>
  f
    .string(description)
    .check(
      'a duration: seconds, or a string such as "1h30m"; or "system"',
      (text) => text === '' || secondsOf(text) !== undefined,
    )
    .optional()

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (text === 'system') return 0
  const seconds = parseDuration(text)
  return seconds === undefined || seconds < 0 ? undefined : seconds
}

const lockoutFields = {
  lockout_threshold: f
    .int('Failed log-ins after which a user is locked out.')
    .check('a number that is not negative', (n) => n >= 0)
    .optional(),
  lockout_duration: f.duration('How long a user stays locked out.').optional(),
  lockout_counter_reset_duration: f.duration('How long after a failed log-in the counter starts anew.').optional(),
  lockout_disable: f.bool('Nobody is locked out.').optional(),
}

/** Fields of a mount's `tune` path that say how it is tuned. */
export const tuningFields = {
  default_lease_ttl: ttl('How long leases and tokens live unless something else is asked for.'),
  max_lease_ttl: ttl('How long they may live.'),
  audit_non_hmac_request_keys: f.strings('Members of requests that stand in clear in audit entries.').optional(),
  audit_non_hmac_response_keys: f.strings('Members of replies that stand in clear in audit entries.').optional(),
  listing_visibility: f
    .enum(['', 'hidden', 'unauth'], '`unauth` shows the mount in lists to clients without a token.')
    .optional(),
  passthrough_request_headers: f.strings('Headers of requests that the engine sees.').optional(),
  allowed_response_headers: f.strings('Headers that the engine may set on replies.').optional(),
  token_type: f
    .enum(
      ['default-service', 'default-batch', 'service', 'batch'],
      'Kind of tokens that log-ins get. Auth methods only.',
    )
    .optional(),
  user_lockout_config: f
    .object(lockoutFields, 'When users are locked out. Auth methods with passwords only.')
    .optional(),
  plugin_version: f.string('Version of the plugin; the built-in one is all there is.').optional(),
  identity_token_key: f.string('Name of the key that signs identity tokens of the mount.').optional(),
  delegated_auth_accessors: f.strings('Accessors of auth methods that the engine may send log-ins to.').optional(),
}

/** Fields of the member `config` when a mount is enabled. */
export const configFields = {
  ...tuningFields,
  force_no_cache: f.bool('Entries of the mount are not cached.').optional(),
}

type TuningInput = Infer<typeof tuningFields> & { readonly force_no_cache?: boolean | undefined }

/** `before` is the tuning so far; the result holds what changes. */
export function tuningOf(
  given: TuningInput,
  mount: Pick<Mount, 'kind' | 'type'>,
  before?: MountTuning,
): Partial<MountTuning> {
  if (given.token_type !== undefined) assertTokenType(mount)
  if (given.user_lockout_config !== undefined && !lockableTypes.has(mount.type))
    throw systemErrors.NO_LOCKOUT({ type: mount.type })
  return defined({
    defaultLeaseTtl: secondsOf(given.default_lease_ttl),
    maxLeaseTtl: secondsOf(given.max_lease_ttl),
    forceNoCache: given.force_no_cache,
    listingVisibility: given.listing_visibility,
    auditNonHmacRequestKeys: given.audit_non_hmac_request_keys,
    auditNonHmacResponseKeys: given.audit_non_hmac_response_keys,
    passthroughRequestHeaders: given.passthrough_request_headers,
    allowedResponseHeaders: given.allowed_response_headers,
    tokenType: given.token_type,
    userLockout: given.user_lockout_config && lockoutOf(given.user_lockout_config, before?.userLockout),
    identityTokenKey: given.identity_token_key,
    delegatedAuthAccessors: given.delegated_auth_accessors,
    pluginVersion: given.plugin_version,
  })
}

function assertTokenType(mount: Pick<Mount, 'kind' | 'type'>): void {
  if (mount.kind !== 'auth') throw systemErrors.TOKEN_TYPE_AUTH_ONLY()
  if (mount.type === 'token') throw systemErrors.TOKEN_TYPE_FIXED()
}

const NO_LOCKOUT: UserLockout = Object.freeze({ threshold: 0, duration: 0, counterReset: 0, disable: false })

function lockoutOf(given: Infer<typeof lockoutFields>, before: UserLockout = NO_LOCKOUT): UserLockout {
  return {
    threshold: given.lockout_threshold ?? before.threshold,
    duration: given.lockout_duration ?? before.duration,
    counterReset: given.lockout_counter_reset_duration ?? before.counterReset,
    disable: given.lockout_disable ?? before.disable,
  }
}

/** A mount without a maximum of its own has the system's. */
export function assertWithinSystem(tuning: Partial<MountTuning>, system: LeaseLimits): void {
  const { defaultLeaseTtl = 0, maxLeaseTtl = 0 } = tuning
  if (maxLeaseTtl === 0 && defaultLeaseTtl > system.maxTtl) throw mountErrors.TTL_SYSTEM({ max: system.maxTtl })
}

export function assertPluginVersion(asked: string | undefined, running: string): void {
  if (asked !== undefined && asked !== '' && asked !== running) throw systemErrors.PLUGIN_VERSION()
}
