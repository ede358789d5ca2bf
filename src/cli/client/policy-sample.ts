/** The policy that one request needs (`-output-policy`). */

/** Paths that ask for `sudo`, as Vault's API documentation marks them. */
const sudoPaths: readonly RegExp[] = [
  /^auth\/token\/accessors\/?$/,
  /^pki\/root(?:\/sign-self-issued)?$/,
  /^sys\/audit(?:\/.+)?$/,
  /^sys\/auth\/.+$/,
  /^sys\/config\/auditing\/request-headers(?:\/.+)?$/,
  /^sys\/config\/cors$/,
  /^sys\/config\/ui\/headers(?:\/.*)?$/,
  /^sys\/internal\/inspect\/(?:request|router\/.+)$/,
  /^sys\/leases$/,
  /^sys\/leases\/lookup(?:\/.*)?$/,
  /^sys\/(?:leases\/)?revoke-(?:force|prefix)\/.+$/,
  /^sys\/plugins\/catalog\/[^/]+(?:\/[^/]+)?$/,
  /^sys\/raw(?:\/.+)?$/,
  /^sys\/remount$/,
  /^sys\/rotate(?:\/(?:keyring|root))?$/,
]

const capabilities = new Map<string, readonly string[]>([
  ['GET', ['read']],
  ['POST', ['create', 'update']],
  ['PUT', ['create', 'update']],
  ['PATCH', ['patch']],
  ['DELETE', ['delete']],
  ['LIST', ['list']],
  ['SCAN', ['scan']],
])

/** `operation` is the HTTP method, or LIST or SCAN where a parameter asks for that. */
export function policySample(operation: string, path: string): string {
  // Looking up a lease by its id goes to the bare path, which needs no sudo; listing leases does.
  const plainLookup = operation !== 'LIST' && path === 'sys/leases/lookup'
  const sudo = !plainLookup && sudoPaths.some((pattern) => pattern.test(path)) ? ['sudo'] : []
  const list = [...(capabilities.get(operation) ?? []), ...sudo].map((name) => JSON.stringify(name)).join(', ')
  return `path ${JSON.stringify(path)} {\n  capabilities = [${list}]\n}`
}
