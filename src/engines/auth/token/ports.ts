/** What this engine needs of the rooms around it. It works on the storage as a whole: tokens belong to no mount. */
import type { ReadView } from '#framework'
import type { EntityPort, TokenPaths } from '../../../request/token-ports.ts'

export interface TokenEnginePorts {
  /** Asked for at each request: tokens exist only while the server is active. */
  tokens(): TokenPaths
  /** Tells of policies that do not exist; without it nobody is warned. */
  readonly policies?: { get(view: ReadView, name: string): Promise<unknown> }
  entities?(): EntityPort
}
