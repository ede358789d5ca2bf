/** Who makes a request: what a valid token says of its holder. */

import type { IdentityFacts } from '../lib/identity-template.ts'

export type TokenType = 'service' | 'batch'

/** What binds a token that is handed on to a third party. */
export interface Confinement {
  /** In HCL: all that the token may do, whatever its holder may. */
  readonly policy: string
  /** For whoever made the token; shown to nobody. */
  readonly facts: ReadonlyMap<string, string>
}

/** What groups of another namespace than the holder's grant him, there and below. */
export interface GrantElsewhere {
  readonly namespaceId: string
  /** Sorted. */
  readonly policies: readonly string[]
}

export interface Caller {
  /** The token itself, as sent. Never logged; audit devices HMAC it. */
  readonly token: string
  readonly accessor: string
  readonly type: TokenType
  readonly displayName: string
  /** Sorted, without duplicates; those of the token and those that follow from its entity. */
  readonly policies: readonly string[]
  readonly tokenPolicies: readonly string[]
  readonly identityPolicies: readonly string[]
  readonly entityId: string
  /** Of the namespaces on the way to the one that is asked; there at all only where there is any. */
  readonly elsewhere?: readonly GrantElsewhere[] | undefined
  /** Then there are no policies besides. */
  readonly confined?: Confinement | undefined
  /**
   * What templates of policies may say of the holder: of the entity as it is now. The same object as long as nothing of it changes;
   * undefined without an entity.
   */
  readonly identity?: IdentityFacts | undefined
  readonly meta: ReadonlyMap<string, string>
  /** Where the token was made: `auth/token/create`, `auth/userpass/login/bob`. */
  readonly path: string
  readonly orphan: boolean
  readonly numUses: number
  /** Seconds, as asked for at creation; 0 if it never expires. */
  readonly ttl: number
  /** Wall clock, ms. */
  readonly issuedAt: number
  /** Wall clock, ms; undefined for a token that never expires (root). */
  readonly expiresAt: number | undefined
  readonly namespaceId: string
}
