/** What snapshots need of the vault that they are of. */
import type { EntryReader } from '../request/entry-reader.ts'

export interface Vault {
  /** Undefined while sealed. */
  identity(): { readonly id: string; readonly name: string } | undefined
  /** Storage keys of the entries that open the vault and are not encrypted by its barrier. */
  readonly outside: ReadonlySet<string>
  /** Those of them without which there is no vault. */
  readonly essential: ReadonlySet<string>
  /** As in `sys/seal-status`. */
  readonly sealType: string
  /** The type of seal that a stored configuration is of. Throws `SEAL_CORRUPT`. */
  sealTypeOf(outside: ReadonlyMap<string, Uint8Array>): string
  /** Encrypts and authenticates checksums, so that only this vault can have done it. */
  attest(sums: Uint8Array): Uint8Array
  confirms(sums: Uint8Array, attested: Uint8Array): boolean
  /** Opens entries of an earlier state by what stood outside the barrier then; undefined where this vault's root key does not open it. */
  readerOf(outside: ReadonlyMap<string, Uint8Array>): EntryReader | undefined
  /** Stops the server around `work`, and starts it on what is stored then. Rejects as `work` does. */
  replaceAll(work: () => Promise<unknown>): Promise<void>
}
