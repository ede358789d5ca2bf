/** The making of a seal's first keys, and of the shares that people get. */
import { sealErrors } from '../errors/seal.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import { randomSecret, type SecretBytes, wipe } from '../lib/secure/guarded.ts'
import type { Store, Transaction } from '../storage/store.ts'
import type { Barrier } from './barrier.ts'
import { KEY_BYTES } from './envelope.ts'
import { recordsUnder } from './migration.ts'
import { encryptShares, type PgpRecipient, readPgpKey } from './pgp.ts'
import type { Seal } from './seal.ts'
import { checkRecoveryNumbers, checkShareNumbers } from './seal-config.ts'
import { readSealRecords, type SealRecords, writeSealRecords } from './seal-records.ts'
import { split } from './shamir.ts'
import { ShamirSeal } from './shamir-seal.ts'
import { KEYRING_KEY } from './storage-keys.ts'

/** Of the shares that people get: of the unseal key or, of a seal that opens by itself, of the recovery key. */
export interface InitializeRequest {
  readonly shares: number
  readonly threshold: number
  /** One for each share: public keys in base64. */
  readonly pgpKeys?: readonly string[]
}

export interface Initialized<T> {
  /** Each in memory of its own, for the caller to encode and wipe. PGP messages where keys were given. */
  readonly shares: readonly Uint8Array[]
  readonly result: T
}

export interface KeyParts {
  readonly store: Store
  readonly barrier: Barrier
  readonly seal: Seal
  /** The folder of the namespace whose seal it is; empty for the vault's. */
  readonly home: string
}

export interface FirstKeys<T> {
  readonly request: InitializeRequest
  readonly recipients: readonly PgpRecipient[]
  /** Writes what else a new vault has, in the same commit. */
  readonly populate: (transaction: Transaction) => Awaitable<T>
}

/** Throws `SEAL_INVALID_CONFIG` or `SEAL_INVALID_RECOVERY_CONFIG`. */
export async function recipientsOf(
  { shares, threshold, pgpKeys }: InitializeRequest,
  { autoUnseal }: Seal,
): Promise<readonly PgpRecipient[]> {
  const refusal = autoUnseal ? sealErrors.INVALID_RECOVERY_CONFIG : sealErrors.INVALID_CONFIG
  if (autoUnseal) checkRecoveryNumbers(shares, threshold, pgpKeys?.length)
  else checkShareNumbers(shares, threshold, pgpKeys?.length)
  const asConfigError = (error: unknown): never => {
    throw error instanceof Error ? refusal({ reason: error.message }, { cause: error }) : error
  }
  return await Promise.all((pgpKeys ?? []).map((key) => readPgpKey(key).catch(asConfigError)))
}

/** All in one commit: a crash leaves no keys, or all of them. The barrier is shut afterwards. */
export async function createKeys<T>(
  { request, recipients, populate }: FirstKeys<T>,
  parts: KeyParts,
): Promise<Initialized<T>> {
  const rootKey = randomSecret(KEY_BYTES)
  using shareKey = randomSecret(KEY_BYTES)
  const shares = request.shares === 0 ? [] : split(shareKey.bytes, request.shares, request.threshold)
  try {
    // Before the transaction begins, which is not kept waiting for a key service.
    const records = await firstRecords(request, parts.seal, { rootKey, shareKey })
    parts.barrier.create(rootKey)
    return await writeFirst(records, parts, async (transaction) => {
      const result = await populate(transaction)
      return { shares: recipients.length === 0 ? shares : await encryptShares(shares, recipients), result }
    })
  } catch (error) {
    for (const share of shares) wipe(share)
    throw error
  } finally {
    parts.barrier.discard()
    rootKey.wipe()
  }
}

async function firstRecords(
  { shares, threshold }: InitializeRequest,
  seal: Seal,
  keys: { readonly rootKey: SecretBytes; readonly shareKey: SecretBytes },
): Promise<SealRecords> {
  const none = { config: { type: ShamirSeal.type, shares, threshold }, recovery: undefined, recoveryKey: undefined }
  const records = await recordsUnder(seal, { ...none, rootKey: new Uint8Array(0) }, keys)
  return shares === 0 ? { ...records, recoveryKey: undefined } : records
}

/** Commits the keys and what `fill` adds, if it does not throw. */
async function writeFirst<T>(
  records: SealRecords,
  { store, barrier, home }: KeyParts,
  fill: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const transaction = await store.begin()
  try {
    // Read, so that another server that initialises the same storage in this moment makes the commit fail.
    if ((await readSealRecords(transaction.sub(home))) !== undefined) throw sealErrors.ALREADY_INITIALIZED()
    writeSealRecords(transaction.sub(home), records)
    transaction.put(home + KEYRING_KEY, barrier.storedKeyring())
    const filled = await fill(transaction)
    await transaction.commit()
    return filled
  } finally {
    transaction.discard()
  }
}
