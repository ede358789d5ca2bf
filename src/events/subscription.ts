/**
 * One subscriber's stream. Events wait in a bounded queue until they are asked for; only then is it decided whether the subscriber may have
 * them, so that nothing leaves on the strength of what was allowed before.
 */
import { encodeMessage } from '../request/stream-messages.ts'
import type { Event } from './event.ts'

/** What a subscriber may have of some events; or why he may have nothing any more. */
export type Judgement = { readonly allowed: readonly Event[] } | { readonly ended: string }

export interface SubscriptionDeps {
  /** Whether the event is one that was asked for. */
  takes(event: Event): boolean
  /** Looks at who subscribes as he is now. Never rejects. */
  judge(events: readonly Event[]): Promise<Judgement>
  encode(event: Event): Uint8Array
  readonly json: boolean
  /** It is over; called once. */
  closed(): void
}

/** Codes of RFC 6455, 7.4.1. */
export const GOING_AWAY = 1001
export const POLICY_VIOLATION = 1008
export const TRY_AGAIN_LATER = 1013

/** Events that wait for a slow reader. */
export const MOST_WAITING = 1024
/** Judged in one look at the storage. */
const AT_ONCE = 64

export class Subscription implements AsyncIterableIterator<Uint8Array> {
  readonly #deps: SubscriptionDeps
  #waiting: Event[] = []
  #ready: Uint8Array[] = []
  #last: Uint8Array | undefined
  #isOver = false
  #wake: (() => void) | undefined

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps
  }

  /** Quick, and never throws: whoever commits is waiting. */
  offer(event: Event): void {
    if (this.#isOver || !this.#deps.takes(event)) return
    if (this.#waiting.length >= MOST_WAITING) {
      this.end(TRY_AGAIN_LATER, 'events come faster than they are read')
      return
    }
    this.#waiting.push(event)
    this.#wake?.()
  }

  /** Looks whether the subscriber may go on, without an event. */
  async recheck(): Promise<void> {
    if (this.#isOver) return
    const judgement = await this.#deps.judge([])
    if ('ended' in judgement) this.end(POLICY_VIOLATION, judgement.ended)
  }

  /** What waits is dropped; the reader is told why. */
  end(code: number, reason: string): void {
    if (this.#isOver) return
    this.#last = encodeMessage({ kind: 'close', code, reason })
    this.#close()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      if (this.#isOver) return this.#farewell()
      const ready = this.#ready.shift()
      if (ready !== undefined) return { done: false, value: ready }
      if (this.#waiting.length === 0) await this.#woken()
      else await this.#judge()
    }
  }

  /** The reader has gone. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#close()
    this.#last = undefined
    return { done: true, value: undefined }
  }

  #farewell(): IteratorResult<Uint8Array> {
    const last = this.#last
    this.#last = undefined
    return last === undefined ? { done: true, value: undefined } : { done: false, value: last }
  }

  async #judge(): Promise<void> {
    const events = this.#waiting.splice(0, AT_ONCE)
    const judgement = await this.#deps.judge(events)
    if ('ended' in judgement) return this.end(POLICY_VIOLATION, judgement.ended)
    const kind = this.#deps.json ? 'text' : 'binary'
    this.#ready = judgement.allowed.map((event) => encodeMessage({ kind, content: this.#deps.encode(event) }))
  }

  #woken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    return promise
  }

  #close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#waiting = []
    this.#ready = []
    this.#deps.closed()
    this.#wake?.()
  }
}
