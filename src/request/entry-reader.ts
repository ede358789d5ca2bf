/** Decrypts entries that do not stand in the store. */
export interface EntryReader {
  /** Throws `STORAGE_TAMPERED`. */
  open(storageKey: string, stored: Uint8Array): Uint8Array
  /** Wipes its keys. */
  close(): void
}
