/**
 * What this process knows of the store: its newest commit and the revision of etcd that shows it. It looks when a watch says that
 * something happened and once a second besides, so that a watch that fails unnoticed costs a second; what it saw in between it finds
 * in the log of changes, and where that does not reach back far enough everything may have changed.
 */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import type { ChangeFeed } from '../change-feed.ts'
import type { Change, Leader, Sequence } from '../driver.ts'
import { Freshness } from '../freshness.ts'
import type { EtcdClient } from './etcd-client.ts'
import {
  type BigCommit,
  changesIn,
  decodeHead,
  decodeLeader,
  decodeRecord,
  EMPTY_HEAD,
  type EtcdLayout,
  type Head,
  type LogRecord,
} from './etcd-layout.ts'
import type { RangeResponse, TxnResponse } from './etcd-messages.ts'

/** What a snapshot shows: the store at `revision`. */
export interface StoreState {
  readonly revision: number
  readonly sequence: Sequence
  readonly generation: number
  readonly big: BigCommit | undefined
}

/** The store at one moment. */
export interface Sight {
  readonly revision: number
  readonly head: Head
  /** When the head was last written; 0 where there is none. */
  readonly headRevision: number
  readonly leader: (Leader & { readonly created: number }) | undefined
  /** Of commits after the one that was known when this was asked for. */
  readonly records: readonly LogRecord[]
}

export interface ObserverOptions {
  readonly client: EtcdClient
  readonly layout: EtcdLayout
  readonly clock: Clock
  readonly log: Logger
  readonly feed: ChangeFeed
  /** How long what was seen counts as new, ms. */
  readonly freshFor: number | undefined
  /** Called with what was seen before anything is made of it. */
  seen(sight: Sight): void
  /** Commits that were seen: those of this process are for their writer to tell of. */
  announce(sight: Sight): Announcement
  /** Whether this process writes, so that a watch would tell it of what it knows. */
  writes(): boolean
}

/** Told of; about to be told of and shown, once their writer has heard of them; or of another process. */
export type Announcement = 'told' | 'later' | 'foreign'

const POLL = 1000
/** Who is further behind than this many groups of commits forgets everything. */
const LONGEST_CATCH_UP = 1000

export class EtcdObserver {
  readonly #options: ObserverOptions
  readonly #freshness: Freshness
  #state: StoreState = { revision: 0, sequence: 0, generation: EMPTY_HEAD.generation, big: undefined }
  #running: Promise<Sight> | undefined
  #next: Promise<Sight> | undefined
  readonly #waiting = new Set<() => void>()
  #timer: Timer | undefined
  #endWatch: (() => void) | undefined
  #away = false
  #closed = false

  constructor(options: ObserverOptions) {
    this.#options = options
    this.#freshness = new Freshness(options.clock, options.freshFor)
  }

  get state(): StoreState {
    return this.#state
  }

  /** Whether the store was seen a short while ago. */
  get current(): boolean {
    return this.#freshness.current
  }

  /** The first look, and from then on by itself. Rejects where etcd does not answer. */
  async open(): Promise<void> {
    await this.look()
    this.#watch()
    this.#poll()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#endWatch?.()
    this.#wake()
  }

  /** The store as it is at some moment after the call. */
  look(): Promise<Sight> {
    this.#next ??= this.#lookAfter(this.#running)
    return this.#next
  }

  /** Snapshots show this from now on. */
  show(revision: number, head: Head): void {
    if (revision < this.#state.revision || head.sequence < this.#state.sequence) return
    const { sequence, generation, big } = head
    this.#state = { revision, sequence, generation, big }
    this.#wake()
  }

  /** Resolves at the next look or change, after `ms` at the latest, or when the signal is aborted. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.#closed || signal?.aborted === true) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    this.#waiting.add(wake)
    signal?.addEventListener('abort', wake)
    using _timer = this.#options.clock.timer(ms, wake)
    await promise
    signal?.removeEventListener('abort', wake)
    this.#waiting.delete(wake)
  }

  async #lookAfter(running: Promise<Sight> | undefined): Promise<Sight> {
    // What is under way may have been answered before the caller asked.
    await running?.catch(() => undefined)
    this.#next = undefined
    this.#running = this.#read()
    return this.#running
  }

  async #read(): Promise<Sight> {
    const { client, layout, clock } = this.#options
    const known = this.#state.sequence
    const asked = clock.monotonic()
    const response = await client.readTxn({
      compare: [],
      success: [
        { kind: 'range', key: layout.head },
        { kind: 'range', key: layout.leader },
        { kind: 'range', ...layout.logAfter(known), limit: LONGEST_CATCH_UP },
      ],
      failure: [],
    })
    const sight = sightOf(response)
    this.#take(sight, asked)
    return sight
  }

  #take(sight: Sight, asked: number): void {
    const { revision, head } = sight
    if (revision >= this.#state.revision) {
      this.#options.seen(sight)
      if (head.sequence < this.#state.sequence) this.#options.log.error('the store in etcd went back in time', {})
      const changes = this.#changesUpTo(sight)
      const announcement = changes.length === 0 ? 'told' : this.#options.announce(sight)
      if (announcement !== 'later') this.show(revision, head)
      if (announcement === 'foreign') for (const change of changes) this.#options.feed.publish(change)
    }
    this.#freshness.note(asked)
    this.#wake()
  }

  #changesUpTo({ head, records }: Sight): readonly Change[] {
    const known = this.#state.sequence
    if (head.sequence <= known) return []
    const changes: Change[] = []
    const reset: Change = { sequence: head.sequence, keys: [], reset: true }
    let reached = known
    for (const record of records) {
      if (record.before > reached) return [reset]
      changes.push(...changesIn(record, known))
      reached = record.commits.at(-1)?.sequence ?? reached
    }
    return reached === head.sequence ? changes : [reset]
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  #watch(): void {
    const { client, layout, clock, log } = this.#options
    if (this.#closed) return
    this.#endWatch = client.watch(
      layout.signs,
      () => {
        if (!this.#options.writes()) void this.#glance()
      },
      (error) => {
        log.debug('the watch on etcd ended', { error: String(error) })
        this.#endWatch = undefined
        clock.timer(POLL / 4, () => this.#watch())
      },
    )
  }

  #poll(): void {
    if (this.#closed) return
    this.#timer = this.#options.clock.timer(POLL, async () => {
      await this.#glance()
      this.#poll()
    })
  }

  async #glance(): Promise<void> {
    const { log } = this.#options
    try {
      await this.look()
      if (this.#away) log.info('etcd answers again')
      this.#away = false
    } catch (error) {
      if (!this.#away && !this.#closed) log.warn('etcd does not answer', { error: String(error) })
      this.#away = true
      this.#wake()
    }
  }
}

function sightOf({ revision, ranges }: TxnResponse): Sight {
  const [heads, leaders, log] = ranges
  const { head, headRevision } = headIn(heads)
  const leader = leaders?.entries[0]
  return {
    revision,
    head,
    headRevision,
    leader: leader === undefined ? undefined : { ...decodeLeader(leader.value), created: leader.createRevision },
    records: log?.entries.map(({ value }) => decodeRecord(value)) ?? [],
  }
}

/** The head that a range over its key found. */
export function headIn(found: RangeResponse | undefined): { readonly head: Head; readonly headRevision: number } {
  const entry = found?.entries[0]
  if (entry === undefined) return { head: EMPTY_HEAD, headRevision: 0 }
  return { head: decodeHead(entry.value), headRevision: entry.modRevision }
}
