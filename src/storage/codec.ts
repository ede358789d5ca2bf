import type { Awaitable } from '../lib/awaitable.ts'

/** Turns values into what is stored and back, bound to the key under which they stand. The barrier is one. */
export interface Codec {
  /**
   * Called before `seal` is called this often for one commit: a codec that counts its encryptions makes room here, or changes
   * its key. `keys` are those of the entries. Rejects if it cannot; nothing is committed then.
   */
  reserve?(operations: number, keys: Iterable<string>): Awaitable<void>
  seal(key: string, plaintext: Uint8Array): Uint8Array
  /** Throws `STORAGE_TAMPERED` when the bytes were altered or belong to another key. */
  open(key: string, stored: Uint8Array): Uint8Array
}
