/**
 * The shared store: etcd, through its API v3. One process writes, the leader, and finds conflicts in memory; etcd refuses the writes of
 * every other. The rest follow what it writes and read. See `etcd-layout.ts` for what stands where.
 *
 * etcd keeps what keys were until it is compacted. The leader compacts to what was ten minutes ago, unless `compact` is false: for
 * a cluster that does so itself (`--auto-compaction-retention`), best to no less than the longest snapshot, or whose other users must
 * not lose their history. A snapshot that was compacted away fails with `STORAGE_UNAVAILABLE`; it never shows anything else.
 */
import { hostname } from 'node:os'
import { status } from '@grpc/grpc-js'
import type { CofferError } from '../../errors/coffer-error.ts'
import { storageErrors } from '../../errors/storage.ts'
import type { Awaitable } from '../../lib/awaitable.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import { ChangeFeed } from '../change-feed.ts'
import { CommitQueue } from '../commit-queue.ts'
import type { Change, Driver, Election, Entry, ReadSet, Sequence, Snapshot, WriteSet } from '../driver.ts'
import { OpenSnapshots } from '../open-snapshots.ts'
import type { EtcdTls } from './etcd-addresses.ts'
import { EtcdClient } from './etcd-client.ts'
import { EtcdCommits } from './etcd-commits.ts'
import { EtcdCompactor } from './etcd-compactor.ts'
import { type Elected, EtcdElection } from './etcd-election.ts'
import { EtcdError, hasCode, storageErrorOf } from './etcd-error.ts'
import { EtcdLayout, MAX_KEY_BYTES } from './etcd-layout.ts'
import { type Announcement, EtcdObserver, type Sight } from './etcd-observer.ts'
import { EtcdReader, EtcdSnapshot } from './etcd-snapshot.ts'
import { EtcdWriter, type Seat } from './etcd-writer.ts'

export interface EtcdOptions {
  /** `http://host:port` or `https://host:port`; the next is asked where one does not answer. */
  readonly addresses: readonly string[]
  /** What all keys start with; stores in one etcd differ in it. */
  readonly path?: string
  readonly tls?: EtcdTls
  readonly username?: string
  readonly password?: string
  /** Several processes take turns in writing. Otherwise this one does, from the start. */
  readonly haEnabled: boolean
  /** How long a leader that fell silent keeps its place, in ms; at least two seconds, in whole seconds. */
  readonly lockTtl?: number
  /** No call to etcd takes longer, in ms. */
  readonly requestTimeout?: number
  /** How long after it last saw the store a process that follows still answers, in ms. */
  readonly freshFor?: number
  /** With what is beside it, a value must fit a request: 1.5 MiB unless etcd's `--max-request-bytes` says otherwise. */
  readonly maxValueBytes?: number
  readonly compact?: boolean
  readonly clock: Clock
  readonly log: Logger
  /** Where other threads of the process announce commits: the newest of them, which snapshots must show. */
  readonly announced?: () => Sequence
}

const LOCK_TTL = 8000
const REQUEST_TIMEOUT = 10_000
/** 1 MiB and what sealing adds to it leave a quarter of etcd's request for the keys and the log of changes. */
const MAX_VALUE_BYTES = (1 << 20) + (64 << 10)

/** What there is while this process leads. */
interface Role {
  readonly seat: Seat
  readonly writer: EtcdWriter
  readonly commits: EtcdCommits
  readonly queue: CommitQueue
  readonly compactor: EtcdCompactor | undefined
}

/** The calls that a driver with these options makes. Throws `STORAGE_CANNOT_OPEN`. */
function clientOf(options: EtcdOptions): EtcdClient {
  return new EtcdClient({ ...options, requestTimeout: options.requestTimeout ?? REQUEST_TIMEOUT })
}

/**
 * Connects, and takes the lead unless there is an election for that.
 * Rejects with `STORAGE_CANNOT_OPEN`, `STORAGE_UNAVAILABLE` or, without an election, `STORAGE_IN_USE`.
 */
export async function openEtcd(options: EtcdOptions, client = clientOf(options)): Promise<EtcdDriver> {
  const driver = new EtcdDriver(options, client)
  try {
    await driver.open()
  } catch (error) {
    await driver.close()
    throw storageErrorOf(error)
  }
  return driver
}

