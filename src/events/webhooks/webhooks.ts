/**
 * Webhooks: where they are kept, and the events that wait for them. An event is put into the outbox of each webhook that wants it in the
 * transaction that it tells of. The leader alone delivers.
 */
import { X509Certificate } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import type { Logger, Metrics } from '../../lib/observe/index.ts'
import { uuid } from '../../lib/secure/random.ts'
import { rfc3339 } from '../../lib/rfc3339.ts'
import type { DeliveryOutcome, WebhookConfig, WebhooksPort, WebhookStatus } from '../../request/event-ports.ts'
import type { Namespace } from '../../request/request.ts'
import type { Sequence } from '../../storage/driver.ts'
import type { Store } from '../../storage/store.ts'
import type { ReadView, WriteView } from '../../storage/view.ts'
import { cloudEvent } from '../cloud-event.ts'
import { eventErrors } from '../errors.ts'
import { withIndex, type Event } from '../event.ts'
import { selectionOf } from '../selection.ts'
import { Deliverer, type DelivererDeps } from './deliverer.ts'
import { DestinationError, destinationOf } from './destination.ts'
import { homeOf } from '../../request/namespace-home.ts'
import { freshState, hooks, hooksFolder, outbox, PREFIX, states, type Hook, type HookState } from './records.ts'
import { send, type Answered, type SendOptions } from './send.ts'
import { keyOf, newSecret, signedHeaders } from './signature.ts'

export interface WebhookSettings extends Pick<SendOptions, 'allowHttp' | 'lookup'> {
  /** Of the requests that deliver events. */
  readonly userAgent: string
}

export interface WebhooksDeps extends WebhookSettings {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  namespace(id: string): Namespace | undefined
  /** Folders of the namespaces that can be read; empty is that of all that have none. */
  homes(): readonly string[]
  source(): string
  indexOf(sequence: Sequence): string
}

const MOST = 100
const MOST_TYPES = 100
/** ms until a receiver must have answered. */
const PATIENCE = 15_000
const TEST_TYPE = 'webhook/test'

export class Webhooks implements WebhooksPort {
  readonly #deps: WebhooksDeps
  /** By their id; empty on a node that does not lead. */
  readonly #deliverers = new Map<string, Deliverer>()
  #lastNumber = 0

