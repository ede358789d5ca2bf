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
  /** Encrypts the root key for storage. */
  wrap(rootKey: SecretBytes): Promise<Uint8Array>
  /** Throws `SEAL_WRONG_KEY` where this is not what wrapped it. */
  unwrap(wrapped: Uint8Array): Promise<SecretBytes>
}