export class EtcdDriver implements Driver {
  readonly type = 'etcd'
  readonly maxKeyBytes = MAX_KEY_BYTES
  readonly maxValueBytes: number
  readonly election: Election | undefined
  readonly #options: EtcdOptions
  readonly #timeout: number
  readonly #lockTtl: number
  readonly #layout: EtcdLayout
  readonly #client: EtcdClient
  readonly #reader: EtcdReader
  readonly #observer: EtcdObserver
  readonly #election: EtcdElection
  readonly #feed = new OrderedFeed()
  readonly #open = new OpenSnapshots()
  /** The same by the revisions of etcd. */
  readonly #openRevisions = new OpenSnapshots()
  readonly #stop = new AbortController()
  #role: Role | undefined
  #closing: Promise<void> | undefined

  /** See `openEtcd`. */
  constructor(options: EtcdOptions, client: EtcdClient) {
    const { clock, log } = options
    this.#options = options
    this.#timeout = options.requestTimeout ?? REQUEST_TIMEOUT
    this.#lockTtl = Math.max(Math.ceil((options.lockTtl ?? LOCK_TTL) / 1000), 2) * 1000
    this.maxValueBytes = options.maxValueBytes ?? MAX_VALUE_BYTES
    this.#layout = new EtcdLayout(options.path ?? 'coffer/')
    this.#client = client
    this.#reader = new EtcdReader(client, this.#layout)
    this.#observer = new EtcdObserver({
      client,
      layout: this.#layout,
      clock,
      log,
      feed: this.#feed,
      freshFor: options.freshFor,
      seen: (sight) => this.#seen(sight),
      announce: (sight) => this.#announce(sight),
      writes: () => this.#role?.seat.valid() === true,
    })
    this.#election = new EtcdElection({
      client,
      layout: this.#layout,
      observer: this.#observer,
      clock,
      log,
      lockTtl: this.#lockTtl,
      begin: (elected) => this.#begin(elected),
      drain: (seat) => this.#drain(seat, storageErrors.NOT_LEADER()),
      over: (seat, reason) => this.#over(seat, reason),
    })
    this.election = options.haEnabled ? this.#election : undefined
  }

  /** See `openEtcd`. */
  async open(): Promise<void> {
    await this.#observer.open()
    if (!this.#options.haEnabled) await this.#takeLead()
  }

  get sequence(): Sequence {
    return this.#observer.state.sequence
  }

  /** Who writes knows what it wrote; whether it still may, the leadership says. */
  get current(): boolean {
    return this.#role?.seat.valid() === true || this.#observer.current
  }

  snapshot(): Awaitable<Snapshot> {
    if (this.#closing !== undefined) throw storageErrors.CLOSED()
    const announced = this.#options.announced?.() ?? 0
    return announced <= this.sequence ? this.#snapshot() : this.#snapshotOf(announced)
  }

  async commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    return this.#leading().queue.commit(reads, writes)
  }

  async replace(entries: AsyncIterable<readonly Entry[]>): Promise<Sequence> {
    const { queue, commits } = this.#leading()
    try {
      return await queue.replace((sequence) => commits.replace(sequence, entries))
    } catch (error) {
      throw error instanceof EtcdError ? storageErrorOf(error) : error
    }
  }

  async reach(sequence: Sequence, ms: number): Promise<boolean> {
    const { clock } = this.#options
    const end = clock.monotonic() + ms
    // One look; after it the watch tells.
    if (sequence > this.sequence && ms > 0) this.#observer.look().catch(() => undefined)
    while (sequence > this.sequence && this.#closing === undefined) {
      const left = end - clock.monotonic()
      if (left <= 0) return false
      await this.#observer.wait(left)
    }
    return sequence <= this.sequence
  }

  subscribe(listener: (change: Change) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  #snapshot(): Snapshot {
    if (this.#closing !== undefined) throw storageErrors.CLOSED()
    const { state } = this.#observer
    this.#open.add(state.sequence)
    this.#openRevisions.add(state.revision)
    return new EtcdSnapshot(this.#reader, state, () => {
      this.#open.remove(state.sequence)
      this.#openRevisions.remove(state.revision)
    })
  }

  async #snapshotOf(sequence: Sequence): Promise<Snapshot> {
    if (!(await this.reach(sequence, this.#timeout))) throw storageErrors.UNAVAILABLE()
    return this.#snapshot()
  }

  #leading(): Role {
    if (this.#closing !== undefined) throw storageErrors.CLOSED()
    if (this.#role?.seat.valid() === true) return this.#role
    throw this.#options.haEnabled ? storageErrors.NOT_LEADER() : storageErrors.UNAVAILABLE()
  }

  /** A newer look at the store than any before. */
  #seen({ leader }: Sight): void {
    const role = this.#role
    if (role !== undefined && leader?.created !== role.seat.created) role.seat.end('its key in etcd is gone')
  }

  #announce({ leader, head }: Sight): Announcement {
    const role = this.#role
    if (role === undefined || leader?.created !== role.seat.created) return 'foreign'
    role.queue.announce(head.sequence)
    // A replacement is told of by the queue alone.
    return role.queue.sequence >= head.sequence ? 'told' : 'later'
  }

  async #begin({ seat, head, revision }: Elected): Promise<void> {
    const { clock, log } = this.#options
    const client = this.#client
    const layout = this.#layout
    const observer = this.#observer
    const writer = new EtcdWriter({ client, layout, clock, seat, head, revision, patience: this.#timeout })
    const commits = new EtcdCommits({
      client,
      layout,
      writer,
      maxKeyBytes: this.maxKeyBytes,
      maxValueBytes: this.maxValueBytes,
      home: () => observer.show(writer.revision, writer.head),
    })
    await commits.recover()
    if (!seat.valid()) throw storageErrors.NOT_LEADER()
    observer.show(writer.revision, writer.head)
    const queue = new CommitQueue({
      sequence: head.sequence,
      limits: this,
      feed: this.#feed,
      open: this.#open,
      cut: (waiting) => commits.cut(waiting),
      write: (group) => commits.write(group),
      errorOf: storageErrorOf,
      // Where etcd takes less in one request than it does by default.
      splits: (error) => hasCode(error, status.INVALID_ARGUMENT),
      // What was seen before its write resolved is shown by whoever saw it.
      visible: (sequence) => {
        if (writer.head.sequence >= sequence) observer.show(writer.revision, writer.head)
      },
    })
    const compactor =
      this.#options.compact === false
        ? undefined
        : new EtcdCompactor({
            clock,
            log,
            newest: () => observer.state.revision,
            oldestOpen: () => this.#openRevisions.oldest(),
            compact: (at) => client.compact(at),
          })
    this.#role = { seat, writer, commits, queue, compactor }
  }

  async #drain(seat: Seat, error: CofferError): Promise<void> {
    const role = this.#role
    if (role?.seat !== seat) return
    await role.queue.close(error)
    await role.commits.drained()
  }

  #over(seat: Seat, reason: string): void {
    const role = this.#role
    if (role?.seat !== seat) return
    this.#role = undefined
    role.compactor?.stop()
    // It says so to those who still hold on to it; what is under way is refused by etcd.
    void role.queue.close(storageErrors.NOT_LEADER())
    if (this.#closing === undefined) this.#options.log.info('this process leads no more', { reason })
  }

  /** Leads from now on, also where etcd is away for longer than the lease lives; or throws who does. */
  async #takeLead(): Promise<void> {
    const { clock, path = 'coffer/' } = this.#options
    const identity = `process ${process.pid} on ${hostname()}`
    // The place of a process that died is free after this long, so whoever has it then is alive.
    const patience = AbortSignal.any([this.#stop.signal, after(clock, this.#lockTtl + 2000)])
    let leadership
    try {
      leadership = await this.#election.campaign(identity, patience)
    } catch (error) {
      if (!patience.aborted) throw error
      const leader = await this.#election.leader()
      if (leader === undefined) throw storageErrors.UNAVAILABLE(undefined, { cause: error })
      throw storageErrors.IN_USE({ path: `${path} in etcd`, holder: leader.identity })
    }
    void this.#leadAgain(identity, leadership.lost)
  }

  async #leadAgain(identity: string, lost: Promise<string>): Promise<void> {
    for (let over = lost; ;) {
      await over
      if (this.#closing !== undefined) return
      try {
        const leadership = await this.#election.campaign(identity, this.#stop.signal)
        this.#options.log.info('this process leads again')
        over = leadership.lost
      } catch {
        // Only closing ends a campaign.
        return
      }
    }
  }

  async #shutDown(): Promise<void> {
    this.#stop.abort(storageErrors.CLOSED())
    const role = this.#role
    if (role !== undefined) await this.#drain(role.seat, storageErrors.CLOSED())
    await this.#election.close()
    this.#reader.closed = true
    this.#observer.close()
    this.#client.close()
  }
}

/** Tells of no commit twice: one of this process's own may have been read from the log before its answer came. */
class OrderedFeed extends ChangeFeed {
  #last: Sequence = 0

  override publish(change: Change): void {
    if (change.sequence <= this.#last) return
    this.#last = change.sequence
    super.publish(change)
  }
}

function after(clock: Clock, ms: number): AbortSignal {
  const controller = new AbortController()
  clock.timer(ms, () => controller.abort())
  return controller.signal
}
