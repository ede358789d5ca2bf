/** What is stored of the seal once other shares, or another root key, are in place. */
import { sealErrors } from '../errors/seal.ts'
import type { SecretBytes } from '../lib/secure/guarded.ts'
import type { WriteSet } from '../storage/driver.ts'
import { copyOf } from './migration.ts'
import type { Seal } from './seal.ts'
import { encodeSealConfig } from './seal-config.ts'
import type { SealRecords } from './seal-records.ts'
import { ShamirSeal } from './shamir-seal.ts'
import {
  RECOVERY_BACKUP_KEY,
  RECOVERY_CONFIG_KEY,
  RECOVERY_KEY_KEY,
  ROOT_KEY_KEY,
  SEAL_CONFIG_KEY,
  UNSEAL_BACKUP_KEY,
} from './storage-keys.ts'

/** The key that people hold in shares from now on. */
export interface NewShares {
  readonly shares: number
  readonly threshold: number
  readonly key: SecretBytes
  /** The shares as their holders got them, where they are to be kept. */
  readonly backup: Uint8Array | undefined
}

/**
 * `root`: another root key and, of a Shamir seal, other shares of another unseal key. A seal that opens by itself has no shares for it.
 * `recovery`: other shares of another recovery key.
 */
export type Change =
  | { readonly target: 'root'; readonly shares: NewShares | undefined }
  | { readonly target: 'recovery'; readonly shares: NewShares }

/** Rejects with `SEAL_NO_RECOVERY_KEY` or what the seal rejects with. */
export async function recordsWith(
  seal: Seal,
  records: SealRecords,
  change: Change,
  rootKey: SecretBytes | undefined,
): Promise<{ readonly writes: WriteSet }> {
  const writes = new Map<string, Uint8Array | undefined>()
  const { shares } = change
  if (change.target === 'recovery') {
    if (!seal.autoUnseal) throw sealErrors.NO_RECOVERY_KEY()
    const { key, ...numbers } = change.shares
    writes.set(RECOVERY_CONFIG_KEY, encodeSealConfig({ type: ShamirSeal.type, ...numbers }))
    writes.set(RECOVERY_KEY_KEY, await seal.wrap(key, RECOVERY_KEY_KEY))
  } else if (rootKey !== undefined && seal instanceof ShamirSeal) {
    if (shares === undefined) throw new Error('a Shamir seal has shares')
    const { key, ...numbers } = shares
    writes.set(SEAL_CONFIG_KEY, encodeSealConfig({ type: records.config.type, ...numbers }))
    writes.set(ROOT_KEY_KEY, await wrapWith(key, rootKey))
  } else if (rootKey !== undefined) writes.set(ROOT_KEY_KEY, await seal.wrap(rootKey, ROOT_KEY_KEY))
  if (shares?.backup !== undefined)
    writes.set(change.target === 'root' ? UNSEAL_BACKUP_KEY : RECOVERY_BACKUP_KEY, shares.backup)
  return { writes }
}

async function wrapWith(shareKey: SecretBytes, rootKey: SecretBytes): Promise<Uint8Array> {
  const seal = new ShamirSeal()
  try {
    seal.provide(copyOf(shareKey))
    return await seal.wrap(rootKey, ROOT_KEY_KEY)
  } finally {
    seal.forget()
  }
}
