/**
 * What a place that keeps bytes must offer. A driver knows nothing of encryption, paths or secrets: it holds an ordered
 * map from key to value, shows it as it stood at one moment, and changes many keys at once or not at all.
 *
 * Keys are non-empty, well-formed strings, ordered by the bytes of their UTF-8 form (never by UTF-16 units). `maxKeyBytes`
 * is at least 1024. Bytes handed in or out belong to the receiver: nobody changes them afterwards.
 * Every driver runs `test/contract/driver.ts`.
 */
import type { Awaitable } from '../lib/awaitable.ts'

/** Number of a commit. It only grows; 0 is the empty store. A commit that failed leaves a gap. */
export type Sequence = number

export interface Range {
  /** Only keys that start with this. */
  readonly prefix: string
  /** Only keys after this one, exclusive. */
  readonly after?: string
  /** Only this key and those after it. With `after` too, both hold. */
  readonly from?: string
  /** At most this many; 0 gives none. */
  readonly limit?: number
}

/** A key and its value, as stored. */
export type Entry = readonly [key: string, value: Uint8Array]

/** The store as it stood after commit `sequence`. Must be closed: an open snapshot keeps old pages alive. */
export interface Snapshot {
  readonly sequence: Sequence
  /** A key that can never be stored (empty, too long) is absent, not an error. */
  get(key: string): Awaitable<Uint8Array | undefined>
  /** Keys of the range in order. */
  keys(range: Range): Awaitable<string[]>
  /** The same with their values: for copying all there is, page by page. */
  entries(range: Range): Awaitable<Entry[]>
  close(): void
}

/** What a transaction looked at, so that a commit can tell whether any of it has changed since. */
export interface ReadSet {
  readonly sequence: Sequence
  readonly keys: ReadonlySet<string>
  /** Prefixes that were listed: a key added or removed below one of them is a conflict (a changed one may be, too). */
  readonly prefixes: ReadonlySet<string>
}

/** New values by key; `undefined` deletes. */
export type WriteSet = ReadonlyMap<string, Uint8Array | undefined>

export interface Change {
  readonly sequence: Sequence
  readonly keys: readonly string[]
  /** Any key may have changed since the last one told of: the store was replaced, or what happened meanwhile is not known. */
  readonly reset?: true
}

/** Who leads, as the others see it. */
export interface Leader {
  /** Grows with each change of leadership. */
  readonly term: number
  /** What the leader said of itself when it campaigned; the driver only keeps it. */
  readonly identity: string
}

/** Held by the one node that may write. */
export interface Leadership {
  readonly term: number
  /** Resolves, with the reason for the log, once it is over or can no longer be vouched for. Never rejects. */
  readonly lost: Promise<string>
  /**
   * Monotonic time (ms, as `performance.now()`) up to which nobody else can have become the leader. A node that slept past it must
   * not answer from what it remembers.
   */
  readonly validUntil: number
  /** Gives it up, so that another gets it at once. Commits under way end first; later ones fail with `STORAGE_NOT_LEADER`. */
  release(): Promise<void>
}

/** How nodes that share the store agree on who writes. Every commit is conditional on the term that this gave (fencing). */
export interface Election {
  /** Waits until this node leads. Rejects with the signal's reason when aborted; rides out a storage that is away. */
  campaign(identity: string, signal: AbortSignal): Promise<Leadership>
  /** Undefined while nobody leads. Rejects with `STORAGE_UNAVAILABLE`. */
  leader(): Promise<Leader | undefined>
}

export interface Driver {
  readonly type: string
  readonly maxKeyBytes: number
  readonly maxValueBytes: number
  /** The newest commit that was announced to the subscribers; no snapshot handed out so far is newer. */
  readonly sequence: Sequence
  /**
   * Whether this driver heard of the newest state a short while ago; one that is cut off from what it follows does not answer from
   * what it remembers. Always so of one that nobody else writes to.
   */
  readonly current: boolean
  /** Where several nodes share the store. With it only the leader commits; the others follow and read. */
  readonly election: Election | undefined
  snapshot(): Awaitable<Snapshot>
  /**
   * Applies all of `writes` or nothing, unless something in `reads` changed after `reads.sequence`. The snapshot that the
   * read set came from may be closed as soon as this returned its promise.
   * Resolves once the change survives a power cut and every snapshot taken from now on shows it.
   * Rejects with `STORAGE_CONFLICT` when the read set is stale (the caller reruns; a snapshot taken then shows what it
   * conflicted with), `STORAGE_FULL`, `STORAGE_CLOSED`, `STORAGE_NOT_LEADER`, `STORAGE_KEY_INVALID`, `STORAGE_KEY_TOO_LONG` or
   * `STORAGE_VALUE_TOO_LARGE`; nothing was written then. With `STORAGE_UNAVAILABLE` it is not known of a store behind a network: the
   * answer may have been lost.
   */
  commit(reads: ReadSet, writes: WriteSet): Promise<Sequence>
  /**
   * In place of all that is stored, these, all or nothing, in one commit that is told of as a reset. What was committed with a read
   * set from before conflicts. The entries come in any order, each key once. Rejects as `commit` does, or with what the iteration
   * throws; nothing has changed then.
   */
  replace(entries: AsyncIterable<readonly Entry[]>): Promise<Sequence>
  /**
   * Whether snapshots taken from now on show commit `sequence`, after waiting up to `ms` for it. Of a driver that is the only
   * writer this is so at once.
   */
  reach(sequence: Sequence, ms: number): Promise<boolean>
  /**
   * Calls `listener` for every commit, in order, before that commit's promise resolves and before a snapshot that shows it is
   * handed out. Returns the function that stops it. A listener is quick and does not throw.
   */
  subscribe(listener: (change: Change) => void): () => void
  /** Waits for commits under way; open snapshots and later calls fail with `STORAGE_CLOSED`. */
  close(): Promise<void>
}
