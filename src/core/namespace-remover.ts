/**
 * Takes namespaces away that were deleted. The deletion itself is one mark in storage, from which on nothing in the namespace is served or
 * written; all else is done here, piece by piece and in any number of attempts, and the mark goes last. So a crash resumes where it was.
 */
import { roles } from '../engines/auth/token/roles.ts'
import { passwordPolicies } from '../engines/system/password-policies.ts'
import { tokenKeys } from '../auth/token-keys.ts'
import { eventsPrefix } from '../events/index.ts'
import { leaseKeys } from '../leases/lease-keys.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { controlGroupPrefix } from '../approvals/held-requests.ts'
import { governingPrefix } from '../policy/expressions/governing-policy.ts'
import { policyPrefix } from '../policy/store.ts'
import type { Mount } from '../request/mount.ts'
import { homeCalled, homeNameOf, homeView } from '../request/namespace-home.ts'
import type { NamespaceInfo } from '../request/namespace-ports.ts'
import type { Namespace } from '../request/request.ts'
import { removalRecords } from '../router/mount-record.ts'
import { namespaceKeysIn } from '../router/namespace-record.ts'
import { isSealable } from '../router/namespace-index.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { toCofferError } from './failure.ts'
import type { ActivePart, Role } from './lifecycle.ts'

export interface NamespaceRemoverDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** Those that are marked. */
  marked(): readonly NamespaceInfo[]
  mountsOf(namespace: Namespace): readonly Mount[]
  /** Takes back what a mount lent; rejects with the engine's failure. */
  revokeLeases(mount: Mount): Promise<void>
  /** Takes back what is left of leases and tokens. */
  revokeAll(namespace: Namespace): Promise<void>
  removeMount(mount: Mount): Promise<void>
  /** Removes its quotas. */
  forgetQuotas(namespace: Namespace): Promise<void>
  /** Resolves once what mounts left behind was worked off, as far as it can be. */
  cleared(): Promise<void>
  /** Takes the mark itself away. */
  forget(view: WriteView, namespace: NamespaceInfo): void
  /** Whether what is in it cannot be read: it waits until it can. */
  isSealed(namespace: Namespace): boolean
  /** Gives up the keys of a home, whose namespace is all gone but for them. */
  dropHome(name: string): Promise<void>
}

/** Keys deleted in one transaction: short enough that no other request waits. */
const BATCH = 500
/** How long the request that deletes a namespace waits for it to be gone, ms. */
const PATIENCE = 20_000
/** What another system keeps waiting is not waited for longer than this when the node stops, ms. */
const STOPPING = 5_000
/** Between attempts, ms: twice as long each time. */
const FIRST_PAUSE = 5_000
const LONGEST_PAUSE = 600_000

export class NamespaceRemover implements ActivePart {
  readonly #deps: NamespaceRemoverDeps
  readonly #running = new Map<string, Promise<boolean>>()
  readonly #pauses = new Map<string, { readonly timer: Timer; readonly next: number }>()
  #stopped = true

  constructor(deps: NamespaceRemoverDeps) {
    this.#deps = deps
  }

