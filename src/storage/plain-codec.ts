import type { Codec } from './codec.ts'

/** Stores values as they are: for what is public by nature, and for tests of the storage alone. */
export const plainCodec: Codec = Object.freeze({
  seal: (_key: string, plaintext: Uint8Array) => plaintext,
  open: (_key: string, stored: Uint8Array) => stored,
})
