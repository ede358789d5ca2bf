/** The serving threads of a node: started together, told the same, replaced when one ends. */
import type { SharedKeys, ThreadsPort } from '../../core/threads-port.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger, Metrics, Tallied } from '../../lib/observe/index.ts'
import type { ListenerConfig } from '../../listener/index.ts'
import type { ProfileWish } from '../../request/inspect-ports.ts'
import type { InFlightRequest } from '../../request/system-ports.ts'
import type { Doors } from '../../request/wire.ts'
import { FairLane } from '../../storage/fair-lane.ts'
import type { Order, OrderResults, ThreadData } from './messages.ts'
import { ServingThread, type ServingThreadDeps } from './serving-thread.ts'

export interface ServingThreadsDeps extends Pick<
  ServingThreadDeps,
  'clock' | 'handler' | 'writeLog' | 'hear' | 'takeAudited'
> {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly count: number
  /** As things stand now: levels and addresses may have changed since the last thread was started. */
  dataOf(number: number): ThreadData
}

/** A key must be gone within this time, or the thread goes, ms. */
const CLOSE_PATIENCE = 5_000
/** What one report waits for a thread that is busy, ms. */
const REPORT_PATIENCE = 2_000
/** What a profile may take beyond its own time: it is large, ms. */
const PROFILE_PATIENCE = 20_000
const SHORTEST_REST = 100
const LONGEST_REST = 10_000

export class ServingThreads implements ThreadsPort {
  readonly #deps: ServingThreadsDeps
  readonly #lane = new FairLane()
  #threads: ServingThread[] = []
  #last = 0
  /** While unsealed: the way to the root keys. */
  #shareKeys: (() => SharedKeys) | undefined
  /** Where they listen, once they do. */
  #listeners: readonly ListenerConfig[] | undefined
  #isStopping = false
  #rest = SHORTEST_REST

  constructor(deps: ServingThreadsDeps) {
    this.#deps = deps
  }

  /** Those that live. */
  get all(): readonly ServingThread[] {
    return this.#threads
  }

  /** Rejects where one does not start. */
  async start(): Promise<void> {
    const threads = Array.from({ length: this.#deps.count }, () => this.#make())
    await Promise.all(threads.map((thread) => thread.ready()))
  }

  /** Rejects where one can't listen. */
  async listen(listeners: readonly ListenerConfig[]): Promise<void> {
    this.#listeners = listeners
    for (const thread of this.#threads) await thread.order({ kind: 'listen', listeners })
  }

  async open(shareKeys: () => SharedKeys): Promise<void> {
    await this.#exclusively(async () => {
      this.#shareKeys = shareKeys
      await Promise.all(this.#threads.map((thread) => thread.order({ kind: 'open', keys: shareKeys() }, 60_000)))
    })
  }

  async openHome(name: string, shareRootKey: () => SharedArrayBuffer): Promise<void> {
    await this.#exclusively(async () => {
      // Those that are not open yet are given all keys when they are.
      if (this.#shareKeys === undefined) return
      const order = (thread: ServingThread) => thread.order({ kind: 'openHome', name, rootKey: shareRootKey() }, 60_000)
      await Promise.all(this.#threads.map(order))
    })
  }

  async closeHome(name: string): Promise<void> {
    await this.#exclusively(async () => {
      if (this.#shareKeys === undefined) return
      await Promise.all(this.#threads.map((thread) => this.#orderToClose(thread, { kind: 'closeHome', name })))
    })
  }

  /** One that does not answer is ended: no key outlives the sealing. */
  async close(): Promise<void> {
    await this.#exclusively(async () => {
      this.#shareKeys = undefined
      await Promise.all(this.#threads.map((thread) => this.#orderToClose(thread, { kind: 'close' })))
    })
  }

  async tallies(): Promise<ReadonlyMap<number, readonly Tallied[]>> {
    const all = new Map<number, readonly Tallied[]>()
    await this.#each({ kind: 'tallies' }, REPORT_PATIENCE, (thread, tallies) => all.set(thread.number, tallies))
    return all
  }

  async inFlight(): Promise<readonly InFlightRequest[]> {
    const all: InFlightRequest[] = []
    await this.#each({ kind: 'inFlight' }, REPORT_PATIENCE, (_thread, requests) => all.push(...requests))
    return all
  }

  numbers(): readonly number[] {
    return this.#threads.map(({ number }) => number)
  }

  profile(number: number, wish: ProfileWish): Promise<string> {
    const thread = this.#threads.find((one) => one.number === number)
    if (thread === undefined) return Promise.reject(new Error('the thread has ended'))
    return thread.order({ kind: 'profile', wish }, wish.seconds * 1000 + PROFILE_PATIENCE)
  }

  /** Tells every thread; rejects with the first failure once all have answered. */
  async tell(
    order: Extract<Order, { readonly kind: 'reloadCertificates' | 'reopenAuditFiles' | 'levels' | 'doors' }>,
  ): Promise<void> {
    const outcomes = await Promise.allSettled(this.#threads.map((thread) => thread.order(order)))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** What each listener lets anyone do, in threads that start later, too. */
  async setDoors(doors: readonly Doors[]): Promise<void> {
    this.#listeners = this.#listeners?.map((config, i) => ({ ...config, ...doors[i] }))
    await this.tell({ kind: 'doors', doors })
  }

  /** No more requests come in, and those under way end within `grace` ms. Never rejects. */
  async quiet(grace: number): Promise<void> {
    this.#isStopping = true
    await Promise.allSettled(
      this.#threads.map((thread) => thread.order({ kind: 'quiet', grace }, grace + CLOSE_PATIENCE)),
    )
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const threads = this.#threads
    this.#threads = []
    await Promise.all(threads.map((thread) => thread.terminate()))
  }

  async #each<K extends 'tallies' | 'inFlight'>(
    order: Extract<Order, { readonly kind: K }>,
    ms: number,
    take: (thread: ServingThread, result: OrderResults[K]) => void,
  ): Promise<void> {
    await Promise.all(
      this.#threads.map(async (thread) => {
        try {
          take(thread, await thread.order<K>(order, ms))
        } catch {
          // What a thread that ends or hangs has counted is not in this report.
        }
      }),
    )
  }

