/** What a handler is given. Clock, randomness, log and abort come from here, so that tests need none of the real ones. */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Caller } from '../request/caller.ts'
import type { Emit } from '../request/event-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { Operation } from '../request/operation.ts'
import type { LeaseLimits } from '../request/ports.ts'
import type { Request } from '../request/request.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

/**
 * Transactions of one's own over the mount's storage, beside that of the request. For what must be stored before something is done in
 * another system, so that a crash in between can be undone; for all else there is the request's own.
 */
export interface Apart {
  read<T>(fn: (view: ReadView) => Awaitable<T>): Promise<T>
  /**
   * `fn` is run again when what it read has changed meanwhile. Rejects where the mount went, or this core may not write. What it emits
   * leaves when this transaction has committed.
   */
  write<T>(fn: (view: WriteView, emit: Emit) => Awaitable<T>): Promise<T>
}

/** Parts of the context that don't depend on the path's declaration. */
export interface CallContext {
  readonly request: Request
  /** Create or update is decided by the time a handler runs. */
  readonly operation: Operation
  readonly mount: Mount
  /** Relative to the mount. */
  readonly path: string
  /** Who asks; undefined on unauthenticated paths. */
  readonly caller: Caller | undefined
  /** The verdict said that the caller may use paths that need sudo. */
  readonly sudo: boolean
  readonly limits: LeaseLimits
  readonly clock: Clock
  readonly log: Logger
  readonly apart: Apart
  /** Tells of what the operation does, once its transaction has committed. Only an operation that writes has anything to tell. */
  readonly emit: Emit
  /** Adds a sentence to the reply's `warnings`. */
  warn(sentence: string): void
}

/** What the dispatcher hands to a path: the context, inputs still unparsed, and the transaction's views. */
export interface Call extends CallContext {
  readonly params: ReadonlyMap<string, string>
  readonly view: ReadView
  /** The mount's storage for writing; undefined in an operation that declared `tx: 'read'`. */
  readonly writeView: WriteView | undefined
}
