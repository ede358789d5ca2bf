/** Shares that are kept as their holders got them: encrypted, so that they stand outside the barrier and are of use when it is shut. */
import { sealErrors } from '../errors/seal.ts'
import type { KeyBackup } from '../request/ceremony-ports.ts'
import type { PgpRecipient } from './pgp.ts'

/** As Vault stores it. A key may have got more than one of the shares. */
export function encodeBackup(
  nonce: string,
  recipients: readonly PgpRecipient[],
  shares: readonly Uint8Array[],
): Uint8Array {
  const keys = new Map<string, string[]>()
  for (const [i, share] of shares.entries()) {
    const fingerprint = recipients[i]?.fingerprint ?? ''
    keys.set(fingerprint, [...(keys.get(fingerprint) ?? []), Buffer.from(share).toString('hex')])
  }
  return Buffer.from(JSON.stringify({ nonce, keys: Object.fromEntries(keys) }))
}

/** Throws `SEAL_CORRUPT`. */
export function decodeBackup(stored: Uint8Array): KeyBackup {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(stored))
    if (typeof value !== 'object' || value === null || !('nonce' in value) || !('keys' in value))
      throw new Error('members are missing')
    const { nonce, keys } = value
    if (typeof keys !== 'object' || keys === null) throw new Error('not a list of keys')
    return { nonce: textOf(nonce), keys: new Map(Object.entries(keys).map(([name, list]) => [name, textsOf(list)])) }
  } catch (error) {
    throw sealErrors.CORRUPT({ what: 'backup of the key shares' }, { cause: error })
  }
}

function textsOf(list: unknown): readonly string[] {
  if (!Array.isArray(list)) throw new Error('not a list')
  const items: readonly unknown[] = list
  return items.map(textOf)
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new Error('not a string')
  return value
}