  #make(): ServingThread {
    const thread = new ServingThread(this.#deps.dataOf(++this.#last), {
      clock: this.#deps.clock,
      handler: this.#deps.handler,
      writeLog: this.#deps.writeLog,
      hear: this.#deps.hear,
      takeAudited: this.#deps.takeAudited,
      died: (dead, reason) => this.#died(dead, reason),
    })
    this.#threads.push(thread)
    return thread
  }

  async #orderToClose(
    thread: ServingThread,
    order: Extract<Order, { readonly kind: 'close' | 'closeHome' }>,
  ): Promise<void> {
    try {
      await thread.order(order, CLOSE_PATIENCE)
    } catch {
      this.#deps.log.error('a serving thread did not give up its keys and was ended', { thread: thread.number })
      await thread.terminate()
      this.#died(thread, 'it did not answer')
    }
  }

  #died(thread: ServingThread, reason: string): void {
    this.#threads = this.#threads.filter((one) => one !== thread)
    this.#deps.metrics.forget(thread.number)
    if (this.#isStopping) return
    this.#deps.log.error('a serving thread ended and is replaced', { thread: thread.number, reason })
    this.#replaceLater()
  }

  #replaceLater(): void {
    const rest = this.#rest
    this.#rest = Math.min(rest * 2, LONGEST_REST)
    this.#deps.clock.timer(rest, () => this.#replace())
  }

  /** Never rejects. */
  async #replace(): Promise<void> {
    if (this.#isStopping || this.#threads.length >= this.#deps.count) return
    const thread = this.#make()
    try {
      await thread.ready()
      await this.#exclusively(async () => {
        if (this.#shareKeys !== undefined) await thread.order({ kind: 'open', keys: this.#shareKeys() }, 60_000)
      })
      const listeners = this.#listeners
      if (listeners !== undefined) await thread.order({ kind: 'listen', listeners })
      this.#rest = SHORTEST_REST
      this.#deps.log.info('a serving thread has taken the place of the one that ended', { thread: thread.number })
    } catch (error) {
      this.#deps.log.error('a serving thread could not be replaced and is tried again', {
        thread: thread.number,
        reason: error instanceof Error ? error.message : 'unknown',
      })
      this.#threads = this.#threads.filter((one) => one !== thread)
      await thread.terminate()
      this.#replaceLater()
    }
  }

  async #exclusively(action: () => Promise<void>): Promise<void> {
    const leave = await this.#lane.enter()
    try {
      await action()
    } finally {
      leave()
    }
  }
}
