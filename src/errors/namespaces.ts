import { CofferError, defineErrors } from './coffer-error.ts'

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
  /** Its keys are not in memory. */
  SEALED: { status: 503, message: 'namespace is sealed' },
  NOT_SEALED: { status: 400, message: 'namespace is not sealed' },
  NOT_SEALABLE: { status: 400, message: 'namespace is not sealable' },
  SEAL_UNKNOWN: { status: 400, message: (p: { name: string }) => `namespace "${p.name}/" doesn't exist` },
  SEAL_GOING: { status: 400, message: 'unable to seal tainted namespace' },
  SEAL_CONFIG: { status: 400, message: (p: { reason: string }) => p.reason },
  SEAL_STAYS: { status: 400, message: 'cannot modify existing namespace seal config' },
  NO_SHARE: { status: 400, message: 'provided key is empty' },
  LEFTOVERS: {
    status: 400,
    message:
      'sealed namespace has leftover child namespaces; pass force=true to delete the entire tree, or unseal the namespace and delete children individually',
  },
  LOCK_UNKNOWN: { status: 400, message: 'requested namespace does not exist' },
  LOCK_ROOT: { status: 400, message: 'root namespace cannot be locked/unlocked' },
  LOCK_TWICE: { status: 400, message: (p: { path: string }) => `cannot lock namespace "${p.path}": is already locked` },
  NOT_LOCKED: { status: 400, message: (p: { path: string }) => `namespace "${p.path}" is not locked` },
  UNLOCK_KEY: { status: 400, message: 'incorrect unlock key' },
  NO_UNLOCK_KEY: { status: 400, message: 'provided empty key' },
})

export function isNamespaceSealed(error: unknown): boolean {
  return error instanceof CofferError && error.code === 'NAMESPACE_SEALED'
}

/** For what is not told apart from something that is not there, as long as its namespace is sealed. */
export async function absentWhileSealed<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isNamespaceSealed(error)) return undefined
    throw error
  }
}
