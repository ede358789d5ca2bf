import { defineErrors } from './coffer-error.ts'

/** Vault's logical layer wraps a single error in this list form; clients compare the text. */
function listed(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`
}

export const requestErrors = defineErrors('REQUEST', {
  TOO_LARGE: {
    status: 413,
    message: (p: { max: number }) => `the request body is too large: this listener takes at most ${p.max} bytes`,
  },
  TIMEOUT: { status: 408, message: 'the request body did not arrive in time' },
  OVERDUE: { status: 503, message: 'the request took longer than this listener lets it take' },
  ABORTED: { status: 499, message: 'the client closed the connection' },
  BAD_PATH: { status: 400, message: (p: { reason: string }) => `invalid path: ${p.reason}` },
  BAD_JSON: { status: 400, message: (p: { reason: string }) => `failed to decode JSON input: ${p.reason}` },
  BAD_FORM: { status: 400, message: 'error parsing form data' },
  PATCH_TYPE: { status: 415, message: 'PATCH requires Content-Type of application/merge-patch+json' },
  MISSING_REQUEST_HEADER: { status: 412, message: 'missing "X-Vault-Request" header' },
  NAMESPACE: { status: 404, message: 'namespace not found' },
  BAD_HEADER: { status: 400, message: (p: { name: string; takes: string }) => `header ${p.name} takes ${p.takes}` },
  FIELD: { status: 400, message: (p: { field: string; takes: string }) => `field "${p.field}" takes ${p.takes}` },
  MISSING_FIELD: { status: 400, message: (p: { field: string }) => `missing required field "${p.field}"` },
  UNSUPPORTED_OPERATION: { status: 405, message: listed('unsupported operation') },
  UNSUPPORTED_PATH: { status: 404, message: listed('unsupported path') },
  /** A verb that HTTP knows and Vault does not. */
  METHOD: { status: 405, message: '' },
  NOT_V1: { status: 404, message: '' },
  NO_HANDLER: {
    status: 404,
    message: (p: { path: string }) => `no handler for route "${p.path}". route entry not found.`,
  },
  /** A valid token whose policies do not allow the request. */
  PERMISSION_DENIED: { status: 403, message: listed('permission denied') },
  /** The caller may, and a governing policy denies it all the same. In the form in which Vault tells of Sentinel. */
  GOVERNED: {
    status: 403,
    message: (p: { type: string; policy: string; trace: string }) =>
      `2 errors occurred:\n\t* ${p.type} standard policy "${p.policy}" evaluation resulted in denial.\n\n` +
      `The specific error was:\n<nil>\n\nA trace of the execution for policy "${p.policy}" is available:\n\n` +
      `Result: false\n\n${p.trace}\n\n\t* permission denied\n\n`,
  },
  /** No token, or one that is unknown, expired or revoked. */
  MISSING_TOKEN: { status: 403, message: 'permission denied' },
  NOT_ON_LISTENER: { status: 403, message: (p: { path: string }) => `${p.path} is disabled for this listener` },
  METRICS_ONLY: { status: 404, message: 'this listener only serves the metrics endpoint' },
  SEALED: { status: 503, message: 'Vault is sealed' },
  STANDBY: { status: 503, message: 'Vault is in standby mode' },
  INDEX_NOT_REACHED: {
    status: 412,
    message: 'this node does not have the state that X-Vault-Index names yet; try again, or another node',
  },
  NO_LEADER: { status: 500, message: 'local node not active but active cluster node not found' },
  FORWARDING: {
    status: 502,
    message: 'the active node did not answer; whether it carried the request out is not known',
  },
  REPLACED: { status: 503, message: 'all that is stored was replaced while the request was under way; try again' },
  RESTORING: {
    status: 503,
    message: 'a snapshot is being restored, and nothing else is answered meanwhile; try again',
  },
  NOT_INITIALIZED: { status: 400, message: 'Vault is not initialized' },
  INTERNAL: { status: 500, message: 'internal error' },
  NOT_FOUND: { status: 404, message: '' },
  BAD_REQUEST: { status: 400, message: (p: { reason: string }) => p.reason },
})
