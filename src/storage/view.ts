/** Scoped access to one transaction: what an engine sees of the storage. Keys are relative to the view's prefix. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Sequence } from './driver.ts'

export interface Page {
  /** Only names after this one, exclusive. For `keys`, a key as it gives them. */
  readonly after?: string
  /** At most this many; 0 gives none. */
  readonly limit?: number
}

export interface ReadView {
  /** The commit up to which this sees; caches filled from it name it. */
  readonly sequence: Sequence
  /** The decrypted value. Rejects with `STORAGE_TAMPERED` if the stored entry fails authentication. */
  get(key: string): Awaitable<Uint8Array | undefined>
  /**
   * Names directly below `prefix` (which is empty or ends with `/`), in byte order; a name that has more below it ends with `/`.
   * As in Vault, a name that is both is listed twice: `a` and `a/`.
   */
  list(prefix: string, page?: Page): Awaitable<string[]>
  /** Whole keys below `prefix`, however deep, relative to this view. */
  keys(prefix: string, page?: Page): Awaitable<string[]>
  sub(prefix: string): ReadView
}

/** Whether a view is one that writes: it may show what is not committed yet. */
export function isWriting(view: ReadView): view is WriteView {
  return 'onCommitted' in view
}

export interface WriteView extends ReadView {
  /** The bytes belong to the view from here on: the caller does not change them. Sizes are checked when it commits. */
  put(key: string, value: Uint8Array): void
  delete(key: string): void
  sub(prefix: string): WriteView
  /** Runs `hook` once this transaction's commit is visible, before its caller hears of it; never if it rolls back. */
  onCommitted(hook: (sequence: Sequence) => void): void
  /**
   * Runs `hook` once it is known that this transaction is not to be committed any more, or that its commit failed. `certain` is false
   * where nobody knows whether it was written all the same.
   */
  onRolledBack(hook: (certain: boolean) => void): void
}
