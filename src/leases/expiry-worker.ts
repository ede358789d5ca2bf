/**
 * Ends what is due: reads the head of the expiry index, runs the revocations, and sleeps until the next. One timer for all leases.
 * It runs on the active node only. Nobody depends on its being in time: what is over is refused wherever it is used.
 */
import { setImmediate } from 'node:timers/promises'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { isNamespaceSealed } from '../errors/namespaces.ts'
import { homeCalled, homeNameIn } from '../request/namespace-home.ts'
import type { TokenExpiry } from '../request/token-ports.ts'
import type { Change } from '../storage/driver.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView } from '../storage/view.ts'
import { DueQueue, type QueueLimits, type Task } from './due-queue.ts'
import { isTokenRef, leaseKeys, parseDue, type DuePlace } from './lease-keys.ts'
import { decodeName, leaseRecords } from './lease-record.ts'
import { pendingJobs } from './prefix-jobs.ts'
import type { Revoker } from './revoker.ts'
import type { SteadyTime } from './steady-time.ts'

export interface WorkerDeps {
  readonly store: Store
  readonly revoker: Revoker
  runPrefixJob(id: string): Promise<void>
  readonly tokens: TokenExpiry
  readonly clock: Clock
  readonly time: SteadyTime
  readonly log: Logger
  readonly limits?: Partial<QueueLimits>
  /** Folders of the namespaces whose leases can be read; empty is that of all that have none. */
  homes(): readonly string[]
}

/** The wall clock may leap while the worker sleeps: it looks at it, and at nothing else, this often. */
const LONGEST_SLEEP = 10_000
const PAGE = 500
/** After a failure of the storage itself. */
const REST = 10_000
const DEFAULTS: QueueLimits = { workers: 200, perMount: 100, held: 5000 }

export class ExpiryWorker {
  readonly #deps: WorkerDeps
  readonly #queue: DueQueue
  readonly #tasks = new Set<Promise<void>>()
  readonly #jobs = new Set<string>()
  #unsubscribe: (() => void) | undefined
  #timer: Timer | undefined
  #wakesAt = Infinity
  /** The scan of a home's index goes on after this key of it. */
  readonly #cursors = new Map<string, string>()
  #scanning: Promise<void> | undefined
  #again = false

  constructor(deps: WorkerDeps) {
    this.#deps = deps
    this.#queue = new DueQueue({ ...DEFAULTS, ...deps.limits })
  }

  start(): void {
    if (this.#unsubscribe !== undefined) return
    this.#unsubscribe = this.#deps.store.driver.subscribe((change) => this.#changed(change))
    this.#track(this.#resumeJobs())
    this.wake()
  }

  /** At seal or step-down; waits for what is running. */
  async stop(): Promise<void> {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#timer?.cancel()
    while (this.#scanning !== undefined || this.#tasks.size > 0) await Promise.all([this.#scanning, ...this.#tasks])
  }

  /** Looks for due tasks now. */
  wake(): void {
    if (this.#unsubscribe === undefined) return
    this.#again = true
    this.#scanning ??= this.#scan().finally(() => {
      this.#scanning = undefined
    })
  }

  /** Until nothing is left that is due now; for tests. */
  async settled(): Promise<void> {
    while (this.#scanning !== undefined || this.#tasks.size > 0) await Promise.all([this.#scanning, ...this.#tasks])
  }

  /** Never rejects. */
  async #scan(): Promise<void> {
    while (this.#again && this.#unsubscribe !== undefined) {
      this.#again = false
      try {
        const next = await this.#collect()
        this.#dispatch()
        this.#sleep(next)
      } catch (error) {
        this.#deps.log.warn('the expiry index could not be read', { cause: nameOf(error) })
        this.#sleep(this.#deps.time.due() + REST)
      }
    }
  }

  /** Offers due tasks to the queue. The time of the first that is not due yet. */
  async #collect(): Promise<number> {
    let first = Infinity
    for (const home of this.#deps.homes()) {
      try {
        first = Math.min(first, await this.#collectIn(home))
      } catch (error) {
        // Its namespace was sealed meanwhile: nobody comes by what is in there until it is opened.
        if (!isNamespaceSealed(error)) throw error
      }
    }
    return first
  }

  async #collectIn(home: string): Promise<number> {
    const { store, time } = this.#deps
    const index = leaseKeys.due(home)
    for (;;) {
      const cursor = this.#cursors.get(home)
      const page = { limit: PAGE, ...(cursor === undefined ? {} : { after: cursor }) }
      const due = time.due()
      const { tasks, next, last } = await store.read(async (view) => {
        const found: Task[] = []
        let key: string | undefined
        for (key of await view.keys(index, page)) {
          const place = parseDue(key)
          if (place === undefined) continue
          if (place.time > due) return { tasks: found, next: place.time, last: undefined }
          found.push({ place, group: await groupOf(view, place) })
        }
        return { tasks: found, next: Infinity, last: key }
      })
      for (const task of tasks) this.#queue.offer(task)
      const reached = tasks.at(-1)?.place.storageKey
      if (reached !== undefined) this.#cursors.set(home, reached)
      if (last === undefined) return next
      // However much is due, requests have their turn between two pages.
      await setImmediate()
      if (this.#unsubscribe === undefined) {
        this.#cursors.clear()
        return Infinity
      }
    }
  }

