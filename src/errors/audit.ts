import { defineErrors } from './coffer-error.ts'

export const auditErrors = defineErrors('AUDIT', {
  /** No enabled device took the entry: the request fails and nothing of its reply leaves. */
  FAILED: { status: 500, message: 'internal error' },
  /** Of one device; the request fails only if no other took its entry. */
  DEVICE_TIMEOUT: { status: 500, message: 'internal error: an audit device did not take its entries in time' },
  DEVICE_BUSY: { status: 500, message: 'internal error: an audit device is still busy with earlier entries' },
  API_CREATION_OFF: {
    status: 400,
    message: 'cannot enable audit device via API; use declarative, config-based audit device management instead',
  },
  PREFIX_OFF: { status: 400, message: 'audit log prefixing is not allowed' },
  MISSING_PATH: { status: 400, message: 'backend path must be specified' },
  BAD_PATH: { status: 400, message: 'the path of an audit device takes printable characters without white space' },
  PATH_IN_USE: { status: 400, message: 'path already in use' },
  UNKNOWN_TYPE: { status: 400, message: (p: { type: string }) => `unknown backend type: "${p.type}"` },
  OPTION: { status: 400, message: (p: { option: string; takes: string }) => `option "${p.option}" takes ${p.takes}` },
  UNKNOWN_OPTION: {
    status: 400,
    message: (p: { option: string; known: string }) => `unknown option "${p.option}": it takes ${p.known}`,
  },
  MISSING_OPTION: { status: 400, message: (p: { option: string }) => `${p.option} is required` },
  FACILITY: { status: 400, message: (p: { name: string }) => `invalid syslog facility: ${p.name}` },
  FILTER: {
    status: 400,
    message: (p: { option: string; reason: string }) => `option "${p.option}" is invalid: the expression ${p.reason}`,
  },
  FALLBACK_FILTERED: { status: 400, message: 'cannot configure a fallback device with a filter' },
  FALLBACK_TAKEN: {
    status: 400,
    message: (p: { path: string }) => `there is a fallback audit device already: "${p.path}"`,
  },
  UNREACHABLE: { status: 400, message: (p: { reason: string }) => `the audit device can't be reached: ${p.reason}` },
  NOT_TAKEN: { status: 400, message: (p: { status: number }) => `the receiver answered with status ${p.status}` },
  LINE_TOO_LONG: { status: 500, message: 'internal error: an audit entry is longer than the device takes' },
  NO_CHAIN_KEY: { status: 500, message: 'internal error: there is no key for the checkpoints of the audit log' },
  FILE_REFUSED: { status: 400, message: (p: { reason: string }) => `sanity check failed; the audit file ${p.reason}` },
  FILE_SHARED: {
    status: 400,
    message: (p: { path: string }) =>
      `the audit device "${p.path}" writes to the same file; a chained log (hash_chain) takes a file_path of its own`,
  },
  TEST_FAILED: { status: 400, message: (p: { reason: string }) => `audit backend failed test message: ${p.reason}` },
  CONFIG_MANAGED: { status: 400, message: 'cannot disable configuration-managed audit device' },
  UNKNOWN_DEVICE: { status: 400, message: (p: { path: string }) => `unknown audit backend "${p.path}"` },
  MISSING_HEADER: { status: 400, message: 'missing header name' },
  UNKNOWN_HEADER: { status: 400, message: 'Could not find header in config' },
  BAD_TABLE: { status: 500, message: 'internal error: the audit table holds a row that cannot be read' },
})
