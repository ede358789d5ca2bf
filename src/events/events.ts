/**
 * The bus between engines and whoever wants to hear of what they do. An event hangs on the transaction that it tells of: what has to
 * survive is stored in it, and the rest leaves once it has committed.
 */
import type { Clock } from '../lib/clock.ts'
import type { Logger, Metrics } from '../lib/observe/index.ts'
import { uuid } from '../lib/secure/random.ts'
import type { EngineEvent, EventSink } from '../request/event-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { Namespace } from '../request/request.ts'
import type { Store } from '../storage/store.ts'
import type { Sequence } from '../storage/driver.ts'
import type { WriteView } from '../storage/view.ts'
import { eventOf, withIndex } from './event.ts'
import { Subscriptions, type SubscribersPort } from './subscriptions.ts'
import { Webhooks, type WebhookSettings } from './webhooks/webhooks.ts'

export interface EventsDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly subscribers: SubscribersPort
  readonly webhooks: WebhookSettings
  /** Undefined for one that is going. */
  namespace(id: string): Namespace | undefined
  /** Folders of the namespaces that can be read; empty is that of all that have none. */
  homes(): readonly string[]
  /** Tells this vault from others, in every event. */
  source(): string
  /** How a client demands to see a commit. */
  indexOf(sequence: Sequence): string
}

export class Events implements EventSink {
  readonly subscriptions: Subscriptions
  readonly webhooks: Webhooks
  readonly #deps: EventsDeps

  constructor(deps: EventsDeps) {
    this.#deps = deps
    this.subscriptions = new Subscriptions(deps)
    this.webhooks = new Webhooks({ ...deps, ...deps.webhooks })
  }

  /** Only who leads writes, and so has anything to tell. */
  async start(role: 'leader' | 'reader'): Promise<void> {
    if (role !== 'leader') return
    this.subscriptions.start()
    await this.webhooks.start()
  }

  async stop(): Promise<void> {
    this.subscriptions.stop()
    await this.webhooks.stop()
  }

  emit(view: WriteView, mount: Mount, what: EngineEvent): void {
    const { subscriptions, webhooks } = this
    // The usual case: nobody listens.
    if (subscriptions.size === 0 && !webhooks.any) return
    const namespace = this.#deps.namespace(mount.namespaceId)
    if (namespace === undefined) return
    const event = eventOf(what, mount, { id: uuid(), namespace, now: this.#deps.clock.now() })
    webhooks.keep(view, event)
    view.onCommitted((sequence) => subscriptions.publish(withIndex(event, this.#deps.indexOf(sequence))))
  }
}
