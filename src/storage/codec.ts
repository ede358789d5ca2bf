/** Turns values into what is stored and back, bound to the key under which they stand. The barrier is one. */
export interface Codec {
  seal(key: string, plaintext: Uint8Array): Uint8Array
  /** Throws `STORAGE_TAMPERED` when the bytes were altered or belong to another key. */
  open(key: string, stored: Uint8Array): Uint8Array
}
