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
  ALREADY_INITIALIZED: { status: 400, message: 'Vault is already initialized' },
  UNSEALED: { status: 400, message: 'vault is unsealed' },
  BAD_PGP_KEY: { status: 400, message: (p: { reason: string }) => p.reason },
  CORRUPT: { status: 500, message: (p: { what: string }) => `internal error: the stored ${p.what} cannot be read` },
  ROTATION_OPERATIONS: {
    status: 400,
    message: (p: { min: number; max: number }) => `max_operations must be in the range [${p.min},${p.max}]`,
  },
  ROTATION_INTERVAL: { status: 400, message: 'interval must be greater or equal to 24h0m0s' },
})