  constructor(deps: WebhooksDeps) {
    this.#deps = deps
    const pending = deps.metrics.gauge('vault.events.webhooks.pending')
    deps.metrics.beforeReport(() =>
      pending.set([...this.#deliverers.values()].reduce((sum, one) => sum + one.pending, 0)),
    )
  }

  get any(): boolean {
    return this.#deliverers.size > 0
  }

  async start(): Promise<void> {
    for (const home of this.#deps.homes()) await this.homeOpened(home)
  }

  /** What lies in there can be read from here on: it is gone on with. */
  async homeOpened(home: string): Promise<void> {
    for (const folder of await this.#deps.store.read((view) => view.list(home + PREFIX))) {
      const namespace = this.#deps.namespace(folder.replace(/\/$/, ''))
      if (namespace !== undefined) await this.#resume(namespace)
    }
  }

  /** The namespaces in there are sealed: nothing of theirs stays in memory. */
  homeClosed(home: string): void {
    for (const one of this.#deliverers.values()) if (homeOf(one.namespace) === home) this.#dismiss(one)
  }

  async stop(): Promise<void> {
    const all = [...this.#deliverers.values()]
    this.#deliverers.clear()
    await Promise.all(all.map((one) => one.stop()))
  }

  /** The namespace is gone, with all that was kept for it. */
  forget(namespaceId: string): void {
    for (const one of this.#deliverers.values()) if (one.namespace === namespaceId) this.#dismiss(one)
  }

  /** In the transaction that the event tells of. */
  keep(view: WriteView, event: Event): void {
    let bytes: Uint8Array | undefined
    for (const one of this.#deliverers.values()) {
      if (!one.takes(event)) continue
      bytes ??= outbox.encode(event)
      const number = this.#nextNumber()
      view.put(outbox.key({ namespace: one.namespace, id: one.id, number }), bytes)
      view.onCommitted(() => one.added(number))
    }
  }

  async list(view: ReadView, { id }: Namespace): Promise<readonly string[]> {
    return hooks.list(view, hooksFolder(id))
  }

  async get(view: ReadView, { id }: Namespace, name: string): Promise<WebhookConfig | undefined> {
    return hooks.get(view, { namespace: id, name })
  }

  async put(view: WriteView, namespace: Namespace, name: string, config: WebhookConfig): Promise<void> {
    this.#check(config, namespace)
    const key = { namespace: namespace.id, name }
    const before = await hooks.get(view, key)
    if (before === undefined && this.#deliverers.size >= MOST) throw eventErrors.WEBHOOKS({ most: MOST })
    const hook: Hook = { ...config, id: before?.id ?? uuid() }
    const state = (await states.get(view, { namespace: namespace.id, id: hook.id })) ?? freshState
    const ready = { ...state, attempts: 0, nextAttempt: 0, stopped: false }
    hooks.put(view, key, hook)
    states.put(view, { namespace: namespace.id, id: hook.id }, ready)
    view.onCommitted(() => this.#adopt(namespace, hook, ready))
  }

  async delete(view: WriteView, { id: namespace }: Namespace, name: string): Promise<void> {
    const hook = await hooks.get(view, { namespace, name })
    if (hook === undefined) return
    const { id } = hook
    hooks.delete(view, { namespace, name })
    states.delete(view, { namespace, id })
    for (const number of await outbox.numbers(view, namespace, id)) view.delete(outbox.key({ namespace, id, number }))
    view.onCommitted(() => this.#dismiss(this.#deliverers.get(id)))
  }

  async status(view: ReadView, { id }: Namespace, name: string): Promise<WebhookStatus | undefined> {
    const hook = await hooks.get(view, { namespace: id, name })
    return hook && this.#deliverers.get(hook.id)?.status()
  }

  async test(namespace: Namespace, name: string, config: WebhookConfig, signal: AbortSignal): Promise<DeliveryOutcome> {
    const event: Event = {
      id: uuid(),
      time: rfc3339(this.#deps.clock.now()),
      type: TEST_TYPE,
      namespace,
      metadata: new Map([
        ['modified', 'false'],
        ['operation', 'test'],
        ['path', `sys/events/webhooks/${name}/test`],
      ]),
      mount: { class: 'system', accessor: '', path: 'sys/', plugin: 'system', version: '' },
    }
    const { delivered, status, error } = await this.#send(config, event, signal)
    return { delivered, status, error }
  }

  newSecret(): string {
    return newSecret()
  }

  #check(config: WebhookConfig, namespace: Namespace): void {
    try {
      destinationOf(config.url, this.#deps)
    } catch (error) {
      if (!(error instanceof DestinationError)) throw error
      throw eventErrors.WEBHOOK_URL({ reason: error.message })
    }
    const { types } = config
    if (types.length === 0 || types.length > MOST_TYPES || types.includes('')) throw eventErrors.WEBHOOK_TYPES()
    selectionOf(config, namespace)
    if (keyOf(config.secret) === undefined) throw eventErrors.WEBHOOK_SECRET()
    if (config.caCert !== '' && !isCertificate(config.caCert)) throw eventErrors.WEBHOOK_CA()
    within('max_attempts', config.maxAttempts, 0, 1000)
    within('max_pending', config.maxPending, 1, 100_000)
  }

  async #resume(namespace: Namespace): Promise<void> {
    const { store } = this.#deps
    const found = await store.read(async (view) => {
      const out: { readonly hook: Hook; readonly state: HookState; readonly numbers: readonly number[] }[] = []
      for (const name of await hooks.list(view, hooksFolder(namespace.id))) {
        const hook = await hooks.get(view, { namespace: namespace.id, name })
        if (hook === undefined) continue
        const state = (await states.get(view, { namespace: namespace.id, id: hook.id })) ?? freshState
        out.push({ hook, state, numbers: await outbox.numbers(view, namespace.id, hook.id) })
      }
      return out
    })
    for (const { hook, state, numbers } of found) {
      this.#lastNumber = Math.max(this.#lastNumber, numbers.at(-1) ?? 0)
      this.#adopt(namespace, hook, state, numbers)
    }
    await this.#clearOrphans(namespace.id, new Set(found.map(({ hook }) => hook.id)))
  }

  /** What was committed for a webhook that was deleted at the same moment. */
  async #clearOrphans(namespace: string, known: ReadonlySet<string>): Promise<void> {
    const { store } = this.#deps
    const folders = await store.read((view) => view.list(outbox.prefix(namespace)))
    for (const id of folders.map((folder) => folder.replace(/\/$/, ''))) {
      if (known.has(id)) continue
      await store.write(async (view) => {
        for (const number of await outbox.numbers(view, namespace, id))
          view.delete(outbox.key({ namespace, id, number }))
      })
    }
  }

  #adopt(namespace: Namespace, hook: Hook, state: HookState, numbers: readonly number[] = []): void {
    const selection = selectionOf(hook, namespace)
    const known = this.#deliverers.get(hook.id)
    if (known !== undefined) return known.changed(hook, selection, state)
    this.#deliverers.set(hook.id, new Deliverer(this.#delivering(), namespace.id, hook, selection, { state, numbers }))
  }

  #dismiss(one: Deliverer | undefined): void {
    if (one === undefined) return
    this.#deliverers.delete(one.id)
    void one.stop()
  }

  #delivering(): DelivererDeps {
    const { store, clock, log, metrics, indexOf } = this.#deps
    return {
      store,
      clock,
      log,
      send: (hook, event, signal) => this.#send(hook, withIndex(event, indexOf(store.driver.sequence)), signal),
      counted: (what, count) => metrics.counter(`vault.events.webhooks.${what}`).add(count),
    }
  }

  #send(config: WebhookConfig, event: Event, signal: AbortSignal): Promise<Answered> {
    const { clock, userAgent, source } = this.#deps
    const body = cloudEvent(event, source())
    // Checked when it was written.
    const key = keyOf(config.secret) ?? new Uint8Array(0)
    const headers = {
      'Content-Type': 'application/cloudevents+json; charset=utf-8',
      'User-Agent': userAgent,
      ...signedHeaders(key, event.id, Math.floor(clock.now() / 1000), body),
    }
    const { url, caCert } = config
    return send({ url, caCert, headers, body, signal }, { ...this.#deps, patience: PATIENCE })
  }

  /** Grows with time and never goes back, not even where the clock does: what depends on another event comes after it. */
  #nextNumber(): number {
    this.#lastNumber = Math.max(this.#lastNumber + 1, this.#deps.clock.now() * 1000)
    return this.#lastNumber
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

function within(field: string, value: number, least: number, most: number): void {
  if (value < least || value > most) throw eventErrors.WEBHOOK_LIMIT({ field, takes: `${least} to ${most}` })
}
