import { defineErrors } from './coffer-error.ts'

export const quotaErrors = defineErrors('QUOTA', {
  RATE: { status: 429, message: (p: { path: string }) => `request path "${p.path}": rate limit quota exceeded` },
  /** In the list form of Vault's logical layer. */
  LEASES: {
    status: 429,
    message: (p: { path: string }) => `1 error occurred:\n\t* request path "${p.path}": lease count quota exceeded\n\n`,
  },
  ROLE_BODY: {
    status: 413,
    message: (p: { max: number }) =>
      `the request body is too large: where a quota is for a role, a log-in takes at most ${p.max} bytes`,
  },
  MOUNT: { status: 400, message: (p: { path: string }) => `invalid mount path "${p.path}"` },
  SUFFIX_AND_ROLE: {
    status: 400,
    message:
      'Quotas cannot contain both a path suffix and a role. If a role is provided, path must be a valid auth mount with a concept of roles',
  },
  NOT_AUTH: {
    status: 400,
    message: (p: { path: string }) =>
      `Mount path "${p.path}" is not a valid auth method and therefore unsuitable for use with role-based quotas`,
  },
  NO_ROLES: {
    status: 400,
    message: (p: { path: string }) => `Mount path "${p.path}" does not support use with role-based quotas`,
  },
  SIMILAR: {
    status: 400,
    message: (p: { name: string }) => `quota rule with similar properties exists under the name "${p.name}"`,
  },
  NOT_INHERITABLE: { status: 400, message: 'only namespace quotas can be configured as inheritable' },
  FOREIGN: { status: 400, message: 'quotas cannot be created, changed or deleted in parent or sibling namespaces' },
  RATE_INVALID: { status: 400, message: "'rate' is invalid" },
  INTERVAL_INVALID: { status: 400, message: "'interval' is invalid" },
  BLOCK_INVALID: { status: 400, message: "'block' is invalid" },
  GROUPING: { status: 400, message: (p: { mode: string }) => `invalid grouping mode "${p.mode}"` },
  SECONDARY_GROUPING: { status: 400, message: 'secondary rate is only valid when using entity-based grouping' },
  SECONDARY_RATE: { status: 400, message: 'secondary rate must be greater than or equal to 0' },
  MAX_LEASES: { status: 400, message: "'max_leases' is invalid" },
  EXEMPT_FROM_ROOT: { status: 400, message: 'exempt paths are changed from the root namespace only' },
})
