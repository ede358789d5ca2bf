/**
 * Locks out who failed to log in too often. Log-ins are the leader's, so what it counts holds for the cluster. Counts are in memory, a
 * lock is stored; both go by the name under which the method looks credentials up, so that no other spelling of it begins anew.
 *
 * A name that nobody has is counted as one that somebody has, and refused in the same words: being locked out tells nothing. Only it is
 * never stored, as anybody could fill the storage with such.
 */
import { loginErrors } from '../errors/login.ts'
import type { Gauge, Logger, Metrics } from '../lib/observe/index.ts'
import type {
  LockedUsers,
  LockedUsersPort,
  LockoutPort,
  LockoutSettings,
  LoginAttempt,
  LoginName,
} from '../request/lockout-ports.ts'
import { lockableTypes } from '../request/lockout-ports.ts'
import type { Mount, UserLockout } from '../request/mount.ts'
import { homeOf, homeView } from '../request/namespace-home.ts'
import { rootNamespace } from '../request/request.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { FailureBook } from './failed-logins.ts'
import { lockedUsers, type LockedUser } from './locked-users.ts'
import { Turns } from './turns.ts'

export interface UserLockoutDeps {
  readonly store: Store
  readonly clock: Clock
  /** Steady time, ms. */
  readonly time: { now(): number }
  readonly log: Logger
  readonly metrics: Metrics
  readonly settings: LockoutSettings
  readonly mounts: { byAccessor(accessor: string): Mount | undefined }
  /** Folders of the namespaces whose locks can be read; empty is that of all that have none. */
  homes?(): readonly string[]
}

/** Vault's. */
const DEFAULT: UserLockout = Object.freeze({ threshold: 5, duration: 900, counterReset: 900, disable: false })
const TIDY_EVERY = 15 * 60_000

export class UserLockoutKeeper implements LockoutPort, LockedUsersPort {
  readonly #deps: UserLockoutDeps
  readonly #book = new FailureBook()
  readonly #turns = new Turns()
  readonly #gauge: Gauge
  #timer: Timer | undefined

  constructor(deps: UserLockoutDeps) {
    this.#deps = deps
    this.#gauge = deps.metrics.gauge('vault.core.locked_users')
  }

  /** On the leader: forgets, from time to time, whose lock has run out. */
  start(): void {
    this.#timer = this.#deps.clock.timer(TIDY_EVERY, () => this.#tick())
  }

  stop(): void {
    this.#timer?.cancel()
    this.#book.clear()
  }

  async begin(view: ReadView, name: LoginName, slow: boolean): Promise<LoginAttempt | undefined> {
    const rules = rulesOf(this.#deps.settings, name.mount)
    if (rules === undefined) return undefined
    const { accessor } = name.mount
    const key = `${accessor}/${name.alias}`
    const stored =
      this.#book.get(key) === undefined
        ? await lockedUsers.at(view, name.mount.namespaceId, accessor, name.alias)
        : undefined
    if (stored !== undefined && this.#deps.clock.now() - stored < rules.duration * 1000) throw loginErrors.LOCKED()
    const turn = slow
      ? await this.#turns.take(key, () => {
          this.#assertOpen(key, rules)
          return this.#left(key, rules)
        })
      : undefined
    this.#assertOpen(key, rules)
    return {
      settle: (writing) => {
        this.#assertOpen(key, rules)
        if (stored !== undefined) lockedUsers.delete(writing, name.mount.namespaceId, accessor, name.alias)
      },
      succeeded: () => this.#book.forget(key),
      failed: (known) => this.#failed(key, name, known, rules),
      [Symbol.dispose]: () => turn?.end(),
    }
  }

  async locked(view: ReadView, mountAccessor: string | undefined): Promise<readonly LockedUsers[]> {
    const found = new Map<string, string[]>(mountAccessor === undefined ? [] : [[mountAccessor, []]])
    for await (const user of this.#each(view, mountAccessor)) {
      if (!this.#holds(user.accessor, user.at)) continue
      const aliases = found.get(user.accessor) ?? []
      aliases.push(user.alias)
      found.set(user.accessor, aliases)
    }
    return [...found]
      .map(([accessor, aliases]) => ({ mountAccessor: accessor, aliases: aliases.toSorted() }))
      .toSorted((a, b) => b.aliases.length - a.aliases.length)
  }

  async unlock(view: WriteView, mountAccessor: string, alias: string): Promise<void> {
    lockedUsers.delete(view, this.#namespaceOf(mountAccessor), mountAccessor, alias)
    this.#book.forget(`${mountAccessor}/${alias}`)
  }

  /** Of a mount that is gone. */
  async forget({ namespaceId, accessor }: Mount): Promise<void> {
    await this.#deps.store.write(async (view) => {
      for await (const { alias } of lockedUsers.each(homeView(view, namespaceId), accessor))
        lockedUsers.delete(view, namespaceId, accessor, alias)
    })
  }

