/**
 * What follows from an entity now: its policies and those of its groups, and what templates may say of it. Kept in memory until something
 * of it changes, on every core that answers requests.
 */
import type { ReadView } from '#framework'
import type { IdentityGroup } from '../../../lib/identity-template.ts'
import { withinHome } from '../../../request/namespace-home.ts'
import type { EntityHolder } from '../../../request/token-ports.ts'
import { DerivedCache } from '../../../storage/cache.ts'
import type { Driver, Sequence } from '../../../storage/driver.ts'
import { entityOrHeir } from './entities.ts'
import { above } from './graph.ts'
import { parentsIn } from './groups.ts'
import { groups, memberships, touchedBy, type StoredEntity, type StoredGroup } from './store.ts'

/** Groups as they all stood from a commit on: any change of one makes another. */
interface GroupState {
  readonly sequence: Sequence
}

interface Kept {
  readonly groupState: GroupState
  /** The entity, where the id is that of one merged into it. */
  readonly heir: string | undefined
  /** Undefined for an entity that is disabled or gone. */
  readonly holder: EntityHolder | undefined
}

const CAPACITY = 20_000
/** Namespaces whose groups are known. */
const GROUP_STATES = 5_000
/** Where the storage of every identity mount lies, one a namespace. */
const MOUNTS = 'logical/'

/** Those of every namespace in one cache: there may be thousands of them, and each that listens costs at every commit. */
export class Holders {
  readonly #kept: DerivedCache<Kept>
  /** One entry a mount, dropped as soon as any of its groups changes. */
  readonly #groupState: DerivedCache<GroupState>
  readonly #folder: string

  /** @param folder in which the storage of all mounts lies. */
  constructor(driver: Driver, folder = MOUNTS) {
    this.#folder = folder
    this.#kept = new DerivedCache(driver, {
      prefix: '',
      capacity: CAPACITY,
      keyOf: (key) => this.#within(key, entityOf),
    })
    this.#groupState = new DerivedCache(driver, {
      prefix: '',
      capacity: GROUP_STATES,
      keyOf: (key) => this.#within(key, ofGroups),
    })
  }

  /** A namespace is sealed. */
  clear(): void {
    this.#kept.clear()
    this.#groupState.clear()
  }

  close(): void {
    this.#kept.close()
    this.#groupState.close()
  }

  /**
   * From memory alone; null where it must be resolved. Undefined for an entity that is disabled or gone.
   * @param prefix of the mount's storage.
   */
  cached(prefix: string, id: string): EntityHolder | undefined | null {
    const mount = this.#mountOf(prefix)
    const groupState = this.#groupState.get(mount)
    const kept = this.#kept.get(mount + id)
    if (kept === undefined || kept.groupState !== groupState) return null
    if (kept.heir === undefined) return kept.holder
    const heir = this.#kept.get(mount + kept.heir)
    return heir === undefined || heir.groupState !== groupState ? null : heir.holder
  }

  /** @param view of the mount's storage, which nobody writes through. */
  async resolve(prefix: string, id: string, view: ReadView): Promise<EntityHolder | undefined> {
    const mount = this.#mountOf(prefix)
    const groupState = this.#groupState.get(mount) ?? this.#newGroupState(mount, view)
    const entity = await entityOrHeir(view, id)
    const holder = await holderOf(entity, view)
    // Groups that are newer than the view: what it shows of them is not kept.
    if (groupState === undefined || view.sequence < groupState.sequence) return holder
    const heir = entity === undefined || entity.id === id ? undefined : entity.id
    const { sequence } = view
    if (heir !== undefined) this.#kept.fill(mount + heir, sequence, { groupState, heir: undefined, holder })
    this.#kept.fill(mount + id, sequence, { groupState, heir, holder: heir === undefined ? holder : undefined })
    return holder
  }

  /** The mount's folder within the one of all mounts, whichever home that is in. */
  #mountOf(prefix: string): string {
    return withinHome(prefix).slice(this.#folder.length)
  }

  #within(storageKey: string, keyOf: (relative: string) => string | undefined): string | undefined {
    const key = withinHome(storageKey)
    return key.startsWith(this.#folder) ? keyOf(key.slice(this.#folder.length)) : undefined
  }

  #newGroupState(mount: string, view: ReadView): GroupState | undefined {
    const state = { sequence: view.sequence }
    return this.#groupState.fill(mount, view.sequence, state) ? state : undefined
  }
}

function entityOf(relative: string): string | undefined {
  const slash = relative.indexOf('/') + 1
  const touched = touchedBy(relative.slice(slash))
  return typeof touched === 'object' ? relative.slice(0, slash) + touched.entity : undefined
}

function ofGroups(relative: string): string | undefined {
  const slash = relative.indexOf('/') + 1
  return touchedBy(relative.slice(slash)) === 'groups' ? relative.slice(0, slash) : undefined
}

/** As the view shows it, also what its own transaction wrote. Undefined for an entity that is disabled or gone. */
export async function holderOf(entity: StoredEntity | undefined, view: ReadView): Promise<EntityHolder | undefined> {
  if (entity === undefined || entity.disabled) return undefined
  const found = await groupsOf(view, entity.id)
  const policies = new Set([...entity.policies, ...found.flatMap((group) => group.policies)])
  return Object.freeze({
    policies: Object.freeze([...policies].toSorted()),
    facts: Object.freeze({
      entity: Object.freeze({
        id: entity.id,
        name: entity.name,
        metadata: entity.metadata,
        aliases: entity.aliases.map((alias) => ({
          id: alias.id,
          name: alias.name,
          mountAccessor: alias.mount_accessor,
          metadata: alias.metadata,
          customMetadata: alias.custom_metadata,
        })),
      }),
      groups: found.map(groupFacts),
    }),
  })
}

function groupFacts({ id, name, namespace, metadata }: StoredGroup): IdentityGroup {
  return { id, name, namespaceId: namespace, metadata }
}

/** The groups that an entity is in, directly or through others, in the order of their ids. */
export async function groupsOf(view: ReadView, entity: string): Promise<readonly StoredGroup[]> {
  const { direct, inherited } = await groupIdsOf(view, entity)
  const found: StoredGroup[] = []
  for (const id of [...direct, ...inherited].toSorted()) {
    const group = await groups.get(view, { id })
    if (group !== undefined) found.push(group)
  }
  return found
}

export async function groupIdsOf(
  view: ReadView,
  entity: string,
): Promise<{ readonly direct: readonly string[]; readonly inherited: readonly string[] }> {
  const direct = await memberships.scan(view, `${entity}/`)
  return { direct, inherited: direct.length === 0 ? [] : await above(direct, parentsIn(view)) }
}
