import { defineErrors } from './coffer-error.ts'

export const requestErrors = defineErrors('REQUEST', {
  TOO_LARGE: { status: 413, message: (p: { max: number }) => `the request body is too large: this listener takes at most ${p.max} bytes` },
  TIMEOUT: { status: 408, message: 'the request body did not arrive in time' },
  ABORTED: { status: 499, message: 'the client closed the connection' },
  BAD_PATH: { status: 400, message: (p: { reason: string }) => `invalid path: ${p.reason}` },
  BAD_JSON: { status: 400, message: (p: { reason: string }) => `failed to parse JSON input: ${p.reason}` },
  BAD_HEADER: { status: 400, message: (p: { name: string; takes: string }) => `header ${p.name} takes ${p.takes}` },
  FIELD: { status: 400, message: (p: { field: string; takes: string }) => `field "${p.field}" takes ${p.takes}` },
  MISSING_FIELD: { status: 400, message: (p: { field: string }) => `missing required field "${p.field}"` },
  UNSUPPORTED_OPERATION: { status: 405, message: 'unsupported operation' },
  UNSUPPORTED_PATH: { status: 404, message: 'unsupported path' },
  NO_HANDLER: { status: 404, message: (p: { path: string }) => `no handler for route "${p.path}". route entry not found.` },
  PERMISSION_DENIED: { status: 403, message: 'permission denied' },
  MISSING_TOKEN: { status: 403, message: 'permission denied' },
  SEALED: { status: 503, message: 'Vault is sealed' },
  STANDBY: { status: 503, message: 'Vault is in standby mode' },
  NOT_INITIALIZED: { status: 400, message: 'Vault is not initialized' },
  INTERNAL: { status: 500, message: 'internal error' },
  NOT_FOUND: { status: 404, message: '' },
  BAD_REQUEST: { status: 400, message: (p: { reason: string }) => p.reason },
})
