/**
 * The store in PostgreSQL, which several nodes share. One of them leads: it finds conflicts in memory, as the embedded store does, and
 * the database lets nobody else's commits in. The others follow by a log of changes. Every version of a key is a row of its own, so a
 * snapshot is nothing but the number of a commit.
 *
 * For engines that speak PostgreSQL's protocol without being it, CockroachDB above all, what they may lack is left out where they refuse it: NOTIFY and LISTEN (nodes look every second), the
 * advisory lock and the transaction around making the tables, each setting of a session, the storage of a column, `pg_settings`. No
 * unlogged table, trigger or procedure is used, and a transaction that the engine asks to repeat (40001) is repeated. It needs
 * several-columned `unnest`, `LATERAL`, `DISTINCT ON`, writing CTEs, `UPDATE … FROM`, `DELETE … USING` and `SET LOCAL`. This was tested against PostgreSQL with those parts taken away, and has never been run on CockroachDB.
 */
import { hostname } from 'node:os'
import { storageErrors } from '../../errors/storage.ts'
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import { ChangeFeed } from '../change-feed.ts'
import type { Change, Driver, Election, Entry, ReadSet, Sequence, Snapshot, WriteSet } from '../driver.ts'
import { FRESH_FOR, Freshness } from '../freshness.ts'
import { OpenSnapshots } from '../open-snapshots.ts'
import { Connector } from './postgres-connection.ts'
import { PostgresElection } from './postgres-election.ts'
import { ErrorTranslator, isLacking } from './postgres-error.ts'
import { PostgresFollower } from './postgres-follower.ts'
import { PostgresCollector } from './postgres-gc.ts'
import { PostgresKeeper } from './postgres-keeper.ts'
import type { PostgresLease } from './postgres-lease.ts'
import { Link } from './postgres-link.ts'
import { PostgresListener } from './postgres-listener.ts'
import { PostgresNotices } from './postgres-notices.ts'
import { PostgresPins } from './postgres-pins.ts'
import { Pool } from './postgres-pool.ts'
import { PostgresReign } from './postgres-reign.ts'
import { ensureSchema } from './postgres-schema.ts'
import { PostgresSnapshot, type SnapshotSource } from './postgres-snapshot.ts'
import { type Tables, tablesOf } from './postgres-tables.ts'
import { parseConnectionUrl } from './postgres-url.ts'
import type { Position } from './postgres-writer.ts'

export interface PostgresOptions {
  /** As libpq takes it: `postgres://user:password@host:5432/database?sslmode=verify-full&sslrootcert=ca.pem`. */
  readonly connectionUrl: string
  /** By default `coffer_kv_store`. With a schema as `schema.table`. */
  readonly table?: string
  /** The table that names the leader. By default beside the others. */
  readonly haTable?: string
  /** Whether other nodes may lead too. Without, opening takes the store for this process. */
  readonly haEnabled?: boolean
  /** Connections for reads; there are up to three more. */
  readonly maxParallel?: number
  /** The operator has made the tables. */
  readonly skipCreateTable?: boolean
  /** Seconds after which a leader that says nothing is replaced. */
  readonly lockTtl?: number
  readonly maxValueBytes?: number
  readonly clock?: Clock
  readonly log?: Logger
  /** What another thread of this process has announced: snapshots show it. */
  readonly announced?: () => Sequence
  readonly timing?: Partial<PostgresTiming>
}

/** All in ms. */
export interface PostgresTiming {
  /** Bounds a statement. */
  readonly timeout: number
  /** Between looks for changes that were not told of. */
  readonly poll: number
  /** How long after it last knew the newest commit a node that follows still answers. */
  readonly freshFor: number
  /** How long versions stay that were superseded, for snapshots of other nodes. */
  readonly retention: number
  /** Between rounds of dropping old versions. */
  readonly collectEvery: number
  /** Snapshots open for longer are told of to the others. */
  readonly pinAfter: number
}

const TIMING: PostgresTiming = {
  timeout: 10_000,
  poll: 1000,
  freshFor: FRESH_FOR,
  retention: 600_000,
  collectEvery: 60_000,
  pinAfter: 60_000,
}
const MAX_KEY_BYTES = 1976

