/** What identity tokens and the provider need of the rooms around them. */
import type { ReadView, WriteView } from '#framework'
import type { Awaitable } from '../../../../lib/awaitable.ts'
import type { EntityFacts, GroupFacts } from '../../../../request/identity-ports.ts'
import type { MadeToken, TokenInit } from '../../../../request/token-ports.ts'

export interface OidcPorts {
  readonly identity: EntityReader
  /** Asked for at each request: tokens exist only while the server is active. */
  tokens(): { make(view: WriteView, init: TokenInit): Promise<MadeToken> }
  /** Where this node answers clients: the issuer where none is configured and it leads. Empty in a serving thread. */
  readonly apiAddress: string
}

/** Entities and groups, as `IdentityReader` tells of them, but read in a view of the mount. */
export interface EntityReader {
  /** Undefined for one that is not there; one that is disabled says so. */
  entity(view: ReadView, id: string): Awaitable<EntityFacts | undefined>
  /** Those the entity is a member of, directly or through other groups. */
  groupsOf(view: ReadView, entityId: string): Awaitable<readonly GroupFacts[]>
}
