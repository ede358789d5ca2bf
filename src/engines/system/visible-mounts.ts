/** Which mounts a client is told of: those listed for everybody, and those its token may do something in. */
import type { ReadView } from '#framework'
import type { Caller } from '../../request/caller.ts'
import type { Mount } from '../../request/mount.ts'
import type { NamespaceLookup } from '../../request/namespace-ports.ts'
import type { Namespace, Request } from '../../request/request.ts'
import type { CallerLookup, PoliciesPort } from '../../request/system-ports.ts'
import { systemErrors } from './errors.ts'

interface Asking {
  readonly caller: Caller | undefined
  readonly request: Pick<Request, 'clientToken' | 'remoteAddress' | 'namespace'>
  readonly view: ReadView
}

/** The holder of the token, where one was sent along to a path that needs none. Throws `SYSTEM_PERMISSION_DENIED` if it is no good. */
export async function optionalCaller(
  { callers, namespaces }: { readonly callers: CallerLookup; readonly namespaces: Pick<NamespaceLookup, 'byId'> },
  c: Asking,
): Promise<Caller | undefined> {
  const { clientToken, remoteAddress } = c.request
  if (c.caller !== undefined || clientToken === undefined) return c.caller
  const caller = await callers.byToken(clientToken, c.view)
  const own = caller && namespaces.byId(caller.namespaceId)
  const reaches = own !== undefined && c.request.namespace.path.startsWith(own.path)
  if (caller === undefined || !reaches || !callers.allowsAddress(caller, remoteAddress))
    throw systemErrors.PERMISSION_DENIED()
  return caller
}

interface Rooms<M> {
  readonly mounts: { of(namespace: Namespace): readonly M[] }
  readonly policies: Pick<PoliciesPort, 'hasMountAccess'>
}

/** What of a mount decides who is told of it. */
type Listed = Pick<Mount, 'path'> & { readonly tuning: Pick<Mount['tuning'], 'listingVisibility'> }

export async function visibleMounts<M extends Listed>(
  { mounts, policies }: Rooms<M>,
  caller: Caller | undefined,
  namespace: Namespace,
  view: ReadView,
): Promise<readonly M[]> {
  const visible: M[] = []
  for (const mount of mounts.of(namespace)) {
    const shown = mount.tuning.listingVisibility === 'unauth'
    if (shown || (caller !== undefined && (await policies.hasMountAccess(caller, namespace, mount.path, view))))
      visible.push(mount)
  }
  return visible
}
