/**
 * As what an unsealed node works: the leader, who alone writes, or a reader that follows it. Without an election there is nobody to
 * follow and the node leads. Every change of role stops the parts and starts them anew, so that nothing is kept over from another's
 * time; between two roles the node answers for itself alone.
 */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Barrier } from '../seal/barrier.ts'
import type { Election, Leadership } from '../storage/driver.ts'
import { FairLane } from '../storage/fair-lane.ts'
import type { Store } from '../storage/store.ts'
import { toCofferError } from './failure.ts'
import { reloadKeyring } from './reload-keyring.ts'
import type { ActivePart, Role } from './lifecycle.ts'

export interface RoleKeeperDeps {
  readonly store: Store
  readonly barrier: Barrier
  readonly clock: Clock
  readonly log: Logger
  /** Started in this order, stopped in the reverse one. */
  readonly parts: readonly ActivePart[]
  readonly election: Election | undefined
  /** What the others are told of this node while it leads. */
  readonly identity: string
  /** The storage holds what the keys at hand do not open. */
  keysLost(): void
  /** Told of each change of role; `leadership` is there where there is an election and this node won it. */
  changed(role: Role | undefined, leadership: Leadership | undefined): void
}

/** After a step-down the others get this long to take over, ms. As in Vault. */
const REST_AFTER_STEP_DOWN = 10_000
const STEPPED_DOWN = 'it was asked to step down'
/** After a failure, ms. */
const REST_AFTER_FAILURE = 1_000

export class RoleKeeper {
  readonly #deps: RoleKeeperDeps
  readonly #lane = new FairLane()
  #role: Role | undefined
  #leadership: Leadership | undefined
  #started: ActivePart[] = []
  #since: number | undefined
  #ending: AbortController | undefined
  #campaigning: Promise<void> | undefined
  #stepDown: (() => void) | undefined
  #paused: { readonly role: Role; readonly leadership: Leadership | undefined } | undefined

  constructor(deps: RoleKeeperDeps) {
    this.#deps = deps
  }

  /** Undefined while sealed, between two roles, and where the leadership can no longer be vouched for. */
  role(): Role | undefined {
    const leadership = this.#leadership
    if (leadership !== undefined && this.#deps.clock.monotonic() >= leadership.validUntil) return undefined
    return this.#role
  }

  /** Wall clock of becoming the leader, ms. */
  get leadingSince(): number | undefined {
    return this.#role === 'leader' ? this.#since : undefined
  }

  /** The barrier is open. Resolves once requests can be answered. If it rejects, nothing was started. */
  async begin(): Promise<void> {
    const { election } = this.#deps
    await this.#exclusively(() => this.#become(election === undefined ? 'leader' : 'reader', undefined))
    if (election === undefined) return
    const ending = new AbortController()
    this.#ending = ending
    this.#campaigning = this.#campaign(election, ending.signal)
  }

  /** Resolves once nothing works any more and another node may lead. The barrier is to be open until then. */
  async end(): Promise<void> {
    this.#ending?.abort()
    await this.#campaigning
    this.#campaigning = undefined
    await this.#exclusively(() => this.#stop())
  }

  /** Nothing works any more, but a leader stays it: everything that is stored is about to be replaced, which only it can do. */
  async pause(): Promise<void> {
    await this.#exclusively(async () => {
      this.#paused = { role: this.#role ?? 'reader', leadership: this.#leadership }
      await this.#stop()
    })
  }

  /** Goes on as what it was; as a reader, where it was the leader and is not any more. */
  async resume(): Promise<void> {
    await this.#exclusively(async () => {
      const paused = this.#paused
      this.#paused = undefined
      if (paused === undefined || this.#role !== undefined) return
      try {
        await this.#become(paused.role, paused.leadership)
      } catch (error) {
        if (paused.leadership === undefined) throw error
        await this.#become('reader', undefined)
      }
    })
  }

  /** Gives the leadership up, if there are others to take it. Resolves once it is given up. */
  async stepDown(): Promise<void> {
    const leadership = this.#leadership
    if (leadership === undefined) return
    this.#stepDown?.()
    await leadership.lost
  }

  async #campaign(election: Election, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const leadership = await election.campaign(this.#deps.identity, signal)
        await this.#lead(leadership, signal)
      } catch (error) {
        if (signal.aborted) return
        this.#deps.log.error('this node could not lead', { code: toCofferError(error).code })
        await this.#rest(REST_AFTER_FAILURE, signal)
      }
    }
  }

  async #lead(leadership: Leadership, signal: AbortSignal): Promise<void> {
    const { log } = this.#deps
    const asked = new Promise<string>((resolve) => {
      this.#stepDown = () => resolve(STEPPED_DOWN)
      signal.addEventListener('abort', () => resolve('it is being sealed'), { once: true })
    })
    let steppedDown = false
    try {
      await this.#exclusively(() => this.#become('leader', leadership))
      log.info('this node leads the cluster', { term: leadership.term })
      const reason = await Promise.race([leadership.lost, asked])
      steppedDown = reason === STEPPED_DOWN
      log.warn('this node no longer leads the cluster', { term: leadership.term, reason })
    } finally {
      await this.#exclusively(() => this.#stop())
      await leadership.release()
      this.#stepDown = undefined
      if (!signal.aborted) await this.#followAgain(signal)
    }
    // Who lost the leadership may win it again at once; who gave it up leaves it to the others for a while.
    if (steppedDown) await this.#rest(REST_AFTER_STEP_DOWN, signal)
  }

  async #followAgain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        return await this.#exclusively(() => this.#become('reader', undefined))
      } catch (error) {
        this.#deps.log.warn('this node cannot read the storage yet', { code: toCofferError(error).code })
        await this.#rest(REST_AFTER_FAILURE, signal)
      }
    }
  }

  async #become(role: Role, leadership: Leadership | undefined): Promise<void> {
    const { store, barrier, parts, keysLost } = this.#deps
    await this.#stop()
    await store.read((view) => reloadKeyring(barrier, view, keysLost).then(() => undefined))
    try {
      for (const part of parts) {
        this.#started.push(part)
        await part.start(role)
      }
    } catch (error) {
      await this.#stop()
      throw error
    }
    this.#since = this.#deps.clock.now()
    this.#set(role, leadership)
  }

  async #stop(): Promise<void> {
    this.#set(undefined, undefined)
    const started = this.#started
    this.#started = []
    for (const part of started.toReversed()) {
      try {
        await part.stop()
      } catch (error) {
        this.#deps.log.error('a part did not stop in order', { code: toCofferError(error).code })
      }
    }
  }

  #set(role: Role | undefined, leadership: Leadership | undefined): void {
    this.#role = role
    this.#leadership = leadership
    this.#deps.changed(role, leadership)
  }

  #rest(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#deps.clock.timer(ms, resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
    return promise.finally(() => timer.cancel())
  }

  async #exclusively(change: () => Promise<void>): Promise<void> {
    const leave = await this.#lane.enter()
    try {
      await change()
    } finally {
      leave()
    }
  }
}
