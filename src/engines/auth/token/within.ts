/** Whose tokens a request may name: those of its namespace and of those below. Nobody reaches above or beside, whatever token he knows. */
import type { CallContext } from '#framework'
import { secretsEqual } from '../../../lib/secure/equal.ts'
import { rootNamespace, type Namespace } from '../../../request/request.ts'
import type { TokenDetails } from '../../../request/token-ports.ts'
import type { TokenEnginePorts } from './ports.ts'

/** The token that a request names, or undefined where it may not. Its own it always may. */
export function within(
  ports: TokenEnginePorts,
  { caller, request }: Pick<CallContext, 'caller' | 'request'>,
  token: TokenDetails | undefined,
  id: string,
): TokenDetails | undefined {
  if (token === undefined || token.namespaceId === request.namespace.id) return token
  if (caller !== undefined && secretsEqual(caller.token, id)) return token
  const own = namespaceOf(ports, token.namespaceId)
  return own?.path.startsWith(request.namespace.path) === true ? token : undefined
}

export function namespaceOf({ namespaces }: TokenEnginePorts, id: string): Namespace | undefined {
  return id === rootNamespace.id ? rootNamespace : namespaces?.byId(id)
}
