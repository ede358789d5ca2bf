import { defineErrors } from './coffer-error.ts'

/** Sentences as Vault's servers send them: Terraform and scripts match on them. */
export const mountErrors = defineErrors('MOUNT', {
  PATH_IN_USE: { status: 400, message: (p: { path: string }) => `path is already in use at ${p.path}` },
  TARGET_IN_USE: { status: 400, message: (p: { path: string }) => `path already in use at "${p.path}"` },
  PROTECTED: { status: 400, message: (p: { verb: string; path: string }) => `cannot ${p.verb} "${p.path}"` },
  TYPE_UNKNOWN: { status: 400, message: (p: { type: string }) => `plugin not found in the catalog: ${p.type}` },
  NOT_MOUNTABLE: { status: 400, message: (p: { type: string }) => `mount type of "${p.type}" is not mountable` },
  TOKEN_ONCE: { status: 400, message: 'token credential backend cannot be instantiated' },
  TOKEN_STAYS: { status: 400, message: 'token credential backend cannot be disabled' },
  MOVE_SEAL: { status: 400, message: 'a mount cannot move between namespaces with different seals' },
  NONE_AT: { status: 400, message: (p: { path: string }) => `no matching mount at "${p.path}"` },
  NO_SYSVIEW: { status: 400, message: (p: { path: string }) => `cannot fetch sysview for path "${p.path}"` },
  KIND_DIFFERS: {
    status: 400,
    message: 'an auth mount can only be moved to a path below "auth/", and a secrets engine only outside it',
  },
  TTL_ORDER: { status: 400, message: 'given default lease TTL greater than given max lease TTL' },
  TTL_TUNE: {
    status: 400,
    message: (p: { max: number; default: number }) =>
      `backend max lease TTL of ${p.max} would be less than backend default lease TTL of ${p.default}`,
  },
  TTL_SYSTEM: {
    status: 400,
    message: (p: { max: number }) => `given default lease TTL greater than system max lease TTL of ${p.max}`,
  },
  OPTION: { status: 400, message: (p: { name: string; takes: string }) => `option "${p.name}" takes ${p.takes}` },
})
