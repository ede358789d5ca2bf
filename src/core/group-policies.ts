/**
 * What groups of other namespaces grant an entity. A group may have members of other namespaces; its policies are of its own, and count
 * there and below. By default only for entities of namespaces above the group's; an operator may let them count wherever the entity is
 * from (`sys/config/group-policy-application`).
 */
import { collection, f } from '../framework/index.ts'
import { entities } from '../engines/secrets/identity/store.ts'
import { groupsOf } from '../engines/secrets/identity/holders.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { Caller, GrantElsewhere } from '../request/caller.ts'
import type { GroupPolicyMode, GroupPolicyPort } from '../request/identity-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { NamespaceLookup } from '../request/namespace-ports.ts'
import { rootNamespace, type Namespace } from '../request/request.ts'
import { mountStorage } from '../router/mount-record.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

export const GROUP_POLICIES_KEY = 'core/group-policy-application'
const stored = collection(GROUP_POLICIES_KEY, { mode: f.enum(['within_namespace_hierarchy', 'any']) })
const USUAL: GroupPolicyMode = 'within_namespace_hierarchy'

export interface GroupPoliciesDeps {
  readonly namespaces: Pick<NamespaceLookup, 'byId' | 'descend'>
  /** Prefix of the storage of a namespace's identities; undefined where there is none. */
  identityStorage(namespaceId: string): string | undefined
  /** The mounts of all identities. */
  identities(): readonly Mount[]
}

export class GroupPolicies implements GroupPolicyPort {
  readonly #deps: GroupPoliciesDeps
  mode = USUAL

  constructor(deps: GroupPoliciesDeps) {
    this.#deps = deps
  }

  async load(view: ReadView): Promise<void> {
    this.mode = (await stored.get(view, {}))?.mode ?? USUAL
  }

  put(view: WriteView, mode: GroupPolicyMode): void {
    stored.put(view, {}, { mode })
    view.onCommitted(() => void (this.mode = mode))
  }

  /** The caller as one who asks in a namespace. In his own there is nothing to look for. */
  asking(caller: Caller, namespace: Namespace, view: ReadView): Awaitable<Caller> {
    const isForeign = namespace.id !== caller.namespaceId && namespace.id !== ''
    // Who is bound to a policy of his token's own, or needs none, gets none here.
    if (!isForeign || caller.entityId === '' || caller.confined !== undefined || caller.policies.includes('root'))
      return caller
    return this.#withGrants(caller, namespace, view)
  }

  /** Whether there is such an entity for whom a group of the namespace would count: of any other nothing is told. */
  async hasEntity(id: string, namespace: Namespace, view: ReadView): Promise<boolean> {
    if (id === '' || id.includes('/')) return false
    for (const mount of this.#deps.identities()) {
      const own = this.#deps.namespaces.byId(mount.namespaceId)
      if (own === undefined || !this.#counts(own, namespace)) continue
      if (await entities.has(view.sub(mountStorage(mount)), { id })) return true
    }
    return false
  }

  async #withGrants(caller: Caller, namespace: Namespace, view: ReadView): Promise<Caller> {
    const own = this.#deps.namespaces.byId(caller.namespaceId)
    if (own === undefined) return caller
    const elsewhere: GrantElsewhere[] = []
    for (const one of this.#downTo(namespace)) {
      if (one.id === own.id || !this.#counts(own, one)) continue
      const prefix = this.#deps.identityStorage(one.id)
      const groups = prefix === undefined ? [] : await groupsOf(view.sub(prefix), caller.entityId)
      const policies = new Set(groups.flatMap((group) => group.policies))
      policies.delete('root')
      if (policies.size > 0) elsewhere.push({ namespaceId: one.id, policies: [...policies].toSorted() })
    }
    return elsewhere.length === 0 ? caller : Object.freeze({ ...caller, elsewhere })
  }

  /** Whether a group of one namespace counts for entities of another. */
  #counts(ofEntity: Namespace, ofGroup: Namespace): boolean {
    return this.mode === 'any' || ofGroup.path.startsWith(ofEntity.path)
  }

  /** The root namespace, and those on the way: rules of no other say anything of what is asked. */
  #downTo({ path }: Namespace): readonly Namespace[] {
    const found: Namespace[] = [rootNamespace]
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1))
      found.push(this.#deps.namespaces.descend(rootNamespace, path.slice(0, at + 1)).namespace)
    return found
  }
}
