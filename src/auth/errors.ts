import { defineErrors } from '../errors/coffer-error.ts'

export const tokenErrors = defineErrors('TOKEN', {
  DUPLICATE_ID: { status: 400, message: 'cannot create a token with a duplicate ID' },
  ID_PREFIX: {
    status: 400,
    message: (p: { prefix: string }) => `custom token ID cannot have the '${p.prefix}' prefix`,
  },
  ID_DOT: { status: 400, message: "custom token ID cannot have a '.' in the value" },
  ID_IN_SEALABLE: { status: 400, message: 'custom token ID is not possible in a sealable namespace' },
  ID_INVALID: { status: 400, message: 'custom token ID takes up to 4096 printable ASCII characters without blanks' },
  PARENT_GONE: { status: 400, message: 'parent token lookup failed: no parent found' },
  NOT_RENEWABLE: { status: 400, message: 'lease is not renewable' },
  EXPIRED: { status: 400, message: 'lease expired' },
  PAST_MAX_TTL: { status: 400, message: 'past the max TTL, cannot renew' },
  LOGIN_ROOT: { status: 400, message: 'auth methods cannot create root tokens' },
  POLICY_NOT_ASSIGNABLE: { status: 400, message: (p: { name: string }) => `cannot assign policy "${p.name}"` },
  POLICY_NAME: { status: 400, message: (p: { reason: string }) => p.reason },
  ENTITY_GONE: { status: 403, message: 'permission denied' },
})