  start(role: Role): void {
    this.#stopped = role !== 'leader'
    if (!this.#stopped) for (const namespace of this.#deps.marked()) void this.#attempt(namespace)
  }

  /** Resolves once what runs is done with its batch, or has had its time: then it runs into a storage that takes no more from it. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const { timer } of this.#pauses.values()) timer.cancel()
    this.#pauses.clear()
    if (this.#running.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    using _timer = this.#deps.clock.timer(STOPPING, resolve)
    await Promise.race([Promise.all(this.#running.values()), promise])
  }

  /** Whether all of it is gone by now; where not, it goes on in the background. */
  async remove(namespace: NamespaceInfo): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    using _timer = this.#deps.clock.timer(PATIENCE, () => resolve(false))
    return Promise.race([this.#attempt(namespace), promise])
  }

  /** Never rejects. */
  #attempt(namespace: NamespaceInfo): Promise<boolean> {
    const { id } = namespace
    const running = this.#running.get(id)
    if (running !== undefined) return running
    const pause = this.#pauses.get(id)
    pause?.timer.cancel()
    this.#pauses.delete(id)
    const attempt = this.#work(namespace, pause?.next ?? FIRST_PAUSE).finally(() => this.#running.delete(id))
    this.#running.set(id, attempt)
    return attempt
  }

  async #work(namespace: NamespaceInfo, pause: number): Promise<boolean> {
    try {
      if (await this.#remove(namespace)) return true
    } catch (error) {
      const { code } = toCofferError(error)
      this.#deps.log.warn('a namespace could not be removed yet, and is tried again', { path: namespace.path, code })
    }
    if (this.#stopped) return false
    const timer = this.#deps.clock.timer(pause, () => void this.#attempt(namespace))
    this.#pauses.set(namespace.id, { timer, next: Math.min(pause * 2, LONGEST_PAUSE) })
    return false
  }

  /** What can be taken away is, even where something else cannot: a credential that cannot be revoked keeps its own mount alone. */
  async #remove(namespace: NamespaceInfo): Promise<boolean> {
    const { mountsOf, revokeLeases, removeMount, revokeAll, forgetQuotas, cleared } = this.#deps
    if (namespace.wiped) return this.#wipe(namespace)
    if (this.#deps.isSealed(namespace)) return false
    let failure: unknown
    for (const mount of inOrder(mountsOf(namespace))) {
      if (this.#stopped) return false
      try {
        await revokeLeases(mount)
        await removeMount(mount)
      } catch (error) {
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    await revokeAll(namespace)
    await forgetQuotas(namespace)
    await cleared()
    for (const prefix of prefixesOf(namespace.id)) await this.#clear(prefix)
    if (this.#stopped || (await this.#deps.store.read((view) => isLeft(view, namespace.id)))) return false
    return isSealable(namespace) ? this.#wipe(namespace) : this.#forget(namespace)
  }

  /** All that lies in its home, whoever could read it, and in the homes of those below it. */
  async #wipe(namespace: NamespaceInfo): Promise<boolean> {
    const name = homeNameOf(namespace.id)
    await this.#deps.dropHome(name)
    for (const one of await this.#homesFrom(name)) await this.#clear(homeCalled(one))
    return !this.#stopped && this.#forget(namespace)
  }

  /** Ids say in their keys which home they are of. The lowest come first: until all are gone they can be found. */
  async #homesFrom(name: string): Promise<readonly string[]> {
    const keys = await this.#deps.store.read((view) => namespaceKeysIn(view, homeCalled(name)))
    const names = keys.map((key) => homeNameOf(key.slice(key.lastIndexOf('/') + 1))).filter((one) => one !== name)
    const below: string[] = []
    for (const one of names) below.push(...(await this.#homesFrom(one)))
    return [...below, name]
  }

  #forget(namespace: NamespaceInfo): Promise<boolean> {
    return this.#deps.store.write(async (view) => {
      if (await isLeft(view, namespace.id)) return false
      this.#deps.forget(view, namespace)
      return true
    })
  }

  async #clear(prefix: string): Promise<void> {
    while (!this.#stopped) {
      const found = await this.#deps.store.write(async (view) => {
        const keys = await view.keys(prefix, { limit: BATCH })
        for (const key of keys) view.delete(key)
        return keys.length
      })
      if (found < BATCH) return
    }
  }
}

/** Engines first, while all they may need is there; what belongs to the namespace itself after them, and the system last. */
function inOrder(mounts: readonly Mount[]): readonly Mount[] {
  const own = ['token', 'cubbyhole', 'identity', 'system']
  return mounts.toSorted((a, b) => own.indexOf(a.type) - own.indexOf(b.type))
}

/** All that is kept by a namespace's id. */
function prefixesOf(id: string): readonly string[] {
  return [
    policyPrefix(id),
    governingPrefix(id),
    controlGroupPrefix(id),
    tokenKeys.accessors(id),
    roles.key({ namespace: id, name: '' }),
    passwordPolicies.key({ namespace: id, name: '' }),
    leaseKeys.ids(id),
    leaseKeys.irrevocables(id),
    eventsPrefix(id),
  ]
}

async function isLeft(view: ReadView, id: string): Promise<boolean> {
  for (const prefix of prefixesOf(id)) if ((await view.keys(prefix, { limit: 1 })).length > 0) return true
  const home = homeView(view, id)
  for (const uuid of await removalRecords.list(home)) {
    const record = await removalRecords.get(home, { uuid })
    if (record?.namespace_id === id) return true
  }
  return false
}
