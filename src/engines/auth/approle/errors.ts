/** What the paths of AppRole refuse, in Vault's sentences. */
import { defineErrors } from '#framework'

export const approleErrors = defineErrors('APPROLE', {
  NO_ROLE: { status: 404, message: '1 error occurred:\n\t* unsupported path\n\n' },
  ROLE_UNKNOWN: { status: 400, message: (p: { name: string }) => `role "${p.name}" does not exist` },
  ROLE_NOT_FOUND: { status: 404, message: (p: { name: string }) => `role "${p.name}" does not exist` },
  NO_CONSTRAINT: { status: 400, message: 'at least one constraint should be enabled on the role' },
  ROLE_ID: { status: 400, message: 'invalid role_id supplied, or failed to generate a role_id' },
  ROLE_ID_IN_USE: { status: 400, message: 'role_id already in use' },
  ROLE_ID_LONG: { status: 400, message: (p: { max: number }) => `role_id is longer than maximum of ${p.max} bytes` },
  LOCAL_LATER: { status: 400, message: 'local_secret_ids can only be modified during role creation' },
  PERIOD: {
    status: 400,
    message: (p: { period: string; max: string }) =>
      `period of "${p.period}" is greater than the backend's maximum lease TTL of "${p.max}"`,
  },
  NEGATIVE_ROLE_USES: { status: 400, message: 'secret_id_num_uses cannot be negative' },
  CIDR: {
    status: 400,
    message: (p: { field: string }) => `failed to validate CIDR blocks: field "${p.field}" takes CIDR blocks`,
  },
  MISSING: { status: 400, message: (p: { field: string }) => `missing ${p.field}` },
  TTL_OVER_MAX: { status: 400, message: 'token_ttl should not be greater than token_max_ttl' },
  MAX_UNDER_TTL: { status: 400, message: 'token_max_ttl should be greater than or equal to token_ttl' },
  UNBOUND: { status: 400, message: 'bind_secret_id is not set on the role' },
  NEGATIVE_USES: { status: 400, message: 'num_uses cannot be negative' },
  MORE_USES: { status: 400, message: "num_uses cannot be higher than the role's secret_id_num_uses" },
  LONGER_TTL: { status: 400, message: "ttl cannot be longer than the role's secret_id_ttl" },
  METADATA: {
    status: 400,
    message:
      'failed to parse metadata: it takes a JSON object of strings, or "key=value" with commas between, in a string',
  },
  SUBSET: {
    status: 400,
    message: (p: { field: string }) =>
      `failed to verify subset relationship between CIDR blocks on the role and those of field "${p.field}" on the secret ID`,
  },
  TAKEN: { status: 400, message: 'failed to store secret_id: SecretID is already registered' },
  LONG: { status: 400, message: (p: { max: number }) => `secret_id is longer than maximum of ${p.max} bytes` },
  NO_ACCESSOR: { status: 404, message: 'failed to find accessor entry for secret_id_accessor' },
  SECRET_ADDRESS: {
    status: 400,
    message: (p: { address: string }) =>
      `source address "${p.address}" unauthorized through CIDR restrictions on the secret ID`,
  },
  ROLE_ADDRESS: {
    status: 400,
    message: (p: { address: string }) => `source address "${p.address}" unauthorized by CIDR restrictions on the role`,
  },
  RENEW_GONE: {
    status: 400,
    message: (p: { name: string }) => `failed to renew entry: role "${p.name}" does not exist during renewal`,
  },
})

/** To the client it is one which of the two is wrong. */
export const refusal = { sentence: 'invalid role or secret ID' }
