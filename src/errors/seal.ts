import { defineErrors } from './coffer-error.ts'

export const sealErrors = defineErrors('SEAL', {
  /** A share that cannot be one, or shares that do not open the vault. The reason never holds bytes of a share. */
  INVALID_KEY: { status: 400, message: (p: { reason: string }) => `invalid key: ${p.reason}` },
  WRONG_KEY: {
    status: 400,
    message:
      'unable to retrieve stored keys: invalid key: failed to decrypt keys from storage: cipher: message authentication failed',
  },
  NOT_A_KEY: { status: 400, message: "'key' must be a valid hex or base64 string" },
  INVALID_CONFIG: { status: 400, message: (p: { reason: string }) => `invalid seal configuration: ${p.reason}` },
  INVALID_RECOVERY_CONFIG: {
    status: 400,
    message: (p: { reason: string }) => `invalid recovery configuration: ${p.reason}`,
  },
  ALREADY_INITIALIZED: { status: 400, message: 'Vault is already initialized' },
  UNSEALED: { status: 400, message: 'vault is unsealed' },
  BAD_PGP_KEY: { status: 400, message: (p: { reason: string }) => p.reason },
  CORRUPT: { status: 500, message: (p: { what: string }) => `internal error: the stored ${p.what} cannot be read` },
  /** The key service did not do what it was asked to. The cause, for the log alone, says why. */
  UNAVAILABLE: {
    status: 503,
    message: (p: { type: string }) => `the key service of the ${p.type} seal failed: the server's log says why`,
  },
  /** The answer to the commit was lost, and the storage does not say what has become of it. */
  UNSETTLED: {
    status: 503,
    message:
      'the storage did not answer when the keys were replaced: keep the key shares from before and the new ones until one of them has opened the vault',
  },
  NO_RECOVERY_KEY: { status: 400, message: 'recovery rekeying not supported' },
  NO_MIGRATION: { status: 400, message: "can't perform a seal migration, no migration seal found" },
  MIGRATION_PENDING: { status: 400, message: 'migrate option not provided and seal migration is pending' },
  MIGRATING: { status: 503, message: 'cannot auto-unseal during seal migration' },
  /** The storage is of a seal that the configuration does not have. */
  NO_RETIRED_SEAL: {
    status: 500,
    message: (p: { from: string; to: string }) =>
      `cannot seal migrate from "${p.from}" to "${p.to}", no disabled seal in configuration`,
  },
  /** The server was to set itself up, and did not come to the end of it. */
  FIRST_START_FAILED: {
    status: 503,
    message:
      'the first start of this storage did not come to its end: unless another node is still at it, empty the storage, mend the initialize stanza and start the server again',
  },
  ROTATION_OPERATIONS: {
    status: 400,
    message: (p: { min: number; max: number }) => `max_operations must be in the range [${p.min},${p.max}]`,
  },
  ROTATION_INTERVAL: { status: 400, message: 'interval must be greater or equal to 24h0m0s' },
})
