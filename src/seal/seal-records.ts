/** What the storage keeps of the seal, outside the barrier: read and written as one. */
import { requestErrors } from '../errors/request.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { checkRecoveryNumbers, decodeSealConfig, encodeSealConfig, type SealConfig } from './seal-config.ts'
import { ShamirSeal } from './shamir-seal.ts'
import { RECOVERY_CONFIG_KEY, RECOVERY_KEY_KEY, ROOT_KEY_KEY, SEAL_CONFIG_KEY } from './storage-keys.ts'

export interface SealRecords {
  readonly config: SealConfig
  /** Of a seal that opens by itself. */
  readonly recovery: SealConfig | undefined
  /** Encrypted by the seal. */
  readonly rootKey: Uint8Array
  /** Encrypted by a seal that opens by itself, if there are recovery shares. */
  readonly recoveryKey: Uint8Array | undefined
}

/** Undefined where there is no vault. Throws `SEAL_CORRUPT`. */
export async function readSealRecords(view: ReadView): Promise<SealRecords | undefined> {
  const config = await view.get(SEAL_CONFIG_KEY)
  if (config === undefined) return undefined
  const recovery = await view.get(RECOVERY_CONFIG_KEY)
  const rootKey = await view.get(ROOT_KEY_KEY)
  if (rootKey === undefined) throw requestErrors.NOT_INITIALIZED()
  return {
    config: decodeSealConfig(config),
    recovery: recovery === undefined ? undefined : decodeSealConfig(recovery, checkRecoveryNumbers),
    rootKey,
    recoveryKey: await view.get(RECOVERY_KEY_KEY),
  }
}

/** Puts these in place of whatever was there. */
export function writeSealRecords(view: WriteView, records: SealRecords): void {
  view.put(SEAL_CONFIG_KEY, encodeSealConfig(records.config))
  view.put(ROOT_KEY_KEY, records.rootKey)
  if (records.recovery === undefined) view.delete(RECOVERY_CONFIG_KEY)
  else view.put(RECOVERY_CONFIG_KEY, encodeSealConfig(records.recovery))
  if (records.recoveryKey === undefined) view.delete(RECOVERY_KEY_KEY)
  else view.put(RECOVERY_KEY_KEY, records.recoveryKey)
}

/** The numbers of the shares that people hold: of the unseal key, or of the recovery key. */
export function sharesOf(records: SealRecords): { readonly shares: number; readonly threshold: number } {
  if (records.config.type === ShamirSeal.type) return records.config
  return records.recovery ?? { shares: 0, threshold: 0 }
}

/** Whether nobody has put another root key, or the same one under another seal, in place of this. */
export async function areCurrent(view: ReadView, records: SealRecords): Promise<boolean> {
  const stored = await view.get(ROOT_KEY_KEY)
  return stored !== undefined && Buffer.compare(stored, records.rootKey) === 0
}
