/** What the shares that people hold prove, by the key that they make together. */
import { sealErrors } from '../errors/seal.ts'
import { guard, type SecretBytes } from '../lib/secure/guarded.ts'
import { copyOf } from './migration.ts'
import { verifyRecoveryKey } from './recovery-key.ts'
import type { Seal } from './seal.ts'
import type { SealRecords } from './seal-records.ts'
import { combine } from './shamir.ts'
import { ShamirSeal } from './shamir-seal.ts'
import { MAX_SHARE_BYTES, MIN_SHARE_BYTES } from './share-text.ts'
import { ROOT_KEY_KEY } from './storage-keys.ts'

/** Proved by the key of which people hold shares. Throws `SEAL_INVALID_KEY`, `SEAL_WRONG_KEY` or what the seal throws. */
export async function rootKeyOf(holder: Seal, records: SealRecords, shareKey: SecretBytes): Promise<SecretBytes> {
  if (!(holder instanceof ShamirSeal)) {
    await verifyRecoveryKey(holder, records, shareKey)
    return await holder.unwrap(records.rootKey, ROOT_KEY_KEY)
  }
  try {
    holder.provide(copyOf(shareKey))
    return await holder.unwrap(records.rootKey, ROOT_KEY_KEY)
  } finally {
    holder.forget()
  }
}

/** Opens nothing, and wipes none of the shares. Throws `SEAL_INVALID_KEY`, `SEAL_WRONG_KEY` or what the seal throws. */
export async function assertEnough(shares: readonly Uint8Array[], holder: Seal, records: SealRecords): Promise<void> {
  using key = guard(combine(shares))
  if (!(holder instanceof ShamirSeal)) return await verifyRecoveryKey(holder, records, key)
  const rootKey = await rootKeyOf(new ShamirSeal(), records, key)
  rootKey.wipe()
}

/** Throws `SEAL_INVALID_KEY`. */
export function checkLength(share: Uint8Array): void {
  if (share.length < MIN_SHARE_BYTES) {
    throw sealErrors.INVALID_KEY({ reason: `key is shorter than minimum ${MIN_SHARE_BYTES} bytes` })
  }
  if (share.length > MAX_SHARE_BYTES) {
    throw sealErrors.INVALID_KEY({ reason: `key is longer than maximum ${MAX_SHARE_BYTES} bytes` })
  }
}
