/**
 * Identities as the rest of the server needs them: the entity of a log-in, what follows from it at each request, and what is known of
 * entities and groups. All views are those of the whole storage.
 */
import type { ReadView, WriteView } from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import type { AliasFacts, EntityFacts, GroupFacts, IdentityReader } from '../../../request/identity-ports.ts'
import type { EntityHolder, LoginAlias } from '../../../request/token-ports.ts'
import type { Mount } from '../../../request/mount.ts'
import type { Store } from '../../../storage/store.ts'
import { isWriting } from '../../../storage/view.ts'
import { entityOrHeir } from './entities.ts'
import { groupsOf, holderOf, type Holders } from './holders.ts'
import { entityOfLogin, refreshGroups } from './log-in.ts'
import { removeAliasesOf } from './mount-removal.ts'
import type { MountLookup } from './ports.ts'
import type { StoredAlias } from './store.ts'

export interface IdentityDeps {
  readonly store: Store
  readonly clock: { now(): number }
  readonly mounts: MountLookup
  /** Of the mount's storage. */
  readonly prefix: string
  readonly holders: Holders
}

/** Of one namespace. It keeps nothing itself. */
export class Identity implements IdentityReader {
  readonly #deps: IdentityDeps

  constructor(deps: IdentityDeps) {
    this.#deps = deps
  }

  // What tokens need

  async entityOf(view: WriteView, login: LoginAlias): Promise<string> {
    const own = view.sub(this.#deps.prefix)
    const entity = await entityOfLogin(own, login, this.#deps.clock.now())
    if (login.groupAliases !== undefined) await refreshGroups(own, entity, login.mount.accessor, login.groupAliases)
    return entity
  }

  refreshGroups(view: WriteView, entityId: string, mount: Mount, aliases: readonly string[]): Promise<void> {
    return refreshGroups(view.sub(this.#deps.prefix), entityId, mount.accessor, aliases)
  }

  holderOf(entityId: string, view: ReadView): EntityHolder | undefined | Promise<EntityHolder | undefined> {
    // What its own transaction wrote counts, and is not to be kept before it is committed.
    if (isWriting(view)) return this.#resolve(entityId, view.sub(this.#deps.prefix))
    const { holders, prefix } = this.#deps
    const cached = holders.cached(prefix, entityId)
    return cached === null ? holders.resolve(prefix, entityId, view.sub(prefix)) : cached
  }

  // IdentityReader

  entity(view: ReadView, id: string): Promise<EntityFacts | undefined> {
    return entityIn(view.sub(this.#deps.prefix), id, this.#deps.mounts)
  }

  groupsOf(view: ReadView, entityId: string): Promise<readonly GroupFacts[]> {
    return groupsIn(view.sub(this.#deps.prefix), entityId)
  }

  // Of mounts

  /** Takes the aliases of a mount that is gone away, in transactions of its own. Safe to repeat. */
  async forgetMount(mount: Mount): Promise<void> {
    const { store, clock, prefix } = this.#deps
    const remove = () => store.write((view) => removeAliasesOf(view.sub(prefix), mount.accessor, rfc3339(clock.now())))
    while (await remove());
  }

  async #resolve(id: string, view: ReadView): Promise<EntityHolder | undefined> {
    return holderOf(await entityOrHeir(view, id), view)
  }
}

// The same in a view of the mount, for paths below it

export async function entityIn(own: ReadView, id: string, mounts: MountLookup): Promise<EntityFacts | undefined> {
  const found = await entityOrHeir(own, id)
  return (
    found && {
      id: found.id,
      name: found.name,
      metadata: found.metadata,
      disabled: found.disabled,
      policies: found.policies,
      namespaceId: found.namespace,
      createdAt: found.created,
      aliases: found.aliases.map((alias) => aliasFacts(alias, mounts)),
    }
  )
}

export async function groupsIn(own: ReadView, entityId: string): Promise<readonly GroupFacts[]> {
  const entity = await entityOrHeir(own, entityId)
  const found = entity === undefined ? [] : await groupsOf(own, entity.id)
  return found.map(({ id, name, metadata, type, namespace }) => ({
    id,
    name,
    metadata,
    type,
    namespaceId: namespace,
  }))
}

function aliasFacts(alias: StoredAlias, mounts: MountLookup): AliasFacts {
  const mount = mounts.byAccessor(alias.mount_accessor)
  return {
    id: alias.id,
    name: alias.name,
    mountAccessor: alias.mount_accessor,
    mountType: mount?.type,
    mountPath: mount?.path,
    metadata: alias.metadata,
    customMetadata: alias.custom_metadata,
  }
}
