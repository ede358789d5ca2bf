/** Scoped access to one transaction: what an engine sees of the storage. Keys are relative to the view's prefix. */
import type { Awaitable } from '../lib/awaitable.ts'

export interface Page {
  /** Only names after this one, exclusive. */
  readonly after?: string
  readonly limit?: number
}

export interface ReadView {
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

export interface WriteView extends ReadView {
  put(key: string, value: Uint8Array): void
  delete(key: string): void
  sub(prefix: string): WriteView
}
