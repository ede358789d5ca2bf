/** What the paths of tokens refuse, in Vault's sentences. */
import { defineErrors } from '#framework'

/** Vault's list form of a single error. */
function listed(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`
}

/** A list of names as Vault prints it. */
function quoted(names: readonly string[]): string {
  return `[${names.map((name) => JSON.stringify(name)).join(' ')}]`
}

interface Allowed {
  readonly wanted: readonly string[]
  readonly allowed: readonly string[]
  readonly globs: readonly string[]
}

export const tokenPathErrors = defineErrors('TOKEN_PATH', {
  BAD_TOKEN: { status: 403, message: 'bad token' },
  NOT_FOUND: { status: 400, message: 'token not found' },
  TO_REVOKE_NOT_FOUND: { status: 400, message: 'token to revoke not found' },
  MISSING_TOKEN: { status: 400, message: 'missing token ID' },
  MISSING_ACCESSOR: { status: 400, message: listed('missing accessor') },
  INVALID_ACCESSOR: { status: 400, message: listed('invalid accessor') },
  BATCH_RENEW: { status: 400, message: 'batch tokens cannot be renewed' },
  BATCH_REVOKE: { status: 400, message: 'batch tokens cannot be revoked' },
  BATCH_CREATE: { status: 400, message: 'batch tokens cannot create more tokens' },
  BATCH_ROOT: { status: 400, message: 'batch tokens cannot be root tokens' },
  BATCH_FIELD: { status: 400, message: (p: { field: string }) => `batch tokens cannot have "${p.field}" set` },
  LIMITED_PARENT: { status: 400, message: 'restricted use token cannot generate child tokens' },
  NO_PARENT: { status: 400, message: 'parent token lookup failed: no parent found' },
  TYPE: { status: 400, message: "invalid 'token_type' value" },
  NEGATIVE_USES: { status: 400, message: 'number of uses cannot be negative' },
  NOT_POSITIVE: { status: 400, message: (p: { field: string }) => `${p.field} must be positive` },
  DURATION: {
    status: 400,
    message: (p: { field: string }) => `field "${p.field}" takes a duration: seconds, or a string such as "1h30m"`,
  },
  SUDO_ID: { status: 400, message: 'root or sudo privileges required to specify token id' },
  ID_NAMESPACE: { status: 400, message: 'token IDs can only be manually specified in the root namespace' },
  SUDO_ORPHAN: { status: 400, message: 'root or sudo privileges required to create orphan token' },
  SUDO_PERIOD: { status: 400, message: 'root or sudo privileges required to create periodic token' },
  SUDO_REVOKE_ORPHAN: { status: 400, message: 'root or sudo privileges required to revoke and orphan' },
  SUDO_NAMESPACE: {
    status: 400,
    message: 'root or sudo privileges required to directly generate a token in a child namespace',
  },
  ROOT_NAMESPACE: { status: 400, message: 'root tokens may not be created from a parent namespace' },
  NOT_SUBSET: { status: 400, message: 'child policies must be subset of parent' },
  NOT_ALLOWED: {
    status: 400,
    message: (p: Allowed) =>
      `token policies (${quoted(p.wanted)}) must be subset of the role's allowed policies (${quoted(p.allowed)}) ` +
      `or glob policies (${quoted(p.globs)})`,
  },
  DISALLOWED: { status: 400, message: (p: { name: string }) => `token policy "${p.name}" is disallowed by this role` },
  NOT_ASSIGNABLE: { status: 400, message: (p: { name: string }) => `cannot assign policy "${p.name}"` },
  POLICY_NAME: { status: 400, message: (p: { reason: string }) => p.reason },
  ROOT_PARENT: { status: 400, message: 'root tokens may not be created without parent token being root' },
  EXPIRING_ROOT: { status: 400, message: 'expiring root tokens cannot create non-expiring root tokens' },
  PAST_MAX_TTL: { status: 400, message: 'past the max TTL' },
  ALIAS_WITHOUT_ROLE: { status: 400, message: "'entity_alias' is only allowed in combination with token role" },
  ALIAS: { status: 400, message: "invalid 'entity_alias' value" },
  ENTITY_DISABLED: { status: 403, message: 'entity from given entity alias is disabled' },
  NO_IDENTITY: { status: 400, message: 'failed to create or fetch entity from given entity alias' },
  UNKNOWN_ROLE: { status: 400, message: (p: { name: string }) => `unknown role ${p.name}` },
  ROLE_GONE: {
    status: 400,
    message: (p: { name: string }) => `original token role "${p.name}" could not be found, not renewing`,
  },
  ROLE_TYPE: {
    status: 400,
    message: 'invalid \'token_type\' value: it takes "service", "batch", "default-service" or "default-batch"',
  },
  ROLE_TYPE_NULL: { status: 400, message: "Invalid 'token_type' value: null" },
  ROLE_BATCH: {
    status: 400,
    message: (p: { what: string }) => `'token_type' cannot be 'batch' when role is set to generate ${p.what}`,
  },
  ROLE_BATCH_PERIOD: {
    status: 400,
    message:
      "error parsing role fields: 'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens",
  },
  ROLE_SUFFIX: {
    status: 400,
    message: 'given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w',
  },
  ROLE_SUFFIX_PARENT: { status: 400, message: 'error registering path suffix: path cannot contain parent references' },
  ROLE_USES: { status: 400, message: "error parsing role fields: 'token_num_uses' cannot be negative" },
  ROLE_CIDR: {
    status: 400,
    message: (p: { field: string }) => `field "${p.field}" takes IP addresses and CIDR blocks`,
  },
  ROLE_ROOT: {
    status: 400,
    message: (p: { field: string }) =>
      `field "${p.field}" does not take the policy "root": only a root token makes root tokens`,
  },
})