/**
 * Connects, makes the tables where they are absent, and without `haEnabled` takes the store for this process. Rejects with
 * `STORAGE_CANNOT_OPEN`, `STORAGE_IN_USE` or `STORAGE_UNAVAILABLE`.
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresDriver> {
  const driver = new PostgresDriver(options)
  try {
    await driver.start()
    return driver
  } catch (error) {
    await driver.close()
    throw error
  }
}

export class PostgresDriver implements Driver, SnapshotSource {
  readonly type = 'postgresql'
  readonly maxKeyBytes = MAX_KEY_BYTES
  readonly maxValueBytes: number
  readonly tables: Tables
  readonly reader: Pool
  readonly errors: ErrorTranslator
  readonly #options: PostgresOptions
  readonly #timing: PostgresTiming
  readonly #clock: Clock
  readonly #log: Logger | undefined
  readonly #connector: Connector
  readonly #leaseLink: Link
  readonly #feed = new ChangeFeed()
  readonly #open = new OpenSnapshots()
  readonly #snapshots = new Set<PostgresSnapshot>()
  readonly #freshness: Freshness
  readonly #follower: PostgresFollower
  readonly #listener: PostgresListener
  readonly #notices = new PostgresNotices()
  readonly #election: PostgresElection
  readonly #keeper: PostgresKeeper
  readonly #stop = new AbortController()
  #reign: PostgresReign | undefined
  /** The last look for changes failed. */
  #behind = false
  /** Holds the leadership for as long as the store is open, where no other node may. */
  #holding: Promise<void> | undefined
  #closing: Promise<void> | undefined

  /** `openPostgres` makes one that is ready. */
  constructor(options: PostgresOptions) {
    this.#options = options
    this.tables = tablesOf(options.table ?? 'coffer_kv_store', options.haTable)
    const settings = parseConnectionUrl(options.connectionUrl)
    this.maxValueBytes = options.maxValueBytes ?? 64 * 1024 * 1024
    const timing = (this.#timing = { ...TIMING, ...options.timing })
    const clock = (this.#clock = options.clock ?? systemClock)
    const log = (this.#log = options.log)
    const errors = (this.errors = new ErrorTranslator(settings.secrets))
    const connector = (this.#connector = new Connector({ settings, clock, timeout: timing.timeout }))
    const { tables } = this
    const notices = this.#notices
    const reader = (this.reader = new Pool(connector, options.maxParallel ?? 16))
    this.#leaseLink = new Link(connector)
    const freshness = (this.#freshness = new Freshness(clock, timing.freshFor))
    this.#follower = new PostgresFollower({ tables, reader, feed: this.#feed, freshness, clock, log, errors })
    this.#listener = new PostgresListener({ connector, tables, clock, log, errors, notices, poll: timing.poll })
    this.#election = new PostgresElection({
      connection: this.#leaseLink,
      reader,
      tables,
      clock,
      log,
      errors,
      listener: this.#listener,
      notices,
      closed: this.#stop.signal,
      ttl: (options.lockTtl ?? 10) * 1000,
      drain: () => this.#reign?.end() ?? Promise.resolve(),
      begin: (lease, position) => this.#begin(lease, position),
    })
    this.#keeper = new PostgresKeeper({
      pins: new PostgresPins(reader, tables),
      snapshots: this.#snapshots,
      clock,
      log,
      errors,
      pinAfter: timing.pinAfter,
    })
  }

  get election(): Election | undefined {
    return this.#options.haEnabled === true ? this.#election : undefined
  }

  get sequence(): Sequence {
    return this.#reign?.sequence ?? this.#follower.sequence
  }

  /** Who writes knows what it wrote; whether it still may, the leadership says. */
  get current(): boolean {
    return this.#reign !== undefined || this.#freshness.current
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  snapshot(): Snapshot | Promise<Snapshot> {
    if (this.closed) throw storageErrors.CLOSED()
    const announced = this.#options.announced?.() ?? 0
    return announced > this.sequence ? this.#snapshotOf(announced) : this.#take()
  }

  commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    if (this.closed) return Promise.reject(storageErrors.CLOSED())
    return this.#reign?.commit(reads, writes) ?? Promise.reject(storageErrors.NOT_LEADER())
  }

  replace(entries: AsyncIterable<readonly Entry[]>): Promise<Sequence> {
    if (this.closed) return Promise.reject(storageErrors.CLOSED())
    return this.#reign?.replace(entries) ?? Promise.reject(storageErrors.NOT_LEADER())
  }

  async reach(sequence: Sequence, ms: number): Promise<boolean> {
    if (sequence <= this.sequence || this.#reign !== undefined || this.closed) return sequence <= this.sequence
    return this.#follower.reach(sequence, ms)
  }

  subscribe(listener: (change: Change) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  /** Drops old versions now; returns how many. It happens by itself, while this node leads. */
  async collect(): Promise<number> {
    return (await this.#reign?.collect()) ?? 0
  }

  /** For `openPostgres`. */
  async start(): Promise<void> {
    const schema = new Link(this.#connector)
    try {
      await ensureSchema(schema, this.tables, { skipCreate: this.#options.skipCreateTable === true })
      await this.#notices.find(schema)
      await this.#warn(schema)
      await this.#follower.start()
      this.#listener.subscribe((notice) => {
        if (notice === 'changed') this.#follow()
      })
      this.#listener.start()
      this.#keeper.start()
      if (this.#options.haEnabled !== true) await this.#hold()
    } catch (error) {
      throw this.errors.translate(error)
    } finally {
      schema.close()
    }
  }

  async #hold(): Promise<void> {
    const identity = `process ${process.pid} on ${hostname()}`
    const lease = await this.#election.claim(identity)
    if (lease === undefined) {
      const { identity: holder = 'another process' } = (await this.#election.holder()) ?? {}
      throw storageErrors.IN_USE({ path: `PostgreSQL table ${this.tables.name}`, holder })
    }
    this.#holding = this.#holdOn(identity, lease)
  }

  async #holdOn(identity: string, first: PostgresLease): Promise<void> {
    const { signal } = this.#stop
    let lease = first
    while (!signal.aborted) {
      const reason = await lease.lost
      if (signal.aborted) return
      this.#log?.error('the storage is lost to writing, and asked for again', { reason })
      try {
        lease = await this.#election.campaign(identity, signal)
      } catch {
        return
      }
      this.#log?.info('the storage can be written again')
    }
  }

  async #begin(lease: PostgresLease, position: Position): Promise<void> {
    if (this.closed) throw storageErrors.CLOSED()
    // Its end takes as long as its commits under way.
    await this.#reign?.end()
    const sequence = await this.#follower.stand()
    if (sequence !== position.sequence || lease.over || this.closed) {
      this.#follower.resume(sequence)
      throw storageErrors.UNAVAILABLE(undefined, { cause: new Error('the leadership was lost while it began') })
    }
    const { tables, errors } = this
    const collector = new PostgresCollector({
      connection: this.reader,
      tables,
      log: this.#log,
      retention: this.#timing.retention,
      oldest: () => this.#open.oldest(),
    })
    const reign = new PostgresReign({
      lease,
      position,
      connector: this.#connector,
      tables,
      errors,
      notices: this.#notices,
      log: this.#log,
      limits: this,
      feed: this.#feed,
      open: this.#open,
      collector,
      collectEvery: this.#timing.collectEvery,
      ended: (last) => {
        this.#reign = undefined
        this.#follower.resume(last)
        this.#follow()
      },
    })
    this.#reign = reign
    // A leadership that was lost need not wait for its time to run out before another is asked for.
    void lease.lost.then(() => lease.release())
  }

  async #snapshotOf(sequence: Sequence): Promise<Snapshot> {
    const reached = await this.reach(sequence, this.#timing.timeout)
    if (this.closed) throw storageErrors.CLOSED()
    if (reached) return this.#take()
    throw storageErrors.UNAVAILABLE(undefined, { cause: new Error(`commit ${sequence} was not found in time`) })
  }

  #take(): PostgresSnapshot {
    const { sequence } = this
    const snapshot = new PostgresSnapshot(sequence, this.#clock.monotonic(), this, () => {
      this.#open.remove(sequence)
      this.#snapshots.delete(snapshot)
    })
    this.#open.add(sequence)
    this.#snapshots.add(snapshot)
    return snapshot
  }

  #follow(): void {
    if (this.closed) return
    this.#follower.catchUp().then(
      () => (this.#behind = false),
      (error: unknown) => {
        // Told once, and not at every look while the storage is away.
        const cause = this.errors.clean(error).message
        if (!this.#behind) this.#log?.warn('changes cannot be fetched; what this node shows grows old', { cause })
        this.#behind = true
      },
    )
  }

  async #warn(connection: Link): Promise<void> {
    const asked = connection.query<{ name: string }>({
      text: `SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'`,
    })
    const { rows } = await asked.catch((error: unknown) => {
      // What is not PostgreSQL has settings of its own.
      if (isLacking(error)) return { rows: [] }
      throw error
    })
    for (const { name } of rows) {
      this.#log?.warn('PostgreSQL is set up to lose what it has acknowledged when its machine crashes', {
        setting: name,
      })
    }
  }

  async #shutDown(): Promise<void> {
    this.#stop.abort(storageErrors.CLOSED())
    await this.#reign?.lease.release()
    await this.#holding
    await Promise.all([this.#listener.close(), this.#keeper.close()])
    this.#leaseLink.close()
    await this.reader.close()
  }
}
