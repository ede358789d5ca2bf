/** What the system's own paths refuse, in Vault's sentences where it has one. */
import { defineErrors } from '#framework'

/** Vault's list form of a single error. */
function listed(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`
}

export const systemErrors = defineErrors('SYSTEM', {
  NO_KEY: { status: 400, message: "'key' must be specified in request body as JSON, or 'reset' set to true" },
  NOT_FOR_SEAL: {
    status: 400,
    message: (p: { fields: string; seal: string }) => `parameters ${p.fields} not applicable to seal type ${p.seal}`,
  },
  NO_TYPE: { status: 400, message: 'backend type must be specified as a string' },
  NO_VERSION_OPTION: { status: 400, message: (p: { what: string }) => `${p.what} does not allow setting a version` },
  PLUGIN_VERSION: {
    status: 400,
    message: 'field "plugin_version" takes the version of the built-in plugin, or nothing',
  },
  NO_SECRET_MOUNT: { status: 400, message: (p: { path: string }) => `No secret engine mount at ${p.path}` },
  NO_AUTH_MOUNT: { status: 400, message: (p: { path: string }) => `No auth engine at ${p.path}` },
  TUNE_NOTHING: {
    status: 400,
    message: (p: { path: string }) => `tune of path "${p.path}" failed: no mount entry found`,
  },
  TOKEN_TYPE_AUTH_ONLY: { status: 400, message: "'token_type' can only be modified on auth mounts" },
  TOKEN_TYPE_FIXED: { status: 400, message: "'token_type' cannot be set for 'token' or 'ns_token' auth mounts" },
  NO_LOCKOUT: {
    status: 400,
    message: (p: { type: string }) => `tuning of user lockout configuration for auth type "${p.type}" not allowed`,
  },
  DOWNGRADE: { status: 400, message: (p: { version: string }) => `cannot downgrade mount from version ${p.version}` },
  REMOUNT_BOTH: { status: 400, message: "both 'from' and 'to' path must be specified as a string" },
  TRAILING_SLASH: { status: 400, message: "cannot write to a path ending in '/'" },
  NO_POLICY: { status: 400, message: "'policy' parameter not supplied or empty" },
  NO_PASSWORD_POLICY: { status: 404, message: listed('policy does not exist') },
  PASSWORD_POLICY: { status: 400, message: (p: { reason: string }) => listed(p.reason) },
  NO_PATHS: { status: 400, message: 'paths must be supplied' },
  NO_TOKEN: { status: 400, message: listed('no token found') },
  NO_ACCESSOR: { status: 400, message: 'missing accessor' },
  INVALID_TOKEN: { status: 400, message: listed('invalid token') },
  INVALID_ACCESSOR: { status: 400, message: listed('invalid accessor') },
  NO_CHAIN: { status: 404, message: 'no audit device has hash_chain=true, and none ever had' },
  NO_AUDIT_INPUT: { status: 400, message: 'the "input" parameter is empty' },
  NO_HEADER: { status: 400, message: 'Could not find header in config' },
  NO_ORIGIN: { status: 400, message: 'at least one origin or the wildcard must be provided' },
  LONE_WILDCARD: { status: 400, message: "to allow all origins the '*' must be the only value for allowed_origins" },
  NO_LEVEL: { status: 400, message: 'level is required' },
  BAD_LEVEL: {
    status: 400,
    message: 'invalid level provided: it takes "trace", "debug", "info", "warn", "error" or "off"',
  },
  NO_LOGGER: { status: 400, message: 'logger not found' },
  BAD_METRICS_FORMAT: {
    status: 400,
    message: 'metric response format unknown: it takes "prometheus", or nothing for JSON',
  },
  NO_PROMETHEUS: { status: 400, message: 'prometheus is not enabled' },
  TOO_FEW_BYTES: { status: 400, message: "'bytes' cannot be less than 1" },
  TOO_MANY_BYTES: { status: 400, message: (p: { max: number }) => `'bytes' should be less than ${p.max}` },
  ENTROPY_SOURCE: { status: 400, message: 'unsupported entropy source; must be "platform" or "seal", or "all"' },
  BYTE_COUNT: { status: 400, message: 'error parsing url-set byte count: it takes a whole number' },
  ENCODING: { status: 400, message: 'unsupported encoding format; must be "hex" or "base64"' },
  ALGORITHM: { status: 400, message: (p: { known: string }) => `unsupported algorithm; must be one of ${p.known}` },
  NOT_BASE64: { status: 400, message: 'unable to decode input as base64' },
  /** A token was sent along where none is needed, and it is no good. */
  PERMISSION_DENIED: { status: 403, message: 'permission denied' },
  PREFLIGHT: {
    status: 403,
    message: (p: { path: string }) =>
      `preflight capability check returned 403, please ensure client's policies grant access to path "${p.path}"`,
  },
})
