/**
 * What other rooms may know of entities and groups: identity tokens, MFA, control groups. All views are those of the whole storage; the
 * answers are those of the view, whatever the caches hold.
 */
import type { Awaitable } from '../lib/awaitable.ts'
import type { IdentityAlias, IdentityEntity, IdentityGroup } from '../lib/identity-template.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

/** Can be rendered into a template as it is (`IdentityFacts`). */
export interface EntityFacts extends IdentityEntity {
  readonly aliases: readonly AliasFacts[]
  readonly disabled: boolean
  /** Its own, without those of its groups. */
  readonly policies: readonly string[]
  readonly namespaceId: string
  /** RFC 3339. */
  readonly createdAt: string
}

export interface AliasFacts extends IdentityAlias {
  /** Undefined where the mount is gone. */
  readonly mountType: string | undefined
  /** `auth/userpass/`; undefined where the mount is gone. */
  readonly mountPath: string | undefined
}

export interface GroupFacts extends IdentityGroup {
  readonly type: 'internal' | 'external'
}

export interface IdentityReader {
  /** Undefined for one that is not there; one that is disabled says so. */
  entity(view: ReadView, id: string): Awaitable<EntityFacts | undefined>
  /** Those the entity is a member of, directly or through other groups, in the order of their ids. */
  groupsOf(view: ReadView, entityId: string): Awaitable<readonly GroupFacts[]>
}

export const groupPolicyModes = ['within_namespace_hierarchy', 'any'] as const
export type GroupPolicyMode = (typeof groupPolicyModes)[number]

/** For which members of other namespaces the policies of a group count. */
export interface GroupPolicyPort {
  readonly mode: GroupPolicyMode
  put(view: WriteView, mode: GroupPolicyMode): void
}
