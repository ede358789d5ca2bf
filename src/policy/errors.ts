import { defineErrors } from '../errors/coffer-error.ts'

export const policyErrors = defineErrors('POLICY', {
  PARSE: { status: 400, message: (p: { reason: string }) => `failed to parse policy: ${p.reason}` },
  NAME: {
    status: 400,
    message: 'a policy name takes up to 255 printable ASCII characters, without commas, slashes or globs',
  },
  IMMUTABLE: { status: 400, message: (p: { verb: string; name: string }) => `cannot ${p.verb} "${p.name}" policy` },
  DEFAULT_STAYS: { status: 400, message: 'cannot delete default policy' },
  UNREADABLE: { status: 500, message: 'internal error: a stored policy cannot be read' },
  ROOT_NOT_ALONE: { status: 400, message: 'other policies present along with root' },
})
