import { requestErrors } from '../../errors/request.ts'
import { wrappingErrors } from '../../errors/wrapping.ts'
import type { Caller } from '../../request/caller.ts'
import { homeNameOfToken } from '../../request/namespace-home.ts'
import { route } from './route.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'
import { ELSEWHERE, type Elsewhere } from './place.ts'

/** WHO: turns the token into a caller, or refuses with one text whatever is wrong with it. */
export async function identify(x: Exchange, deps: PipelineDeps): Promise<Elsewhere | undefined> {
  const { clientToken, remoteAddress } = x.request
  if (clientToken === undefined) throw requestErrors.MISSING_TOKEN()
  if (deps.reach() !== 'leader' && deps.namespaces.isHomeSealed(homeNameOfToken(clientToken))) return ELSEWHERE
  x.snapshot ??= await deps.store().beginRead()
  const holder = await deps.tokens().lookup(clientToken, x.snapshot)
  if (holder === undefined) throw takesWrappingToken(x) ? wrappingErrors.INVALID_TOKEN() : requestErrors.MISSING_TOKEN()
  if (!deps.tokens().allowsAddress(holder, remoteAddress)) throw requestErrors.PERMISSION_DENIED()
  const asking = deps.groupPolicies.asking(holder, x.request.namespace, x.snapshot)
  const caller = asking instanceof Promise ? await asking : asking
  enter(x, deps, caller)
  x.caller = caller
  // Its use is counted where it can be written down.
  return caller.numUses !== 0 && deps.reach() !== 'leader' ? ELSEWHERE : undefined
}

/**
 * A token is good in its own namespace and those below it. From above it may still look after itself: whoever holds it need not know where
 * it comes from.
 */
function enter(x: Exchange, deps: PipelineDeps, caller: Caller): void {
  const own = deps.namespaces.byId(caller.namespaceId)
  // Its namespace is being deleted.
  if (own === undefined) throw requestErrors.MISSING_TOKEN()
  const { namespace } = x.request
  if (namespace.path.startsWith(own.path)) return
  const looksAfterItself = x.hasRoute && x.route.found?.operation?.flags.ofOwnToken === true
  if (!looksAfterItself || !own.path.startsWith(namespace.path)) {
    // A group there has him, and the operator lets that count wherever he is from.
    if (caller.elsewhere !== undefined) return
    throw requestErrors.PERMISSION_DENIED()
  }
  x.request = { ...x.request, namespace: own }
  route(x, deps)
}

/** There a token that is used, expired or unknown is told of in the same words wherever it stands. */
function takesWrappingToken(x: Exchange): boolean {
  return x.hasRoute && x.route.found?.operation?.flags.wrappingToken === true
}
