/**
 * A few connections to one database, made when they are wanted and kept for the next who wants one. Whoever waits for one, and the
 * making of one, ends after a time: a database that hangs holds up nobody for longer.
 */
import type { Clock, Timer } from '../../../../lib/clock.ts'
import { DatabaseFailure } from './plugin.ts'

export interface PoolOptions<C> {
  readonly clock: Clock
  readonly maxOpen: number
  readonly maxIdle: number
  /** ms; 0 for as long as it works. */
  readonly lifetime: number
  open(): Promise<C>
  /** Rejects where the connection does not work any more. */
  check(connection: C): Promise<void>
  close(connection: C): void
}

interface Entry<C> {
  readonly connection: C
  readonly openedAt: number
  idleSince: number
}

interface Waiter {
  readonly proceed: () => void
  readonly fail: (error: unknown) => void
}

/** ms that one waits for a turn. */
const TURN = 20_000
/** ms after which a connection that nobody wants is closed. */
const IDLE = 60_000
const MAX_WAITING = 10_000

export class Pool<C> {
  readonly #options: PoolOptions<C>
  readonly #idle: Entry<C>[] = []
  readonly #busy = new Set<Entry<C>>()
  readonly #waiting: Waiter[] = []
  /** Turns that are taken, by those who have a connection and those who make one. */
  #taken = 0
  #closed = false
  #sweep: Timer | undefined

  constructor(options: PoolOptions<C>) {
    this.#options = options
  }

  /** A connection on which `use` failed is not used again: nobody knows what state it is in. */
  async use<T>(use: (connection: C) => Promise<T>): Promise<T> {
    await this.#turn()
    let entry: Entry<C> | undefined
    try {
      entry = await this.#take()
      const result = await use(entry.connection)
      this.#giveBack(entry)
      return result
    } catch (error) {
      if (entry !== undefined) this.#end(entry)
      else if (this.#taken === 1) this.#failWaiting(error)
      throw error
    } finally {
      this.#taken--
      this.#waiting.shift()?.proceed()
    }
  }

  /** What is in use ends with its use; nothing begins any more. */
  close(): void {
    this.#closed = true
    this.#sweep?.cancel()
    for (const entry of this.#idle.splice(0)) this.#options.close(entry.connection)
    this.#failWaiting(closed())
  }

  async #turn(): Promise<void> {
    if (this.#closed) throw closed()
    if (this.#taken < this.#options.maxOpen) {
      this.#taken++
      return
    }
    if (this.#waiting.length >= MAX_WAITING) throw busy()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { proceed: resolve, fail: reject }
    this.#waiting.push(waiter)
    using _timer = this.#options.clock.timer(TURN, () => {
      const at = this.#waiting.indexOf(waiter)
      if (at !== -1) this.#waiting.splice(at, 1)
      reject(busy())
    })
    await promise
    if (this.#closed) {
      this.#waiting.shift()?.proceed()
      throw closed()
    }
    this.#taken++
  }

  async #take(): Promise<Entry<C>> {
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      if (!this.#isTooOld(entry)) {
        try {
          await this.#options.check(entry.connection)
          this.#busy.add(entry)
          return entry
        } catch {
          // As after a restart of the database: another one is made.
        }
      }
      this.#options.close(entry.connection)
    }
    const connection = await this.#options.open()
    const entry = { connection, openedAt: this.#options.clock.monotonic(), idleSince: 0 }
    this.#busy.add(entry)
    return entry
  }

  #giveBack(entry: Entry<C>): void {
    if (this.#closed || this.#idle.length >= this.#options.maxIdle || this.#isTooOld(entry)) return this.#end(entry)
    this.#busy.delete(entry)
    entry.idleSince = this.#options.clock.monotonic()
    this.#idle.push(entry)
    this.#sweep ??= this.#options.clock.timer(IDLE, () => this.#closeIdle())
  }

  #end(entry: Entry<C>): void {
    this.#busy.delete(entry)
    this.#options.close(entry.connection)
  }

  #isTooOld(entry: Entry<C>): boolean {
    const { lifetime, clock } = this.#options
    return lifetime > 0 && clock.monotonic() - entry.openedAt >= lifetime
  }

  #closeIdle(): void {
    this.#sweep = undefined
    const { clock, close } = this.#options
    const kept = this.#idle.splice(0).filter((entry) => {
      const fresh = clock.monotonic() - entry.idleSince < IDLE
      if (!fresh) close(entry.connection)
      return fresh
    })
    this.#idle.push(...kept)
    if (kept.length > 0) this.#sweep = clock.timer(IDLE, () => this.#closeIdle())
  }

  /** Where no connection can be made, nobody has to find that out for himself. */
  #failWaiting(error: unknown): void {
    for (const waiter of this.#waiting.splice(0)) waiter.fail(error)
  }
}

function busy(): DatabaseFailure {
  return new DatabaseFailure('no connection was free in time', { applied: 'no', refused: false })
}

function closed(): DatabaseFailure {
  return new DatabaseFailure('the connection was closed meanwhile', { applied: 'no', refused: false })
}
