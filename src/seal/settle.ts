/** What has become of a commit whose answer was lost. */
import { CofferError } from '../errors/coffer-error.ts'
import { sealErrors } from '../errors/seal.ts'
import type { Driver, ReadSet, WriteSet } from '../storage/driver.ts'
import { SETTLING_KEY } from './storage-keys.ts'

const NO_READS: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }

/**
 * Commits, and does not leave it open whether that was so: where the answer is lost the storage is asked, after another commit went
 * through, since one that was still under way is decided by then. `witness` is a key whose new value no other commit writes.
 * Rejects as a commit does; nothing was written then. With `SEAL_UNSETTLED` it is not known.
 */
export async function commitForSure(driver: Driver, reads: ReadSet, writes: WriteSet, witness: string): Promise<void> {
  try {
    await driver.commit(reads, writes)
  } catch (error) {
    if (!(error instanceof CofferError && error.code === 'STORAGE_UNAVAILABLE')) throw error
    if (!(await stands(driver, witness, writes.get(witness), error))) throw error
  }
}

async function stands(
  driver: Driver,
  witness: string,
  written: Uint8Array | undefined,
  cause: CofferError,
): Promise<boolean> {
  try {
    await driver.commit(NO_READS, new Map([[SETTLING_KEY, undefined]]))
    const stored = await storedNow(driver, witness)
    return stored !== undefined && written !== undefined && Buffer.compare(stored, written) === 0
  } catch {
    throw sealErrors.UNSETTLED(undefined, { cause })
  }
}

/** What stands outside the barrier. */
export async function storedNow(driver: Driver, key: string): Promise<Uint8Array | undefined> {
  const snapshot = await driver.snapshot()
  try {
    return await snapshot.get(key)
  } finally {
    snapshot.close()
  }
}
