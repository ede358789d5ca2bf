/** The key whose shares the operators of a seal hold that opens by itself. It opens nothing: it shows that they agree. */
import { sealErrors } from '../errors/seal.ts'
import { type SecretBytes } from '../lib/secure/guarded.ts'
import { secretsEqual } from '../lib/secure/equal.ts'
import type { Seal } from './seal.ts'
import type { SealRecords } from './seal-records.ts'
import { RECOVERY_KEY_KEY } from './storage-keys.ts'

/** Throws `SEAL_INVALID_KEY` unless `key` is the recovery key; or what the seal throws. */
export async function verifyRecoveryKey(seal: Seal, records: SealRecords, key: SecretBytes): Promise<void> {
  if (records.recoveryKey === undefined) throw wrong('no recovery key found')
  using stored = await seal.unwrap(records.recoveryKey, RECOVERY_KEY_KEY)
  if (!secretsEqual(stored.bytes, key.bytes)) throw wrong('recovery key does not match submitted values')
}

function wrong(reason: string) {
  return sealErrors.INVALID_KEY({ reason: `failed to verify recovery key: ${reason}` })
}
