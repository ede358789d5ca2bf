import { defineErrors } from './coffer-error.ts'

export const namespaceErrors = defineErrors('NAMESPACE', {
  /** Told only to who may know it. */
  ABSENT: { status: 404, message: 'namespace not found' },
  HEADER: { status: 400, message: (p: { reason: string }) => `header X-Vault-Namespace is no path: ${p.reason}` },
  NAME: { status: 400, message: (p: { takes: string }) => `a namespace name takes ${p.takes}` },
  NESTED: { status: 400, message: 'namespace name cannot contain /' },
  RESERVED: {
    status: 400,
    message: (p: { name: string }) => `"${p.name}/" is a reserved path and cannot be used as a namespace name`,
  },
  DEPTH: { status: 400, message: (p: { max: number }) => `namespaces nest at most ${p.max} deep` },
  MOUNT: { status: 400, message: (p: { path: string }) => `new namespace conflicts with existing mount: ${p.path}` },
  CHILDREN: {
    status: 400,
    message: (p: { path: string }) => `child namespaces exist under path "${p.path}", cannot remove`,
  },
  GOING: { status: 400, message: (p: { path: string }) => `namespace "${p.path}" is being deleted` },
  METADATA: { status: 400, message: (p: { takes: string }) => `custom_metadata takes ${p.takes}` },
  UNKNOWN: { status: 400, message: 'namespace not found' },
  LOCKED: {
    status: 503,
    message: (p: { path: string }) =>
      `API access to this namespace has been locked by an administrator - "${p.path}" must be unlocked to gain access.`,
  },
  LOCK_UNKNOWN: { status: 400, message: 'requested namespace does not exist' },
  LOCK_ROOT: { status: 400, message: 'root namespace cannot be locked/unlocked' },
  LOCK_TWICE: { status: 400, message: (p: { path: string }) => `cannot lock namespace "${p.path}": is already locked` },
  NOT_LOCKED: { status: 400, message: (p: { path: string }) => `namespace "${p.path}" is not locked` },
  UNLOCK_KEY: { status: 400, message: 'incorrect unlock key' },
  NO_UNLOCK_KEY: { status: 400, message: 'provided empty key' },
})
