/**
 * Takes the events of one webhook to its receiver, in order and one after the other, each until it was taken or is given up. An event is
 * forgotten in the transaction that notes its delivery: after a crash the last one is sent again, and none is lost.
 */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import { pooledBytes } from '../../lib/secure/random.ts'
import type { WebhookStatus } from '../../request/event-ports.ts'
import type { Store } from '../../storage/store.ts'
import type { Event } from '../event.ts'
import type { Selection } from '../selection.ts'
import { outbox, states, type Hook, type HookState } from './records.ts'
import type { Answered } from './send.ts'

export interface DelivererDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** One request to the receiver. Never rejects. */
  send(hook: Hook, event: Event, signal: AbortSignal): Promise<Answered>
  counted(what: 'delivered' | 'failed' | 'dropped', count: number): void
}

/** ms: the wait after the first failure, doubled with each further one, and the longest. */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 900_000
/** After a storage that failed, ms. */
const STORAGE_PAUSE = 1_000
/** Dropped in one transaction. */
const AT_ONCE = 500
const GONE = 410

export interface Waiting {
  readonly state: HookState
  /** Of the events in the outbox, in order. */
  readonly numbers: readonly number[]
}

export class Deliverer {
  readonly #deps: DelivererDeps
  readonly #namespace: string
  readonly #stopping = new AbortController()
  #hook: Hook
  #selection: Selection
  #state: HookState
  #numbers: number[]
  #working: Promise<void> | undefined
  #trimming: Promise<void> | undefined
  #isSending = false
  #wake: (() => void) | undefined

  constructor(deps: DelivererDeps, namespace: string, hook: Hook, selection: Selection, waiting: Waiting) {
    this.#deps = deps
    this.#namespace = namespace
    this.#hook = hook
    this.#selection = selection
    this.#state = waiting.state
    this.#numbers = [...waiting.numbers]
    this.#work()
  }

  get namespace(): string {
    return this.#namespace
  }

  get id(): string {
    return this.#hook.id
  }

  get pending(): number {
    return this.#numbers.length
  }

  takes(event: Event): boolean {
    return this.#selection.takes(event)
  }

  status(): WebhookStatus {
    return { ...this.#state, pending: this.#numbers.length }
  }

  /** An event was committed to the outbox. */
  added(number: number): void {
    const at = this.#numbers.findLastIndex((other) => other < number) + 1
    this.#numbers.splice(at, 0, number)
    if (this.#numbers.length > this.#hook.maxPending) this.#trim()
    this.#work()
  }

  /** Written anew: what waits goes to where it says from now on, at once. */
  changed(hook: Hook, selection: Selection, state: HookState): void {
    this.#hook = hook
    this.#selection = selection
    this.#state = state
    this.#wake?.()
    this.#work()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake?.()
    await this.#working
    await this.#trimming
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  #work(): void {
    this.#working ??= this.#deliverAll().finally(() => {
      this.#working = undefined
      if (this.#canDeliver()) this.#work()
    })
  }

  #canDeliver(): boolean {
    return !this.#isStopped && !this.#state.stopped && this.#numbers.length > 0
  }

