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

/** The store as it stood after commit `sequence`. Must be closed: an open snapshot keeps old pages alive. */
export interface Snapshot {
  readonly sequence: Sequence
  /** A key that can never be stored (empty, too long) is absent, not an error. */
  get(key: string): Awaitable<Uint8Array | undefined>
  /** Keys of the range in order. */
  keys(range: Range): Awaitable<string[]>
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
}

export interface Driver {
  readonly type: string
  readonly maxKeyBytes: number
  readonly maxValueBytes: number
  /** The newest commit that was announced to the subscribers; no snapshot handed out so far is newer. */
  readonly sequence: Sequence
  snapshot(): Awaitable<Snapshot>
  /**
   * Applies all of `writes` or nothing, unless something in `reads` changed after `reads.sequence`. The snapshot that the
   * read set came from may be closed as soon as this returned its promise.
   * Resolves once the change survives a power cut and every snapshot taken from now on shows it.
   * Rejects with `STORAGE_CONFLICT` when the read set is stale (the caller reruns; a snapshot taken then shows what it
   * conflicted with), `STORAGE_FULL`, `STORAGE_UNAVAILABLE`, `STORAGE_CLOSED`, `STORAGE_KEY_INVALID`, `STORAGE_KEY_TOO_LONG`
   * or `STORAGE_VALUE_TOO_LARGE`; nothing was written then.
   */
  commit(reads: ReadSet, writes: WriteSet): Promise<Sequence>
  /**
   * Calls `listener` for every commit, in order, before that commit's promise resolves and before a snapshot that shows it is
   * handed out. Returns the function that stops it. A listener is quick and does not throw.
   */
  subscribe(listener: (change: Change) => void): () => void
  /** Waits for commits under way; open snapshots and later calls fail with `STORAGE_CLOSED`. */
  close(): Promise<void>
}
