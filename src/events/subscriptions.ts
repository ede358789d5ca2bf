/** All subscribers of this node, which leads: hands events to them, and looks again and again whether they may go on. */
import type { Clock, Timer } from '../lib/clock.ts'
import type { Metrics } from '../lib/observe/index.ts'
import { requestErrors } from '../errors/request.ts'
import type { Caller } from '../request/caller.ts'
import type { SubscribeWish, SubscriptionsPort } from '../request/event-ports.ts'
import type { Request } from '../request/request.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView } from '../storage/view.ts'
import { cloudEvent } from './cloud-event.ts'
import { eventErrors } from './errors.ts'
import type { Event } from './event.ts'
import { protobufOf } from './protobuf.ts'
import { selectionOf, type Selection } from './selection.ts'
import { GOING_AWAY, Subscription, type Judgement } from './subscription.ts'

export interface SubscribersPort {
  /** Who asked, if he may still subscribe; else why not, in a few words for him. */
  admit(request: Request, view: ReadView): Promise<{ readonly caller: Caller } | { readonly refused: string }>
  /** Whether he may know of the event. */
  mayReceive(caller: Caller, request: Request, event: Event, view: ReadView): Promise<boolean>
  /** Whether a change of this key may end or narrow what somebody may have. */
  concerns(key: string): boolean
}

export interface SubscriptionsDeps {
  readonly store: Store
  readonly clock: Clock
  readonly metrics: Metrics
  readonly subscribers: SubscribersPort
  source(): string
}

const MOST = 1000
const STOPPED = 'this server is sealed or does not lead any more'
/** What somebody may do also ends by the clock, of which no commit tells: how often it is looked at, ms. */
const EVERY = 1_000
/** Between a change and the look that it calls for, ms: many changes come at once. */
const PAUSE = 20

export class Subscriptions implements SubscriptionsPort {
  readonly #deps: SubscriptionsDeps
  readonly #open = new Set<Subscription>()
  #isWorking = false
  #unsubscribe: (() => void) | undefined
  #timer: Timer | undefined
  #soon: Timer | undefined

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps
    const gauge = deps.metrics.gauge('vault.events.subscriptions')
    deps.metrics.beforeReport(() => gauge.set(this.#open.size))
  }

  get size(): number {
    return this.#open.size
  }

  start(): void {
    this.#isWorking = true
  }

  /** The node does not lead any more. */
  stop(): void {
    this.#isWorking = false
    for (const one of this.#open) one.end(GOING_AWAY, STOPPED)
  }

  publish(event: Event): void {
    for (const one of this.#open) one.offer(event)
  }

  /** It begins when somebody reads: a reply that is not sent after all leaves nothing behind. */
  open(request: Request, wish: SubscribeWish): AsyncIterable<Uint8Array> {
    if (!this.#isWorking) throw requestErrors.STANDBY()
    if (wish.type.trim() === '') throw eventErrors.NO_TYPE()
    const selection = selectionOf({ ...wish, types: [wish.type] }, request.namespace)
    if (this.#open.size >= MOST) throw eventErrors.SUBSCRIPTIONS()
    return { [Symbol.asyncIterator]: () => this.#begin(request, wish.json, selection) }
  }

  #begin(request: Request, json: boolean, selection: Selection): Subscription {
    const signal = request.signal()
    const gone = (): void => void subscription.return()
    const subscription: Subscription = new Subscription({
      takes: (event) => selection.takes(event),
      judge: (events) => this.#judge(request, events),
      encode: (event) => (json ? Buffer.from(`${cloudEvent(event, this.#deps.source())}\n`) : protobufOf(event)),
      json,
      closed: () => {
        signal.removeEventListener('abort', gone)
        this.#open.delete(subscription)
        if (this.#open.size === 0) this.#rest()
      },
    })
    if (this.#open.size === 0) this.#watch()
    this.#open.add(subscription)
    signal.addEventListener('abort', gone, { once: true })
    if (signal.aborted) gone()
    if (!this.#isWorking) subscription.end(GOING_AWAY, STOPPED)
    return subscription
  }

  /** Never rejects: who cannot be looked up gets nothing. */
  async #judge(request: Request, events: readonly Event[]): Promise<Judgement> {
    const { store, subscribers } = this.#deps
    try {
      return await store.read(async (view) => {
        const admitted = await subscribers.admit(request, view)
        if ('refused' in admitted) return { ended: admitted.refused }
        const allowed: Event[] = []
        for (const event of events)
          if (await subscribers.mayReceive(admitted.caller, request, event, view)) allowed.push(event)
        return { allowed }
      })
    } catch {
      return { ended: 'it cannot be told any more who subscribes' }
    }
  }

  #watch(): void {
    const { store, clock, subscribers } = this.#deps
    this.#unsubscribe = store.driver.subscribe(({ keys, reset }) => {
      if (this.#soon === undefined && (reset === true || keys.some((key) => subscribers.concerns(key))))
        this.#soon = clock.timer(PAUSE, () => {
          this.#soon = undefined
          return this.#recheck()
        })
    })
    this.#tick()
  }

  #rest(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#timer?.cancel()
    this.#timer = undefined
    this.#soon?.cancel()
    this.#soon = undefined
  }

  #tick(): void {
    const timer: Timer = this.#deps.clock.timer(EVERY, async () => {
      await this.#recheck()
      // Meanwhile the last one may have gone, and another come.
      if (this.#timer === timer) this.#tick()
    })
    this.#timer = timer
  }

  async #recheck(): Promise<void> {
    for (const one of this.#open) await one.recheck()
  }
}