  /** Never rejects. */
  async #deliverAll(): Promise<void> {
    while (this.#canDeliver()) {
      const pause = this.#state.nextAttempt - this.#deps.clock.now()
      // Longer than it was ever set to, the clock has gone back meanwhile.
      if (pause > 0 && pause <= LONGEST_PAUSE) {
        await this.#rest(pause)
        continue
      }
      try {
        await this.#deliverFirst()
      } catch (error) {
        this.#deps.log.warn('what became of an event for a webhook could not be noted', {
          cause: error instanceof Error ? error.name : 'unknown',
        })
        await this.#rest(STORAGE_PAUSE)
      }
    }
  }

  async #deliverFirst(): Promise<void> {
    const [number] = this.#numbers
    if (number === undefined) return
    const { store } = this.#deps
    const event = await store.read((view) => outbox.get(view, this.#placeOf(number)))
    if (event === undefined) return this.#forget(number)
    const hook = this.#hook
    this.#isSending = true
    try {
      const answer = await this.#deps.send(hook, event, this.#stopping.signal)
      // Stopped half-way: nobody knows whether it was taken, and the next leader sends it again.
      if (this.#isStopped && !answer.delivered) return
      await this.#note(number, hook, answer)
    } finally {
      this.#isSending = false
    }
  }

  async #note(number: number, hook: Hook, answer: Answered): Promise<void> {
    const { clock, counted } = this.#deps
    const now = clock.now()
    if (answer.delivered) {
      await this.#write([number], (state) => ({
        ...state,
        delivered: state.delivered + 1,
        attempts: 0,
        nextAttempt: 0,
        lastDelivery: now,
      }))
      counted('delivered', 1)
      return
    }
    counted('failed', 1)
    // Written anew meanwhile: this failure is none of the new receiver's.
    if (this.#hook !== hook) return
    const attempts = this.#state.attempts + 1
    const failed = (state: HookState) => ({ ...state, lastError: answer.error, lastErrorAt: now })
    if (hook.maxAttempts > 0 && attempts >= hook.maxAttempts) {
      await this.#write([number], (state) => ({
        ...failed(state),
        attempts: 0,
        nextAttempt: 0,
        dropped: state.dropped + 1,
      }))
      counted('dropped', 1)
      return
    }
    const nextAttempt = now + pauseAfter(attempts, answer.retryAfter)
    const stopped = answer.status === GONE
    await this.#write([], (state) => ({ ...failed(state), attempts, nextAttempt, stopped }))
  }

  /** The oldest go, but for the one that is on its way. */
  #trim(): void {
    this.#trimming ??= this.#dropOldest().finally(() => (this.#trimming = undefined))
  }

  /** Never rejects: what could not be dropped is dropped when the next event comes. */
  async #dropOldest(): Promise<void> {
    try {
      for (;;) {
        const excess = this.#numbers.length - this.#hook.maxPending
        if (excess <= 0 || this.#isStopped) return
        const from = this.#isSending ? 1 : 0
        const oldest = this.#numbers.slice(from, from + Math.min(excess, AT_ONCE))
        if (oldest.length === 0) return
        await this.#write(oldest, (state) => ({ ...state, dropped: state.dropped + oldest.length }))
        this.#deps.counted('dropped', oldest.length)
      }
    } catch {
      this.#deps.log.warn('events for a webhook that are too many could not be dropped')
    }
  }

  /** In one transaction: how the webhook stands, and that these events wait no more. */
  async #write(gone: readonly number[], change: (state: HookState) => HookState): Promise<void> {
    const key = { namespace: this.#namespace, id: this.id }
    await this.#deps.store.write(async (view) => {
      for (const number of gone) view.delete(outbox.key(this.#placeOf(number)))
      const before = await states.get(view, key)
      const after = change(before ?? this.#state)
      // Deleted meanwhile, it leaves nothing behind.
      if (before !== undefined) states.put(view, key, after)
      view.onCommitted(() => {
        this.#state = after
        for (const number of gone) this.#forget(number)
      })
    })
  }

  #forget(number: number): void {
    const at = this.#numbers.indexOf(number)
    if (at >= 0) this.#numbers.splice(at, 1)
  }

  #placeOf(number: number) {
    return { namespace: this.#namespace, id: this.id, number }
  }

  async #rest(ms: number): Promise<void> {
    if (this.#isStopped) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer: Timer = this.#deps.clock.timer(ms, resolve)
    this.#wake = resolve
    await promise
    timer.cancel()
  }
}

/** ms; with chance in it, so that many do not come back at once. A receiver may ask for more, within bounds. */
export function pauseAfter(attempts: number, retryAfter: number | undefined): number {
  const longest = Math.min(FIRST_PAUSE * 2 ** Math.min(attempts - 1, 20), LONGEST_PAUSE)
  const chance = (pooledBytes(1)[0] ?? 0) / 255
  return Math.max(Math.round(longest * (0.5 + chance / 2)), Math.min((retryAfter ?? 0) * 1000, LONGEST_PAUSE))
}
