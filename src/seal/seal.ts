/**
 * What keeps the root key while the vault is sealed. With Shamir's sharing that is a key which the operators hold in pieces; an
 * auto-unseal seal asks a key service, and its operators hold recovery shares, which open nothing.
 */
import type { SecretBytes } from '../lib/secure/guarded.ts'

export interface Seal {
  /** As in `sys/seal-status`: `shamir`, `awskms`, … */
  readonly type: string
  /** Whether the vault opens without its operators. */
  readonly autoUnseal: boolean
  /** Encrypts a key for storage, bound to the storage key it stands under. Throws `SEAL_UNAVAILABLE`. */
  wrap(key: SecretBytes, storageKey: string): Promise<Uint8Array>
  /** Throws `SEAL_WRONG_KEY` where this is not what wrapped it, `SEAL_CORRUPT` or `SEAL_UNAVAILABLE`. */
  unwrap(wrapped: Uint8Array, storageKey: string): Promise<SecretBytes>
}

/** The seal in use and, while a vault moves from one to another, the one it moves from. */
export interface ConfiguredSeals {
  readonly seal: Seal
  /** The one that the configuration marks as disabled. */
  readonly retired?: Seal
}
