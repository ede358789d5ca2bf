/**
 * Counts clients as requests come: each once a month. A request of one who was counted costs a look-up by object; a new one waits in
 * memory for the next write, a second at most, so that a crash loses no more than what is counted again with his next request.
 *
 * A core that only reads does not count. It knows by the storage whether a client was counted, and has the leader carry out the request
 * of one who was not.
 */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import type { Caller } from '../../request/caller.ts'
import type { Store } from '../../storage/store.ts'
import type { ReadView } from '../../storage/view.ts'
import { toCofferError } from '../failure.ts'
import { clientIdOf } from './client-id.ts'
import { endOf, monthOf, type Month } from './month.ts'
import { has, put, type CountedClient } from './records.ts'

export interface ClientCounterDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** Accessor of the mount that made a token, by the path it was made at; empty where it is gone. */
  accessorOf(caller: Caller): string
}

/** How long new clients wait to be written, ms. */
const FLUSH_AFTER = 1_000
/** So many are written at once. */
const BATCH = 500
/** Clients remembered as written; more are looked up in storage. */
const REMEMBERED = 50_000
/** After the leader was not found nobody is sent to it to be counted for so long, ms. */
const PAUSE = 10_000

interface New {
  readonly month: Month
  readonly client: CountedClient
}

export class ClientCounter {
  readonly #deps: ClientCounterDeps
  #isEnabled = false
  #month: Month = ''
  #monthEnd = -Infinity
  #seen = new WeakSet<Caller>()
  #written = new Set<string>()
  #waiting = new Map<string, New>()
  #timer: Timer | undefined
  #flushing: Promise<void> | undefined
  #pausedUntil = -Infinity

  constructor(deps: ClientCounterDeps) {
    this.#deps = deps
  }

  set enabled(value: boolean) {
    this.#isEnabled = value
    this.#forget()
    if (!value) this.#waiting.clear()
  }

  /** Nothing is to be done for this request, which came at `at` (wall clock, ms). */
  isSettled(caller: Caller, at: number): boolean {
    return !this.#isEnabled || (at < this.#monthEnd && this.#seen.has(caller))
  }

  /** On the leader: of a request that was allowed. */
  count(caller: Caller, at: number): void {
    this.#turn(at)
    this.#seen.add(caller)
    const found = clientIdOf(caller)
    if (found === undefined || this.#written.has(found.id) || this.#waiting.has(found.id)) return
    const { id, isEntity: entity } = found
    const accessor = this.#deps.accessorOf(caller)
    const client = { id, namespace: caller.namespaceId, accessor, entity, at: Math.floor(at / 1000) }
    this.#waiting.set(id, { month: this.#month, client })
    if (this.#waiting.size >= BATCH) void this.flush()
    else this.#timer ??= this.#deps.clock.timer(FLUSH_AFTER, () => this.flush())
  }

  /** On a core that only reads: whether the leader is to carry the request out, so that it is counted. */
  async isNew(caller: Caller, at: number, view: ReadView): Promise<boolean> {
    this.#turn(at)
    const found = clientIdOf(caller)
    if (found === undefined || this.#written.has(found.id) || (await has(view, this.#month, found.id))) {
      if (found !== undefined) this.#remember(found.id)
      this.#seen.add(caller)
      return false
    }
    return this.#deps.clock.monotonic() >= this.#pausedUntil
  }

  /** There is no leader to count: requests are answered, and counted when there is one again. */
  pause(): void {
    this.#pausedUntil = this.#deps.clock.monotonic() + PAUSE
  }

  /** Writes who waits. Never rejects: what could not be written waits on. */
  async flush(): Promise<void> {
    while (this.#waiting.size > 0) {
      const before = this.#waiting.size
      this.#flushing ??= this.#write().finally(() => (this.#flushing = undefined))
      await this.#flushing
      if (this.#waiting.size >= before) return
    }
  }

  async stop(): Promise<void> {
    await this.flush()
    this.#timer?.cancel()
    this.#timer = undefined
    this.#waiting.clear()
    this.#forget()
  }

  async #write(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    const batch = [...this.#waiting].slice(0, BATCH)
    try {
      await this.#deps.store.write(async (view) => {
        for (const [id, { month, client }] of batch) if (!(await has(view, month, id))) put(view, month, client)
      })
      for (const [id, one] of batch) {
        if (this.#waiting.get(id) === one) this.#waiting.delete(id)
        if (one.month === this.#month) this.#remember(id)
      }
    } catch (error) {
      this.#deps.log.warn('clients could not be counted and are so later', { code: toCofferError(error).code })
      this.#timer ??= this.#deps.clock.timer(FLUSH_AFTER * 10, () => this.flush())
    }
  }

  /** Who was counted in one month is new in the next. */
  #turn(at: number): void {
    const month = monthOf(at)
    if (month === this.#month) return
    this.#forget()
    this.#month = month
    this.#monthEnd = endOf(this.#month)
  }

  #remember(id: string): void {
    if (this.#written.size >= REMEMBERED) this.#written.clear()
    this.#written.add(id)
  }

  #forget(): void {
    this.#seen = new WeakSet()
    this.#written.clear()
    this.#month = ''
    this.#monthEnd = -Infinity
  }
}
