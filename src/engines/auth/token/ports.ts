/** What this engine needs of the rooms around it. It works on the storage as a whole: tokens belong to no mount. */
import type { ReadView } from '#framework'
import type { NamespaceLookup } from '../../../request/namespace-ports.ts'
import type { Namespace } from '../../../request/request.ts'
import type { EntityPort, TokenPaths } from '../../../request/token-ports.ts'

export interface TokenEnginePorts {
  /** Asked for at each request: tokens exist only while the server is active. */
  tokens(): TokenPaths
  /** Tells of policies that do not exist; without it nobody is warned. */
  readonly policies?: { get(view: ReadView, namespace: Namespace, name: string): Promise<unknown> }
  /** Without it there is the root namespace alone. */
  readonly namespaces?: Pick<NamespaceLookup, 'byId'>
  entities?(): EntityPort
}
