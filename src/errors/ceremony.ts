import { defineErrors } from './coffer-error.ts'

/** Generating a root token, and replacing the keys that people hold, in Vault's sentences. */
export const ceremonyErrors = defineErrors('CEREMONY', {
  NO_KEY: { status: 400, message: "'key' must be specified in request body as JSON" },
  UNDER_WAY: { status: 400, message: (p: { what: string }) => `${p.what} already in progress` },
  NONE: { status: 400, message: (p: { what: string }) => `no ${p.what} in progress` },
  NONCE: {
    status: 400,
    message: (p: { what: string; nonce: string }) =>
      `incorrect nonce supplied; nonce for this ${p.what} operation is "${p.nonce}"`,
  },
  /** Whoever shows no token has to know which one it is. */
  CANCEL_NONCE: {
    status: 400,
    message: (p: { what: string }) => `the nonce of the ${p.what} operation must be given to cancel it`,
  },
  GIVEN: {
    status: 400,
    message: (p: { what: string }) => `given key has already been provided during this ${p.what} operation`,
  },
  OTP_LENGTH: { status: 400, message: 'OTP string has incorrect length' },
  OTP_AND_PGP: { status: 400, message: 'only one of otp or pgp_key may be given' },
  PGP_KEY: { status: 400, message: (p: { reason: string }) => `error parsing PGP key: ${p.reason}` },
  ROOT_ABORTED: { status: 400, message: (p: { reason: string }) => `root generation aborted: ${p.reason}` },
  NO_HOLDERS: { status: 400, message: 'there are no key shares: nobody could agree to it' },
  DECODE_EMPTY: { status: 400, message: "provided 'encoded_token' or 'otp' is empty" },
  DECODE_BASE64: { status: 400, message: "error decoding base64'd token: illegal base64 data" },
  DECODE_LENGTH: {
    status: 400,
    message: (p: { token: number; otp: number }) =>
      `error xoring token: length of byte slices is not equivalent: ${p.token} != ${p.otp}`,
  },
  BACKUP_WITHOUT_PGP: {
    status: 400,
    message: 'cannot request a backup of the new keys without providing PGP keys for encryption',
  },
  PGP_COUNT: { status: 400, message: 'incorrect number of PGP keys for rekey' },
  STORED_PGP: { status: 400, message: 'PGP key encryption not supported when using stored keys' },
  STORED_BACKUP: { status: 400, message: 'key backup not supported when using stored keys' },
  STORED_VERIFICATION: {
    status: 400,
    message: 'requiring verification not supported when rekeying the barrier key with recovery keys',
  },
  REKEY_CONFIG: { status: 400, message: (p: { reason: string }) => `invalid rekey seal configuration: ${p.reason}` },
  VERIFY_PENDING: {
    status: 400,
    message: (p: { nonce: string }) =>
      `rekey operation already finished; verification must be performed; nonce for the verification operation is "${p.nonce}"`,
  },
  NO_VERIFICATION: { status: 400, message: 'no rekey verification in progress' },
  VERIFICATION_FAILED: { status: 400, message: 'rekey verification failed; incorrect key shares supplied' },
  NO_BACKUP: { status: 400, message: 'no backed-up keys found' },
  NO_CONFIG: { status: 400, message: 'no rekey configuration found' },
  NEEDS_SHARES: {
    status: 400,
    message: 'a Shamir seal keeps the root key under its shares: start with rotate/root/init, and give them',
  },
})
