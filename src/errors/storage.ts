import { defineErrors } from './coffer-error.ts'

export const storageErrors = defineErrors('STORAGE', {
  CONFLICT: { status: 503, message: 'the request conflicted with others on the same keys too often; try again' },
  FULL: { status: 507, message: 'the storage is full' },
  UNAVAILABLE: { status: 503, message: 'the storage is unavailable' },
  CLOSED: { status: 503, message: 'the storage is closed' },
  NOT_LEADER: {
    status: 503,
    message: 'this node does not lead the cluster (any more), so it wrote nothing; try again',
  },
  KEY_INVALID: {
    status: 400,
    message: 'the path is not valid: its storage key must be non-empty, well-formed Unicode',
  },
  KEY_TOO_LONG: {
    status: 400,
    message: (p: { max: number }) => `the path is too long: its storage key takes at most ${p.max} bytes`,
  },
  VALUE_TOO_LARGE: {
    status: 413,
    message: (p: { max: number }) => `the entry is too large: the storage takes at most ${p.max} bytes`,
  },
  TAMPERED: { status: 500, message: 'internal error: a stored entry failed authentication' },
  IN_USE: {
    status: 500,
    message: (p: { path: string; holder: string }) =>
      `the storage ${p.path} is in use by ${p.holder}; one server at a time may open it`,
  },
  CANNOT_OPEN: {
    status: 500,
    message: (p: { path: string; why: string }) => `cannot open the storage ${p.path}: ${p.why}`,
  },
})