  /** A namespace is sealed: nothing of who failed there stays. What it counted of others begins anew, which locks nobody out. */
  forgetCounts(): void {
    this.#book.clear()
  }

  /** Removes locks that have run out, and those of mounts that are gone. */
  async tidy(): Promise<void> {
    let locked = 0
    const over: { readonly accessor: string; readonly alias: string; readonly home: string }[] = []
    await this.#deps.store.read(async (view) => {
      for await (const user of this.#each(view)) {
        if (this.#holds(user.accessor, user.at)) locked++
        else over.push(user)
      }
    })
    for (const { accessor, alias, home } of over) {
      await this.#deps.store.write(async (whole) => {
        const view = whole.sub(home)
        // It may have been put on anew meanwhile.
        const at = await lockedUsers.at(view, '', accessor, alias)
        if (at !== undefined && !this.#holds(accessor, at)) lockedUsers.delete(view, '', accessor, alias)
      })
    }
    this.#gauge.set(locked)
  }

  async #tick(): Promise<void> {
    try {
      await this.tidy()
    } catch (error) {
      this.#deps.log.warn('locks of users that have run out could not be removed, and are so later', {
        cause: error instanceof Error ? error.name : 'unknown',
      })
    }
    this.#timer = this.#deps.clock.timer(TIDY_EVERY, () => this.#tick())
  }

  /** In every home that can be read, or of one mount. */
  async *#each(view: ReadView, accessor?: string): AsyncGenerator<LockedUser & { readonly home: string }> {
    const all = this.#deps.homes?.() ?? ['']
    const homes = accessor === undefined ? all : [homeOf(this.#namespaceOf(accessor))]
    for (const home of homes)
      for await (const user of lockedUsers.each(view.sub(home), accessor)) yield { ...user, home }
  }

  #namespaceOf(accessor: string): string {
    return this.#deps.mounts.byAccessor(accessor)?.namespaceId ?? rootNamespace.id
  }

  #holds(accessor: string, at: number): boolean {
    const mount = this.#deps.mounts.byAccessor(accessor)
    const rules = mount && rulesOf(this.#deps.settings, mount)
    return rules !== undefined && this.#deps.clock.now() - at < rules.duration * 1000
  }

  async #failed(key: string, { mount, alias }: LoginName, known: boolean, rules: UserLockout): Promise<void> {
    // One that ends after the lock was put on tells as little as one that comes after it.
    this.#assertOpen(key, rules)
    const { count } = this.#book.note(key, known, this.#deps.time.now(), rules.counterReset * 1000)
    if (count < rules.threshold || !known) return
    this.#deps.log.warn('a user is locked out after failed log-ins', { mount: mount.path, accessor: mount.accessor })
    const at = this.#deps.clock.now()
    await this.#deps.store.write((view) =>
      lockedUsers.put(view, mount.namespaceId, { accessor: mount.accessor, alias, at }),
    )
  }

  #assertOpen(key: string, rules: UserLockout): void {
    const failures = this.#book.get(key)
    if (failures === undefined || failures.count < rules.threshold) return
    if (this.#deps.time.now() - failures.last < rules.duration * 1000) throw loginErrors.LOCKED()
  }

  /** How many may still fail. */
  #left(key: string, rules: UserLockout): number {
    const failures = this.#book.get(key)
    if (failures === undefined || this.#deps.time.now() - failures.last > rules.counterReset * 1000)
      return rules.threshold
    // Past its lock, but not yet forgotten: one at a time, as the next failure locks again.
    return Math.max(rules.threshold - failures.count, 1)
  }
}

/** Undefined: nobody is locked out. What the mount says counts over its method's settings, and these over those of all. */
export function rulesOf(settings: LockoutSettings, mount: Mount): UserLockout | undefined {
  if (!lockableTypes.has(mount.type) || settings.disabled === true) return undefined
  const layers = [settings.byType.get('all'), settings.byType.get(mount.type)]
  let rules = DEFAULT
  for (const layer of layers) {
    rules = {
      threshold: layer?.threshold || rules.threshold,
      duration: layer?.duration || rules.duration,
      counterReset: layer?.counterReset || rules.counterReset,
      disable: layer?.disable ?? rules.disable,
    }
  }
  const tuned = mount.tuning.userLockout
  if (settings.disabled === undefined && (rules.disable || tuned?.disable === true)) return undefined
  return {
    threshold: tuned?.threshold || rules.threshold,
    duration: tuned?.duration || rules.duration,
    counterReset: tuned?.counterReset || rules.counterReset,
    disable: false,
  }
}
