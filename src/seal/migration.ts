/** A vault moves from one seal to another: its root key stays, and is wrapped by the new seal. */
import { CofferError } from '../errors/coffer-error.ts'
import { sealErrors } from '../errors/seal.ts'
import { guardedBytes, type SecretBytes } from '../lib/secure/guarded.ts'
import type { ConfiguredSeals, Seal } from './seal.ts'
import { type SealRecords, sharesOf } from './seal-records.ts'
import { ShamirSeal } from './shamir-seal.ts'
import { RECOVERY_KEY_KEY, ROOT_KEY_KEY } from './storage-keys.ts'

/** Tells whether a vault is still to be moved, and from which seal. */
export class MigrationPlan {
  readonly #seals: ConfiguredSeals
  readonly #shamir = new ShamirSeal()
  /** Of the root key that was last looked at. */
  #opens: { readonly rootKey: Uint8Array; readonly bySeal: boolean } | undefined

  constructor(seals: ConfiguredSeals) {
    this.#seals = seals
  }

  /** The seal that holds the root key, where that is not yet the configured one. Throws `SEAL_NO_RETIRED_SEAL`. */
  async from({ config: { type }, rootKey }: SealRecords): Promise<Seal | undefined> {
    const { seal, retired } = this.#seals
    if (type === retired?.type && type === seal.type) return (await this.#sealOpens(rootKey)) ? undefined : retired
    if (type === seal.type) return undefined
    if (type === retired?.type) return retired
    if (type === ShamirSeal.type && retired === undefined) return this.#shamir
    throw sealErrors.NO_RETIRED_SEAL({ from: type, to: seal.type })
  }

  /** From one key of a service to another of the same kind: the storage does not say which of them it is by now. */
  async #sealOpens(rootKey: Uint8Array): Promise<boolean> {
    if (this.#opens !== undefined && Buffer.compare(this.#opens.rootKey, rootKey) === 0) return this.#opens.bySeal
    const { seal, retired } = this.#seals
    if (await opens(seal, rootKey)) {
      this.#opens = { rootKey, bySeal: true }
      return true
    }
    // Where neither can say, it is asked again next time.
    if (retired !== undefined && (await opens(retired, rootKey))) this.#opens = { rootKey, bySeal: false }
    return false
  }
}

async function opens(seal: Seal, rootKey: Uint8Array): Promise<boolean> {
  try {
    using key = await seal.unwrap(rootKey, ROOT_KEY_KEY)
    return !key.wiped
  } catch (error) {
    if (error instanceof CofferError) return false
    throw error
  }
}

/**
 * The records of the vault under the new seal. The key of which people hold shares stays: an unseal key becomes the recovery key, a
 * recovery key the unseal key, so that the same shares count.
 */
export async function recordsUnder(
  seal: Seal,
  records: SealRecords,
  keys: { readonly rootKey: SecretBytes; readonly shareKey: SecretBytes },
): Promise<SealRecords> {
  const numbers = sharesOf(records)
  if (seal instanceof ShamirSeal) {
    try {
      seal.provide(copyOf(keys.shareKey))
      const rootKey = await seal.wrap(keys.rootKey, ROOT_KEY_KEY)
      return { config: { type: seal.type, ...numbers }, recovery: undefined, rootKey, recoveryKey: undefined }
    } finally {
      seal.forget()
    }
  }
  return {
    config: { type: seal.type, shares: 1, threshold: 1 },
    recovery: { type: ShamirSeal.type, ...numbers },
    rootKey: await seal.wrap(keys.rootKey, ROOT_KEY_KEY),
    recoveryKey: await seal.wrap(keys.shareKey, RECOVERY_KEY_KEY),
  }
}

export function copyOf(key: SecretBytes): SecretBytes {
  const copy = guardedBytes(key.bytes.length)
  copy.change((bytes) => bytes.set(key.bytes))
  return copy
}
