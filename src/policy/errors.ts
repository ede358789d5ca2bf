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
  EXPRESSION: { status: 400, message: (p: { reason: string }) => `failed to parse policy: ${p.reason}` },
  LEVEL: {
    status: 400,
    message: 'enforcement_level takes one of "advisory", "soft-mandatory" and "hard-mandatory"',
  },
  PATHS: { status: 400, message: 'an endpoint governing policy takes at least one path' },
  PATH: {
    status: 400,
    message: (p: { path: string }) => `"${p.path}" is no path: a "*" stands at its end, if anywhere, and no "+"`,
  },
  NAME_TAKEN: { status: 400, message: 'cannot reuse policy names between ACLs and RGPs' },
  ROOT_NOT_ALONE: { status: 400, message: 'other policies present along with root' },
})