  #dispatch(): void {
    for (let task = this.#queue.take(); task !== undefined; task = this.#queue.take()) this.#track(this.#run(task))
    if (this.#queue.hungry) {
      this.#queue.hungry = false
      this.#rescan()
    } else if (this.#queue.idle) this.#cursors.clear()
  }

  /** Never rejects. */
  async #run(task: Task): Promise<void> {
    try {
      await this.#end(task.place)
      this.#queue.release(task)
    } catch (error) {
      if (!isNamespaceSealed(error)) this.#deps.log.warn('a lease could not be ended', { cause: nameOf(error) })
      this.#deps.clock.timer(REST, () => {
        this.#queue.release(task)
        this.#rescan()
      })
    }
    this.#queue.done(task)
    this.#dispatch()
  }

  async #end(place: DuePlace): Promise<void> {
    const { store, tokens, revoker } = this.#deps
    if (isTokenRef(place.ref)) {
      await tokens.cleanUp(place.ref)
      await store.write(async (view) => {
        if (!(await tokens.stored(view, place.ref))) view.delete(place.storageKey)
      })
      return
    }
    const name = await store.write(async (view) => {
      const bytes = await view.get(place.storageKey)
      if (bytes === undefined) return undefined
      const named = decodeName(bytes)
      const lease = await leaseRecords.get(view, named.namespaceId, named.id)
      if (lease !== undefined && lease !== 'token' && lease.dueAt === place.time) return named
      // Renewed, moved or gone: this place of the index means nothing any more.
      view.delete(place.storageKey)
      return undefined
    })
    if (name === undefined) return
    try {
      await revoker.revoke(name)
    } catch (error) {
      await revoker.failed(name, error)
    }
  }

  #sleep(until: number): void {
    this.#wakesAt = until
    this.#timer?.cancel()
    if (this.#unsubscribe === undefined) return
    const wait = Math.max(until - this.#deps.time.due(), 0)
    this.#timer = this.#deps.clock.timer(Math.min(wait, LONGEST_SLEEP), () => {
      if (this.#wakesAt > this.#deps.time.due()) return this.#sleep(this.#wakesAt)
      this.wake()
      return this.settled()
    })
  }

  /** What was committed may be due before the timer, or behind the cursor. */
  #changed(change: Change): void {
    if (change.reset === true) this.#rescan()
    for (const key of change.keys) {
      if (key.startsWith(leaseKeys.prefixJobs)) this.#track(this.#job(key.slice(leaseKeys.prefixJobs.length)))
      const place = parseDue(key)
      if (place === undefined) continue
      if (place.time > this.#deps.time.due()) {
        if (place.time < this.#wakesAt) this.#sleep(place.time)
      } else if (!this.#queue.has(place.ref)) {
        const home = homeCalled(homeNameIn(key))
        const cursor = this.#cursors.get(home)
        if (cursor !== undefined && key <= cursor) this.#cursors.delete(home)
        this.wake()
      }
    }
  }

  /** A namespace was opened: what is in there may be due for long. */
  opened(): void {
    if (this.#unsubscribe === undefined) return
    this.#track(this.#resumeJobs())
    this.#rescan()
  }

  #rescan(): void {
    this.#cursors.clear()
    this.wake()
  }

  async #resumeJobs(): Promise<void> {
    const ids = await this.#deps.store.read(pendingJobs)
    await Promise.all(ids.map((id) => this.#job(id)))
  }

  /** Never rejects. */
  async #job(id: string): Promise<void> {
    if (this.#jobs.has(id)) return
    this.#jobs.add(id)
    try {
      await this.#deps.runPrefixJob(id)
    } catch (error) {
      // It goes on when its namespace is opened.
      if (isNamespaceSealed(error)) return
      this.#deps.log.warn('revoking a prefix stopped; it goes on later', { cause: nameOf(error) })
      this.#deps.clock.timer(REST, () => this.#track(this.#job(id)))
    } finally {
      this.#jobs.delete(id)
    }
  }

  #track(task: Promise<void>): void {
    const tracked = task.catch((error: unknown) => {
      this.#deps.log.warn('a task of the expiry worker failed', { cause: nameOf(error) })
    })
    this.#tasks.add(tracked)
    void tracked.finally(() => this.#tasks.delete(tracked))
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}

/** A token's place says by its name that it belongs to no mount, and is not read for that. */
async function groupOf(view: ReadView, { ref, storageKey }: DuePlace): Promise<string> {
  const bytes = isTokenRef(ref) ? undefined : await view.get(storageKey)
  return bytes === undefined ? '' : decodeName(bytes).mountUuid
}
