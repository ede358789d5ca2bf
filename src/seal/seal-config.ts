/** How many shares there are and how many open the vault. Stored in clear, since it must be read while sealed. */
import { sealErrors } from '../errors/seal.ts'

export interface SealConfig {
  /** The seal's type. A vault opens only with the type it was initialised with, or was moved to. */
  readonly type: string
  readonly shares: number
  readonly threshold: number
}

/** Throws `SEAL_INVALID_CONFIG` with Vault's sentences. */
export function checkShareNumbers(shares: number, threshold: number, pgpKeys: number | undefined): void {
  const reason = problemOf(shares, threshold) ?? mismatchOf(shares, pgpKeys)
  if (reason !== undefined) throw sealErrors.INVALID_CONFIG({ reason })
}

/** As `checkShareNumbers`, of recovery shares: there may be none. Throws `SEAL_INVALID_RECOVERY_CONFIG`. */
export function checkRecoveryNumbers(shares: number, threshold: number, pgpKeys: number | undefined): void {
  const none = shares === 0 && threshold === 0
  const reason =
    shares === 0 && threshold > 0
      ? 'threshold cannot be larger than shares'
      : ((none ? undefined : problemOf(shares, threshold)) ?? mismatchOf(shares, pgpKeys))
  if (reason !== undefined) throw sealErrors.INVALID_RECOVERY_CONFIG({ reason })
}

function mismatchOf(shares: number, pgpKeys: number | undefined): string | undefined {
  if (pgpKeys === undefined || pgpKeys === 0 || pgpKeys === shares) return undefined
  return 'count mismatch between number of provided PGP keys and number of shares'
}

function problemOf(shares: number, threshold: number): string | undefined {
  if (!(shares >= 1)) return 'shares must be at least one'
  if (!(threshold >= 1)) return 'threshold must be at least one'
  if (shares > 1 && threshold < 2) return 'threshold must be greater than one for multiple shares'
  if (shares > 255) return 'shares must be less than 256'
  if (threshold > 255) return 'threshold must be less than 256'
  if (threshold > shares) return 'threshold cannot be larger than shares'
  return undefined
}

export function encodeSealConfig(config: SealConfig): Uint8Array {
  return Buffer.from(
    JSON.stringify({ type: config.type, secret_shares: config.shares, secret_threshold: config.threshold }),
  )
}

/** Throws `SEAL_CORRUPT`. `check` is the one for what it holds. */
export function decodeSealConfig(stored: Uint8Array, check: typeof checkShareNumbers = checkShareNumbers): SealConfig {
  try {
    const config = configOf(JSON.parse(new TextDecoder().decode(stored)))
    check(config.shares, config.threshold, undefined)
    return config
  } catch (error) {
    throw sealErrors.CORRUPT({ what: 'seal configuration' }, { cause: error })
  }
}

function configOf(value: unknown): SealConfig {
  if (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    'secret_shares' in value &&
    'secret_threshold' in value
  ) {
    const { type, secret_shares: shares, secret_threshold: threshold } = value
    if (typeof type === 'string' && typeof shares === 'number' && typeof threshold === 'number')
      return { type, shares, threshold }
  }
  throw new Error('members are missing')
}
