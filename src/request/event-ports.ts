/** Events: what engines tell of, what becomes of it, and what the paths of `sys/events` use. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Mount } from './mount.ts'
import type { Namespace, Request } from './request.ts'

/** What an engine tells of. Nothing in it is ever secret: it goes to whoever may know that something happened, not what. */
export interface EngineEvent {
  /** `kv-v2/data-write`: the family of the engine, and what was done. */
  readonly type: string
  /** The path that it was done by, relative to the mount. */
  readonly path: string
  /** Where what it is about can be read, relative to the mount; left out where there is nothing to be read. */
  readonly dataPath?: string | undefined
  /** Whether anything that is stored has changed. */
  readonly modified: boolean
  readonly metadata?: Readonly<Record<string, string>>
}

/** Ties an event to a transaction: it leaves when that has committed, once, and never where it is rolled back or rerun. */
export type Emit = (event: EngineEvent) => void

/** Where the events of all engines go. */
export interface EventSink {
  /** @param view of the whole storage: what must not be lost is kept in the same transaction. */
  emit(view: WriteView, mount: Mount, event: EngineEvent): void
}

/** Which events somebody wants. */
export interface SelectionWish {
  /** Globs. */
  readonly types: readonly string[]
  /** Globs of namespaces below the one that asks, besides that one. */
  readonly namespaces: readonly string[]
  /** An expression; empty for all. */
  readonly filter: string
}

export interface SubscribeWish {
  readonly type: string
  readonly namespaces: readonly string[]
  readonly filter: string
  /** Text of JSON; else bytes of Protocol Buffers. */
  readonly json: boolean
}

export interface SubscriptionsPort {
  /**
   * A stream of messages (`stream-messages.ts`) that lasts until one side ends it. `request` is the one that asked: who asks, and whether he
   * still may, is looked up by it again and again. Throws `EVENTS_*` for a wish that cannot be met.
   */
  open(request: Request, wish: SubscribeWish): AsyncIterable<Uint8Array>
}

export interface WebhookConfig extends SelectionWish {
  readonly url: string
  /** `whsec_` and Base64. */
  readonly secret: string
  /** PEM; empty trusts the usual authorities. */
  readonly caCert: string
  /** After so many the event is given up; 0 for none. */
  readonly maxAttempts: number
  /** Events that wait; of more the oldest are dropped. */
  readonly maxPending: number
}

export interface WebhookStatus {
  readonly pending: number
  readonly delivered: number
  /** Given up, or pushed out by newer ones. */
  readonly dropped: number
  /** Attempts for the event that is first in line. */
  readonly attempts: number
  /** Times are ms since the epoch, 0 for never. */
  readonly lastDelivery: number
  readonly lastError: string
  readonly lastErrorAt: number
  readonly nextAttempt: number
  /** The receiver said that it is gone for good: nothing is sent until the webhook is written again. */
  readonly stopped: boolean
}

/** What came of one request to a receiver. */
export interface DeliveryOutcome {
  readonly delivered: boolean
  /** Of HTTP; 0 where there was no answer. */
  readonly status: number
  /** A sentence; empty where it was delivered. */
  readonly error: string
}

export interface WebhooksPort {
  list(view: ReadView, namespace: Namespace): Promise<readonly string[]>
  get(view: ReadView, namespace: Namespace, name: string): Promise<WebhookConfig | undefined>
  /** Throws `EVENTS_*` for what cannot work. */
  put(view: WriteView, namespace: Namespace, name: string, config: WebhookConfig): Promise<void>
  delete(view: WriteView, namespace: Namespace, name: string): Promise<void>
  /** On the leader. */
  status(view: ReadView, namespace: Namespace, name: string): Awaitable<WebhookStatus | undefined>
  /** Sends an event that says it is a test, past those that wait. */
  test(namespace: Namespace, name: string, config: WebhookConfig, signal: AbortSignal): Promise<DeliveryOutcome>
  newSecret(): string
}
