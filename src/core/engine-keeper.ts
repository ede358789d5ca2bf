/**
 * What engines do without being asked, for each of their mounts and on the leader alone; and the word that they are to let go of what
 * they hold, wherever they run.
 */
import type { Background, Engine } from '../framework/engine.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Mount } from '../request/mount.ts'
import type { LeaseLimits } from '../request/ports.ts'
import { toCofferError } from './failure.ts'
import type { ActivePart, Role } from './lifecycle.ts'
import { MountApart, type MountApartDeps } from './mount-apart.ts'

export interface EngineKeeperDeps extends MountApartDeps {
  readonly clock: Clock
  readonly log: Logger
  mounts(): readonly Mount[]
  engine(mount: Mount): Engine
  limitsOf(mount: Mount): LeaseLimits
  storageOf(mount: Mount, engine: Engine): string
}

/** How often it looks for what is due, ms. */
const TICK = 1_000
/** What runs when the node stops gets this long to end, ms; then it runs into a storage that takes no more from it. */
const PATIENCE = 5_000

export class EngineKeeper implements ActivePart {
  readonly #deps: EngineKeeperDeps
  /** Monotonic time of the next run. */
  readonly #due = new Map<string, number>()
  readonly #running = new Map<string, Promise<void>>()
  #timer: Timer | undefined
  #stopping = new AbortController()

  constructor(deps: EngineKeeperDeps) {
    this.#deps = deps
  }

  start(role: Role): void {
    this.#stopping = new AbortController()
    this.#due.clear()
    if (role === 'leader') this.#tick()
  }

  async stop(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#stopping.abort()
    await this.#ended()
  }

  /** Every engine lets go: the last thing, once nothing is revoked any more. */
  async release(): Promise<void> {
    for (const mount of this.#deps.mounts()) await this.released(mount)
  }

  /** The mount goes, or the node does. */
  async released(mount: Mount): Promise<void> {
    try {
      await this.#deps.engine(mount).released?.(mount.uuid)
    } catch (error) {
      this.#deps.log.warn('an engine did not let go in order', { path: mount.path, code: toCofferError(error).code })
    }
  }

  #tick(): void {
    const { clock } = this.#deps
    for (const mount of this.#deps.mounts()) {
      const background = this.#engineOf(mount)?.background ?? []
      if (!mount.tainted) for (const [i, one] of background.entries()) this.#runIfDue(`${mount.uuid}/${i}`, mount, one)
    }
    this.#timer = clock.timer(TICK, () => this.#tick())
  }

  /** Undefined where this version has no such engine: it answers for itself when it is asked for. */
  #engineOf(mount: Mount): Engine | undefined {
    try {
      return this.#deps.engine(mount)
    } catch {
      return undefined
    }
  }

  #runIfDue(id: string, mount: Mount, background: Background): void {
    const now = this.#deps.clock.monotonic()
    if (this.#running.has(id) || now < (this.#due.get(id) ?? -Infinity)) return
    this.#due.set(id, now + background.everySeconds * 1000)
    const running = this.#run(mount, background).then(() => void this.#running.delete(id))
    this.#running.set(id, running)
  }

  /** Never rejects. */
  async #run(mount: Mount, background: Background): Promise<void> {
    const { clock, log } = this.#deps
    const engine = this.#deps.engine(mount)
    try {
      await background.run({
        mount,
        apart: new MountApart(this.#deps, mount, this.#deps.storageOf(mount, engine)),
        limits: this.#deps.limitsOf(mount),
        clock,
        log,
        signal: this.#stopping.signal,
      })
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        log.warn('what an engine does by itself failed and is tried again', {
          path: mount.path,
          code: toCofferError(error).code,
        })
    }
  }

  async #ended(): Promise<void> {
    if (this.#running.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    using _timer = this.#deps.clock.timer(PATIENCE, resolve)
    await Promise.race([Promise.all(this.#running.values()), promise])
  }
}
