/** Which mounts a client is told of: those listed for everybody, and those its token may do something in. */
import type { CallContext, ReadView } from '#framework'
import type { Caller } from '../../request/caller.ts'
import type { Mount } from '../../request/mount.ts'
import type { SystemPorts } from '../../request/system-ports.ts'
import { systemErrors } from './errors.ts'

type Asking = Pick<CallContext, 'caller' | 'request'> & { readonly view: ReadView }

/** The holder of the token, where one was sent along to a path that needs none. Throws `SYSTEM_PERMISSION_DENIED` if it is no good. */
export async function optionalCaller({ callers }: SystemPorts, c: Asking): Promise<Caller | undefined> {
  const { clientToken, remoteAddress } = c.request
  if (c.caller !== undefined || clientToken === undefined) return c.caller
  const caller = await callers.byToken(clientToken, c.view)
  if (caller === undefined || !callers.allowsAddress(caller, remoteAddress)) throw systemErrors.PERMISSION_DENIED()
  return caller
}

export async function visibleMounts(
  { mounts, policies }: SystemPorts,
  caller: Caller | undefined,
  view: ReadView,
): Promise<readonly Mount[]> {
  const visible: Mount[] = []
  for (const mount of mounts.all()) {
    const shown = mount.tuning.listingVisibility === 'unauth'
    if (shown || (caller !== undefined && (await policies.hasMountAccess(caller, mount.path, view))))
      visible.push(mount)
  }
  return visible
}
